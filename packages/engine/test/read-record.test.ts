import { describe, expect, test } from 'vitest'
import { createBody } from '../src/api/bodies.ts'
import { NEW_STATE } from '../src/containers/model.ts'
import { endpointSettings } from '../src/networks/endpoint.ts'
import { readRecord, readState } from '../src/recovery/read-record.ts'
import { FULL_BODY } from './support/trace.ts'

const id = 'a'.repeat(64)
const { HostConfig, NetworkingConfig: _, MacAddress: _mac, ...Config } = createBody.parse(JSON.parse(FULL_BODY))
const record = {
  id,
  name: 'n',
  created: '2026-01-02T03:04:05.123456789Z',
  imageId: `sha256:${id}`,
  chain: [`sha256:${id}`],
  config: Config,
  hostConfig: HostConfig,
  mounts: [{ type: 'bind', source: '/a', destination: '/b', readOnly: true, mode: '', propagation: 'rprivate' }],
  networks: { tnet: endpointSettings.parse({ Aliases: ['al'], IPAMConfig: { IPv4Address: '10.77.0.10' } }) },
}

describe('config.json', () => {
  test('comes back as it was written', () => expect(readRecord(JSON.stringify(record), id)).toEqual(record))
  test('of an older daemon, without fields that came later, has their zero values', () => {
    const { hostConfig } = readRecord(JSON.stringify({ ...record, hostConfig: {} }), id)
    expect(hostConfig).toMatchObject({ AutoRemove: false, RestartPolicy: { Name: '' }, Binds: null })
  })
  test.each([
    [''],
    ['null'],
    ['[]'],
    [JSON.stringify({ ...record, hostConfig: null })],
    [JSON.stringify({ ...record, hostConfig: { Memory: 'much' } })],
    [JSON.stringify({ ...record, created: 7 })],
    [JSON.stringify({ ...record, chain: ['../../etc'] })],
    [JSON.stringify({ ...record, mounts: [{}] })],
    [JSON.stringify({ ...record, id: 'b'.repeat(64) })],
  ])('%.60s is none', (text) => expect(() => readRecord(text, id)).toThrow())
})

describe('state.json', () => {
  test('comes back as it was written', () => {
    const state = { ...NEW_STATE, status: 'running' as const, pid: 7, startedAt: '2026-01-02T03:04:05.123456789Z' }
    expect(readState(JSON.stringify(state))).toEqual(state)
  })
  test('of the future, or of the wrong types, keeps what can be understood', () => {
    const text =
      '{"status":"flying","pid":"x","exitCode":3,"startedAt":5,"finishedAt":null,"restartCount":-1,"later":{}}'
    expect(readState(text)).toEqual({ ...NEW_STATE, status: 'exited', exitCode: 3 })
  })
  test.each(['', 'null', '[]', '5'])('%j is none', (text) => expect(() => readState(text)).toThrow())
})

import { describe, expect, test } from 'vitest'
import { createBody } from '../src/api/bodies.ts'
import { mergeConfig } from '../src/containers/merge.ts'
import { validateCreate } from '../src/containers/validate.ts'
import { FULL_BODY, RUN_BODY } from './support/trace.ts'

function validate(host: object, config: object = {}) {
  return validateCreate(createBody.parse({ ...config, HostConfig: host }), { cpus: 2 })
}

describe('a create body', () => {
  test('of the docker client is taken, with docker’s defaults filled in', () => {
    expect(validateCreate(createBody.parse(JSON.parse(RUN_BODY)), { cpus: 2 })).toMatchObject({
      NetworkMode: 'default',
      IpcMode: 'private',
      ShmSize: 67108864,
      MemorySwappiness: null,
      PidsLimit: null,
      LogConfig: { Type: 'json-file', Config: {} },
      AutoRemove: true,
    })
  })
  test('with nearly every option is taken', () => {
    expect(validateCreate(createBody.parse(JSON.parse(FULL_BODY)), { cpus: 2 })).toMatchObject({
      Memory: 67108864,
      PidsLimit: 100,
      Init: true,
    })
  })
  test('memory without a swap limit gets twice as much with swap', () => {
    expect(validate({ Memory: 64 << 20 }).MemorySwap).toBe(128 << 20)
  })

  test.each([
    [{ Memory: 1024 }, 'Minimum memory limit allowed is 6MB'],
    [{ MemorySwap: 1 << 30 }, 'You should always set the Memory limit when using Memoryswap limit'],
    [{ Memory: 64 << 20, MemorySwap: 32 << 20 }, 'Minimum memoryswap limit should be larger than memory limit'],
    [{ NanoCpus: 3e9 }, 'range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available'],
    [{ NanoCpus: 1e9, CpuQuota: 5000 }, 'Conflicting options: Nano CPUs and CPU Period cannot both be set'],
    [{ CpusetCpus: '0-7' }, 'Requested CPUs are not available - requested 0-7, available: 0-1'],
    [{ CpusetCpus: 'a' }, 'Invalid value a for cpuset cpus'],
    [{ OomScoreAdj: 2000 }, 'range for oom score adj is [-1000, 1000]'],
    [{ CapAdd: ['FOO'] }, 'unknown capability: "CAP_FOO"'],
    [{ SecurityOpt: ['wat'] }, 'invalid --security-opt 2: "wat"'],
    [{ RestartPolicy: { Name: 'sometimes' } }, "unknown policy 'sometimes'"],
    [
      { RestartPolicy: { Name: 'always' }, AutoRemove: true },
      "can't create 'AutoRemove' container with restart policy",
    ],
    [{ PidMode: 'wat' }, 'invalid PID mode: wat'],
  ])('%j is refused in docker’s words', (host, message) => expect(() => validate(host)).toThrow(message))

  test.each([
    [{}, { WorkingDir: '/a\0' }, 'WorkingDir contains a NUL byte: "/a\\u0000"'],
    [{ Binds: ['/tmp:/a\0b'] }, {}, 'HostConfig.Binds.0 contains a NUL byte'],
    [{ Tmpfs: { '/t\0': '' } }, {}, 'HostConfig.Tmpfs contains a NUL byte'],
    [{ Sysctls: { 'net.a\0': '1' } }, {}, 'HostConfig.Sysctls contains a NUL byte'],
    [{}, { Domainname: 'x\ny' }, 'invalid domain name: "x\\ny"'],
    [{}, { Domainname: 'd'.repeat(65) }, 'invalid domain name'],
    [{ Dns: ['1.1.1.1\noptions x'] }, {}, 'IP address is not correctly formatted: 1.1.1.1\noptions x'],
    [{ Dns: ['dns.example'] }, {}, 'IP address is not correctly formatted: dns.example'],
    [{ DnsSearch: ['a\nnameserver 6.6.6.6'] }, {}, 'invalid DNS domain or option: "a\\nnameserver 6.6.6.6"'],
    [{ DnsOptions: ['a\nb'] }, {}, 'invalid DNS domain or option'],
    [{ ExtraHosts: ['a\nb:1.1.1.1'] }, {}, 'bad format for add-host: "a\\nb:1.1.1.1"'],
    [{ ExtraHosts: ['a:999.1.1.1'] }, {}, 'invalid IP address in add-host: "999.1.1.1"'],
    [{ Binds: [`/tmp/${'l'.repeat(256)}:/a`] }, {}, 'path is too long: /tmp/lll'],
    [{ Binds: [`${'v'.repeat(256)}:/a`] }, {}, 'path is too long: vvv'],
    [{}, { WorkingDir: '/a'.repeat(2100) }, 'path is too long: /a/a'],
  ])('%j %j is refused at create, where the field is known', (host, config, message) =>
    expect(() => validate(host, config)).toThrow(message),
  )
  test('addresses of version 6 are taken, with or without brackets', () =>
    expect(() => validate({ Dns: ['::1'], ExtraHosts: ['a:[::1]', 'b=::1', 'c:10.0.0.1'] })).not.toThrow())

  test.each([
    [{ PidMode: 'container:x' }, '--pid container:x'],
    [{ SecurityOpt: ['seccomp={}'] }, '--security-opt seccomp'],
    [{ UsernsMode: 'private' }, '--userns private'],
    [{ Runtime: 'runsc' }, 'runtime runsc'],
    [{ DeviceRequests: [{ Count: -1 }] }, 'device requests'],
  ])('%j is refused as not built', (host, message) => {
    expect(() => validate(host)).toThrow(
      expect.objectContaining({ code: 'not-built', message: expect.stringContaining(message) }),
    )
  })
  test('a health check is refused, NONE is not', () => {
    expect(() => validate({}, { Healthcheck: { Test: ['CMD', 'true'] } })).toThrow('health checks')
    expect(() => validate({}, { Healthcheck: { Test: ['NONE'] } })).not.toThrow()
  })
  test.each([
    [{ WorkingDir: 'rel' }, "the working directory 'rel' is invalid, it needs to be an absolute path"],
    [{ StopSignal: 'WAT' }, 'invalid signal: WAT'],
    [{ Hostname: 'a b' }, 'invalid hostname format: a b'],
    [{ Cmd: ['a\0b'] }, 'NUL'],
  ])('%j is refused', (config, message) => expect(() => validate({}, config)).toThrow(message))
})

describe('what an image adds', () => {
  const image = {
    Entrypoint: ['/entry'],
    Cmd: ['a'],
    Env: ['X=1', 'PATH=/p'],
    User: 'u',
    WorkingDir: '/w',
    Labels: { l: '1' },
  }
  const merge = (asked: object) => mergeConfig(createBody.parse(asked), image)

  test('entrypoint and command, when nothing was asked for', () => {
    expect(merge({})).toMatchObject({
      Entrypoint: ['/entry'],
      Cmd: ['a'],
      User: 'u',
      WorkingDir: '/w',
      Labels: { l: '1' },
    })
  })
  test('only the entrypoint, when a command was asked for', () => {
    expect(merge({ Cmd: ['b'] })).toMatchObject({ Entrypoint: ['/entry'], Cmd: ['b'] })
  })
  test('nothing, when an entrypoint was asked for', () => {
    expect(merge({ Entrypoint: ['/mine'] })).toMatchObject({ Entrypoint: ['/mine'], Cmd: null })
  })
  test('an empty entrypoint takes the image’s away', () => {
    expect(merge({ Entrypoint: [''], Cmd: ['b'] })).toMatchObject({ Entrypoint: null, Cmd: ['b'] })
    expect(() => merge({ Entrypoint: [''] })).toThrow('no command specified')
  })
  test('variables that were not asked for', () => {
    expect(merge({ Env: ['X=2', 'Y=3'] }).Env).toEqual(['X=2', 'Y=3', 'PATH=/p'])
  })
})

import { describe, expect, test } from 'vitest'
import type { ChainID } from '@mini-docker/image'
import { allCapabilities, CAPABILITIES } from '@mini-docker/security'
import { createBody } from '../src/api/bodies.ts'
import type { ContainerRecord } from '../src/containers/model.ts'
import { validateCreate } from '../src/containers/validate.ts'
import { containerEnv } from '../src/spec/env.ts'
import { defaultResolvConf, hostsFile, resolvConf } from '../src/networks/etc.ts'
import { containerSpec } from '../src/spec/spec.ts'
import { parseMountPoints } from '../src/volumes/mount-point.ts'
import { FULL_BODY, RUN_BODY } from './support/trace.ts'

function specOf(text: string) {
  const body = createBody.parse(JSON.parse(text))
  const { HostConfig: _host, NetworkingConfig: _network, MacAddress: _mac, ...config } = body
  const hostConfig = validateCreate(body, { cpus: 2 })
  const record: ContainerRecord = {
    id: 'a'.repeat(64),
    name: 'x',
    created: '',
    imageId: 'sha256:0',
    chain: ['sha256:1' as ChainID],
    config,
    hostConfig,
    mounts: parseMountPoints(config, hostConfig).map((mount) =>
      mount.type === 'volume' ? { ...mount, source: '/volumes/tvol/_data' } : mount,
    ),
    networks: {},
  }
  return containerSpec(record, {
    user: { uid: 0, gid: 0, additionalGids: [0], home: '/root' },
    hostname: 'host',
    devices: [],
    deviceRules: [],
    held: { available: allCapabilities(40), lastCap: 40 },
    etc: { '/etc/hosts': '/c/hosts' },
    cgroupPath: 'mini-docker/x',
  })
}

describe('the OCI spec', () => {
  test('of `docker run --rm busybox true`', () => expect(specOf(RUN_BODY)).toMatchSnapshot())
  test('of a run with nearly every option', () => expect(specOf(FULL_BODY)).toMatchSnapshot())
  test('a privileged container sees and may do what the daemon can', () => {
    const { linux, process, mounts } = specOf(JSON.stringify({ Cmd: ['x'], HostConfig: { Privileged: true } }))
    expect(linux.maskedPaths).toEqual([])
    expect(process.capabilities?.effective).toEqual(CAPABILITIES)
    expect(linux.resources?.devices).toEqual([{ allow: true, access: 'rwm' }])
    expect(mounts?.find(({ destination }) => destination === '/sys')?.options).toContain('rw')
  })
  test('namespaces of the host are left out', () => {
    const { linux } = specOf(
      JSON.stringify({
        Cmd: ['x'],
        HostConfig: { NetworkMode: 'host', PidMode: 'host', IpcMode: 'host', UTSMode: 'host', CgroupnsMode: 'host' },
      }),
    )
    expect(linux.namespaces).toEqual([{ type: 'mount' }])
    expect(linux.sysctl).toEqual({})
  })
})

test('the environment has docker’s order; a bare name takes one away', () => {
  const env = containerEnv({ hostname: 'h', tty: true, home: '/root', env: ['A=1', 'PATH=/bin', 'TERM'] })
  expect(env).toEqual(['PATH=/bin', 'HOSTNAME=h', 'A=1', 'HOME=/root'])
})

describe('files under /etc', () => {
  const here = { hostname: 'web', domainname: '', addresses: ['172.17.0.2'], extraHosts: [], links: [], ipv6: false }
  test('--add-host, IPv6 included, and host-gateway where there is one', () => {
    const extra = (extraHosts: string[], hostGateway?: string) => hostsFile({ ...here, hostGateway, extraHosts })
    expect(extra(['foo:10.1.1.1', 'bar=[::2]'])).toBe(
      '127.0.0.1\tlocalhost\n10.1.1.1\tfoo\n::2\tbar\n172.17.0.2\tweb\n',
    )
    expect(extra(['up:host-gateway'], '172.17.0.1')).toContain('172.17.0.1\tup\n')
    expect(() => extra(['up:host-gateway'])).toThrow('unable to derive the IP value for host-gateway')
    expect(() => extra(['foo'])).toThrow('bad format for add-host')
  })
  test('servers on the host’s loopback are left out on the default network; with none left there are docker’s', () => {
    const none = { Dns: null, DnsSearch: null, DnsOptions: null }
    expect(defaultResolvConf(none, 'nameserver 127.0.0.53\nnameserver 10.0.0.1\n')).toBe('nameserver 10.0.0.1\n')
    expect(defaultResolvConf(none, 'nameserver 127.0.0.53\nsearch a\n')).toBe(
      'search a\nnameserver 8.8.8.8\nnameserver 8.8.4.4\n',
    )
  })
  test('--dns replaces the host’s servers and keeps its search list', () => {
    expect(
      resolvConf({ Dns: ['1.1.1.1'], DnsSearch: [], DnsOptions: ['ndots:2'] }, 'nameserver 9.9.9.9\nsearch a\n'),
    ).toBe('search a\nnameserver 1.1.1.1\noptions ndots:2\n')
  })
})

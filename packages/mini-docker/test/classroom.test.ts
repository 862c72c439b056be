import { readFileSync } from 'node:fs'
import type { NetworkInterfaceInfo } from 'node:os'
import { join } from 'node:path'
import { parseReference, type Image } from '@mini-docker/image'
import { describe, expect, test } from 'vitest'
import { parseDefaultRoutes, parseListen, reachableAddresses } from '../src/classroom/addresses.ts'
import { invite } from '../src/classroom/invitation.ts'
import { chooseNames } from '../src/classroom/store.ts'

describe('--listen', () => {
  test.each([
    ['0.0.0.0:5000', '0.0.0.0', 5000],
    [':80', '0.0.0.0', 80],
    ['127.0.0.1', '127.0.0.1', 5000],
    ['[::]:5001', '::', 5001],
    ['[fd00::1]', 'fd00::1', 5000],
    ['teacher.local:0', 'teacher.local', 0],
  ])('%s', (text, host, port) => {
    expect(parseListen(text)).toEqual({ host, port })
  })
  test.each(['', 'a:b', ':70000', '::', 'http://x:1', 'a b:1', '1.2.3.4:'])('%j is refused', (text) => {
    expect(() => parseListen(text)).toThrow('must look like')
  })
})

describe('the addresses to tell students', () => {
  const at = (address: string, internal = false): NetworkInterfaceInfo[] => [
    address.includes(':')
      ? { address, internal, family: 'IPv6', netmask: '', mac: '', cidr: null, scopeid: 0 }
      : { address, internal, family: 'IPv4', netmask: '', mac: '', cidr: null },
  ]
  const interfaces = {
    lo: at('127.0.0.1', true),
    docker0: at('172.17.0.1'),
    eth1: at('10.9.0.4'),
    wlan0: [...at('fe80::1'), ...at('2001:db8::5'), ...at('192.168.1.5')],
  }
  const isBridge = (name: string) => name === 'docker0'

  test('begin with the interface that leads out, and leave out loopback, link-local ones and bridges of containers', () => {
    const found = (host: string) => reachableAddresses({ host }, interfaces, ['wlan0'], isBridge)
    expect(found('0.0.0.0')).toEqual(['192.168.1.5', '10.9.0.4'])
    expect(found('::')).toEqual(['192.168.1.5', '10.9.0.4', '2001:db8::5'])
    expect(found('10.9.0.4')).toEqual(['10.9.0.4'])
  })

  test('a bridge with the default route is the machine’s own network', () => {
    expect(reachableAddresses({ host: '0.0.0.0' }, interfaces, ['docker0'], isBridge)[0]).toBe('172.17.0.1')
  })

  test('default routes come from /proc/net/route, the least metric first', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n'
    const rows = [
      'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000',
      'eth0\t00000000\t01000A0A\t0003\t0\t0\t100\t00000000',
    ]
    const local = 'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF'
    expect(parseDefaultRoutes(`${head}${[...rows, local].join('\n')}\n`)).toEqual(['eth0', 'wlan0'])
  })
})

describe('the lines for students', () => {
  const base = { host: '192.168.1.5:5000', tls: false, example: 'alpine:3.20', isDockerHub: true }

  test('name mirror and insecure registry, in both languages the same commands', () => {
    const commands = (text: string) => text.split('\n').filter((line) => /^ {2}[^#]/.test(line))
    const [en, ja] = [invite(base, 'en'), invite(base, 'ja')]
    expect(commands(en)).toEqual(commands(ja))
    expect(en).toContain(
      `echo '{"registry-mirrors":["http://192.168.1.5:5000"],"insecure-registries":["192.168.1.5:5000"]}' | sudo tee /etc/docker/daemon.json`,
    )
    expect(commands(en)).toContain('  sudo ./mini-docker pull alpine:3.20')
    expect(commands(en)).toContain('  sudo docker pull 192.168.1.5:5000/alpine:3.20')
  })

  test('with TLS nothing is insecure, and an image of another registry is pulled by its full name only', () => {
    const text = invite({ ...base, tls: true, example: 'ghcr.io/team/app:1', isDockerHub: false }, 'en')
    expect(text).toContain('{"registry-mirrors":["https://192.168.1.5:5000"]}')
    expect(text).toContain('/etc/docker/certs.d/192.168.1.5:5000/ca.crt')
    expect(text).not.toContain('insecure')
    expect(text.match(/pull (\S+)/g)).toEqual(
      Array.from({ length: 2 }, () => 'pull 192.168.1.5:5000/ghcr.io/team/app:1'),
    )
  })
})

describe('the images that are named', () => {
  const image = (id: string, ...names: string[]) =>
    ({ id: `sha256:${id.repeat(64)}`, names, repoDigests: [] }) as unknown as Image
  const images = [image('a', 'alpine:3.20', 'alpine:latest'), image('b', 'ghcr.io/x/alpine:1'), image('c')]
  const chosen = (...words: string[]) => {
    const choice = chooseNames(images, words)
    return ['alpine:3.20', 'alpine:latest', 'alpine:4', 'ghcr.io/x/alpine:1'].filter((name) =>
      choice(parseReference(name)),
    )
  }

  test('by nothing all, by name and tag one, by a bare name all tags (later ones too), by ID all its names', () => {
    expect(chosen()).toHaveLength(4)
    expect(chosen('alpine:3.20')).toEqual(['alpine:3.20'])
    expect(chosen('alpine')).toEqual(['alpine:3.20', 'alpine:latest', 'alpine:4'])
    expect(chosen('aaaaaaaaaaaa')).toEqual(['alpine:3.20', 'alpine:latest'])
    expect(chosen('ghcr.io/x/alpine', 'docker.io/library/alpine:3.20')).toEqual(['alpine:3.20', 'ghcr.io/x/alpine:1'])
  })

  test('what is not there, and an image without a name, are refused', () => {
    for (const word of ['alpine:4', 'none', 'dddddddddddd', 'UPPER', '../x'])
      expect(() => chosen(word)).toThrow(`No such image: ${word}`)
    expect(() => chosen('cccccccccccc')).toThrow(/has no name/)
  })
})

test('the English and the Japanese page have the same commands, and the lines for students are those that class serve prints', () => {
  const page = (name: string) => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8')
  const [en, ja] = [page('classroom.md'), page('classroom.ja.md')]
  const commands = (text: string) => text.split('\n').filter((line) => /^(?:\$ | {2}(?:sudo|echo) )/.test(line))
  expect(commands(en).length).toBeGreaterThan(8)
  expect(commands(ja)).toEqual(commands(en))
  const invitation = { host: '192.168.1.5:5000', tls: false, example: 'alpine:3.20', isDockerHub: true }
  for (const [text, language] of [
    [en, 'en'],
    [ja, 'ja'],
  ] as const) {
    const [forMiniDocker = ''] = invite(invitation, language).split('\n\n')
    expect(text).toContain(forMiniDocker)
  }
})

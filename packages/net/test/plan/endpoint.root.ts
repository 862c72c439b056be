/** An endpoint's steps, run by the launcher as in a start: a child in a new network namespace, wired to a bridge. */
import { setTimeout as sleep } from 'node:timers/promises'
import { call, CLONE_PIDFD, encodeProgram, launch, struct, type Step } from '@mini-docker/syscall'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWith } from '../../../../test/harness/requires.ts'
import {
  inNetworkNamespace,
  newAddress,
  newLink,
  getLink,
  NetlinkSocket,
  parseCidr,
  planAddress,
  planHostSocket,
  planVeth,
  type Endpoint,
} from '../../src/index.ts'
import { TestNamespace } from '../namespace.ts'

let host: TestNamespace
beforeEach(async () => {
  host = await TestNamespace.open()
  using socket = NetlinkSocket.openIn(host.path)
  socket.request(newLink({ name: 'br0', kind: 'bridge', up: true }))
  const index = Number(socket.request(getLink('br0'))[0]!.fields['index'])
  socket.request(newAddress({ index, address: parseCidr('10.9.0.1/24') }))
  socket.request(newAddress({ index, address: parseCidr('fd09::1/64') }))
})
afterEach(() => host[Symbol.dispose]())

const CLONE_NEWNET = 0x40000000
const endpoint: Endpoint = {
  bridge: 'br0',
  hostName: 'veth0123456',
  name: 'eth0',
  mac: '02:42:0a:09:00:02',
  addresses: [parseCidr('10.9.0.2/24'), parseCidr('fd09::2/64')],
  gateways: [
    { version: 4, address: '10.9.0.1' },
    { version: 6, address: 'fd09::1' },
  ],
  mtu: 1450,
  hairpin: true,
}

const clone: Step = {
  id: 'clone',
  stage: 'namespaces',
  where: 'host',
  calls: [
    call(
      'clone3',
      [
        struct('clone_args', { flags: CLONE_NEWNET | CLONE_PIDFD, pidfd: { out: 4, as: ['pidfd'] }, exit_signal: 17 }),
        88,
      ],
      { as: 'child' },
    ),
  ],
  shell: [],
  man: [],
}

function execute(...args: string[]): Step {
  const words = { strings: args }
  return {
    id: 'execute',
    stage: 'process',
    where: 'container',
    calls: [call('execve', [args[0]!, words, { strings: [] }])],
    shell: [],
    man: [],
  }
}

describeWith(['ip', 'nsenter'], 'an endpoint', () => {
  test('is what ip says it is, from both ends, and goes when the container goes', async () => {
    const steps = [
      planHostSocket(),
      clone,
      planVeth(endpoint, { ref: 'child' }),
      planAddress(endpoint),
      execute('/bin/sleep', '1000'),
    ]
    const program = encodeProgram(steps, { monitor: { child: 'child', pidfd: 'pidfd', foreground: true } })
    const { pid, ended } = await inNetworkNamespace(host.path, () => launch(program, { stdio: 'inherit' }))
    try {
      expect(host.ip('link', 'show', 'veth0123456')).toMatchObject([
        {
          master: 'br0',
          mtu: 1450,
          flags: expect.arrayContaining(['LOWER_UP']),
          linkinfo: { info_slave_data: { hairpin: true } },
        },
      ])
      const inside = (...args: string[]): unknown[] =>
        JSON.parse(host.run('nsenter', `--net=/proc/${pid}/ns/net`, 'ip', '-j', ...args)) as unknown[]
      expect(inside('addr', 'show', 'eth0')).toMatchObject([
        { address: '02:42:0a:09:00:02', mtu: 1450, addr_info: [{ local: '10.9.0.2' }, { local: 'fd09::2' }, {}] },
      ])
      expect(inside('route')).toContainEqual(expect.objectContaining({ dst: 'default', gateway: '10.9.0.1' }))
      expect(inside('-6', 'route')).toContainEqual(expect.objectContaining({ dst: 'default', gateway: 'fd09::1' }))
    } finally {
      process.kill(pid, 'SIGKILL')
    }
    expect(await ended).toBe(137)
    for (
      let i = 0;
      i < 100 && host.ip('link').some((link) => (link as { ifname: string }).ifname === 'veth0123456');
      i++
    )
      await sleep(20)
    expect(() => host.ip('link', 'show', 'veth0123456')).toThrow('does not exist')
  })

  test('a bridge that is not there ends the start with its name', async () => {
    const steps = [
      planHostSocket(),
      clone,
      planVeth({ ...endpoint, bridge: 'nosuch0' }, { ref: 'child' }),
      execute('/bin/true'),
    ]
    const program = encodeProgram(steps, { monitor: { child: 'child', pidfd: 'pidfd', foreground: true } })
    const failed = inNetworkNamespace(host.path, () => launch(program, { stdio: 'inherit' })).then(({ ended }) => ended)
    await expect(failed).rejects.toThrow(/recvfrom.*ENODEV/)
  })
})

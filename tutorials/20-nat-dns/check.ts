/** Chapter 20: the process has a way out of its network, and is seen outside with the machine's address. The outside is a namespace that the check makes. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { EmptyNamespace, inNetworkNamespace, NetlinkSocket, newLink } from '@mini-docker/net'
import { finding, type Check } from '@mini-docker/verify'
import { connectTo } from '../tools/connect.ts'

/** A network for examples, RFC 5737: nobody has it. */
const [MACHINE, WORLD] = ['198.51.100.1', '198.51.100.2']

export const check: Check = {
  chapter: '20',
  miniDocker: 'run --rm demo',
  async look({ pid }) {
    const path = `/proc/${pid}/ns/net`
    const route = execFileSync('nsenter', [`--net=${path}`, 'ip', 'route', 'show', 'default'], { encoding: 'utf8' })
    const forwards = readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()
    const seen = await seenOutside(path)
    const names = resolvConf(pid)
    return [
      finding('20.route', route.includes('via'), {
        says: { en: 'the process has a default route', ja: 'プロセスにはデフォルトルートがあります' },
        saw: `ip route: ${route.trim() || 'no default route'}`,
        hint: {
          en: 'give eth0 the bridge’s address as gateway',
          ja: 'ブリッジのアドレスを eth0 のゲートウェイにしてください',
        },
      }),
      finding('20.forward', forwards === '1', {
        says: { en: 'the machine passes on packets', ja: 'マシンはパケットを転送します' },
        saw: `/proc/sys/net/ipv4/ip_forward: ${forwards}`,
        hint: {
          en: 'write 1 into /proc/sys/net/ipv4/ip_forward',
          ja: '/proc/sys/net/ipv4/ip_forward に 1 を書いてください',
        },
      }),
      finding('20.masquerade', seen === MACHINE, {
        says: {
          en: 'the world answers it, and sees the machine’s address',
          ja: '外の世界から返事が来ます。外から見えるのはマシンのアドレスです',
        },
        saw: `a connection to ${WORLD} comes from ${seen}`,
        hint: {
          en: 'masquerade what leaves the machine with an address of the bridge’s subnet',
          ja: 'ブリッジのサブネットのアドレスで出ていくものを masquerade してください',
        },
      }),
      finding(
        '20.names',
        names.every((server) => !server.startsWith('127.') || server === '127.0.0.11'),
        {
          says: {
            en: 'its /etc/resolv.conf names nobody on the machine’s loopback',
            ja: '/etc/resolv.conf に、マシンのループバックのアドレスはありません',
          },
          saw: `nameserver: ${names.join(', ') || 'none'}`,
        },
      ),
    ]
  },
}

/** The address that a server in a namespace behind the machine sees, when somebody in `path` connects to it. */
async function seenOutside(path: string): Promise<string> {
  using world = new EmptyNamespace()
  using socket = NetlinkSocket.open()
  const fd = Number(world.path.split('/').at(-1))
  socket.request(newLink({ name: 'verify20', kind: 'veth', up: true, peer: { name: 'eth0', namespace: { fd } } }))
  try {
    execFileSync('ip', ['address', 'add', `${MACHINE}/30`, 'dev', 'verify20'])
    inNetworkNamespace(world.path, () => {
      execFileSync('ip', ['address', 'add', `${WORLD}/30`, 'dev', 'eth0'])
      execFileSync('ip', ['link', 'set', 'eth0', 'up'])
    })
    const server = createServer((client) => client.end(client.remoteAddress ?? ''))
    // Without an address to look up, the socket is opened at once: in that namespace.
    inNetworkNamespace(world.path, () => server.listen(8020))
    await once(server, 'listening')
    try {
      const address = await inNetworkNamespace(path, () => connectTo(WORLD, 8020))
      return address.replace('::ffff:', '') || 'nobody: it never arrived'
    } finally {
      server.close()
    }
  } finally {
    execFileSync('ip', ['link', 'delete', 'verify20'])
  }
}

function resolvConf(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/root/etc/resolv.conf`, 'utf8')
  return [...lines.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server = '']) => server)
}

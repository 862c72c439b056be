/** Chapter 19: a cable leads from the process's network to a bridge of the machine; it has an address there, and answers. */
import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { finding, type Check } from '@mini-docker/verify'

type Link = {
  ifname: string
  ifindex: number
  /** Of a cable: the index of its other end. */
  link_index?: number
  master?: string
  operstate: string
  linkinfo?: { info_kind?: string }
  addr_info: { family: string; local: string; prefixlen: number }[]
}

export const check: Check = {
  chapter: '19',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const path = `/proc/${pid}/ns/net`
    const [inside, outside] = [links(path), links('/proc/self/ns/net')]
    const cable = inside.find(({ linkinfo }) => linkinfo?.info_kind === 'veth')
    const far = outside.find(({ ifindex }) => ifindex === cable?.link_index)
    const bridge = outside.find(({ ifname, linkinfo }) => ifname === far?.master && linkinfo?.info_kind === 'bridge')
    const address = cable?.addr_info.find(({ family }) => family === 'inet')
    const answer = address === undefined ? 'no address' : await knock(address.local)
    const next = await run('cat', '/proc/net/fib_trie')
    const theirs = ownAddresses(next.output)
    return [
      finding('19.cable', cable !== undefined && cable.operstate === 'UP', {
        says: {
          en: 'in the process’s network is one end of a cable, switched on',
          ja: 'プロセスのネットワークには、有効になったケーブルの一端があります',
        },
        saw: `ip link in ${path}: ${inside.map(({ ifname, operstate }) => `${ifname} ${operstate}`).join(', ')}`,
        hint: {
          en: 'make a veth pair whose peer is born in the child’s namespace, and switch both ends on',
          ja: '片方が子プロセスの名前空間で生まれる veth を作り、両端を有効にしてください',
        },
      }),
      finding('19.bridge', bridge !== undefined, {
        says: {
          en: 'its other end is plugged into a bridge of the machine',
          ja: 'もう一端は、マシンのブリッジにつながっています',
        },
        saw: far === undefined ? 'there is no other end' : `${far.ifname}: master ${far.master ?? 'none'}`,
        hint: {
          en: 'make a link of the kind bridge, and make it the master of the cable’s end',
          ja: 'bridge という種類のリンクを作り、ケーブルの端の master にしてください',
        },
      }),
      finding('19.answers', answer === 'answers', {
        says: { en: 'the machine reaches it by its address', ja: 'マシンから、そのアドレスに届きます' },
        saw: `${address === undefined ? '' : `${address.local}/${address.prefixlen}: `}${answer}`,
        hint: {
          en: 'give both the bridge and eth0 an address of one subnet',
          ja: 'ブリッジと eth0 の両方に、同じサブネットのアドレスを付けてください',
        },
      }),
      finding('19.another', theirs.length > 0 && address !== undefined && !theirs.includes(address.local), {
        says: { en: 'the next container has another address', ja: '次のコンテナのアドレスは別です' },
        saw: `/proc/net/fib_trie of the next: ${theirs.join(', ') || 'no address but those of lo'}`,
      }),
    ]
  },
}

function links(namespace: string): Link[] {
  const words = [`--net=${namespace}`, 'ip', '-j', '-d', 'addr']
  return JSON.parse(execFileSync('nsenter', words, { encoding: 'utf8' })) as Link[]
}

/** Who refuses a connection is there. */
function knock(host: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 1, timeout: 2000 })
    const end = (answer: string) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end('answers'))
    socket.once('timeout', () => end('does not answer'))
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' ? 'answers' : `${code}`))
  })
}

/** The lines `/32 host LOCAL` belong to the addresses a line above. */
function ownAddresses(trie: string): string[] {
  const found = [...trie.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g)].map(([, address = '']) => address)
  return [...new Set(found)].filter((address) => !address.startsWith('127.'))
}

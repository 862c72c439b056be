/** Chapter 21: port 8021 of the machine is port 80 of the container, from wherever one asks. The check is the server, and makes an outside. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { EmptyNamespace, inNetworkNamespace, NetlinkSocket, newLink } from '@mini-docker/net'
import { finding, type Check } from '@mini-docker/verify'
import { connectTo } from '../tools/connect.ts'

/** A network for examples, RFC 5737: nobody has it. */
const [MACHINE, WORLD] = ['198.51.100.1', '198.51.100.2']
const PORT = 8021
const HELLO = 'hello of verify 21'

export const check: Check = {
  chapter: '21',
  miniDocker: `run --rm -p ${PORT}:80 demo`,
  async look({ pid }) {
    const answers = await ask(`/proc/${pid}/ns/net`)
    return [
      finding('21.outside', answers.outside === HELLO, {
        says: { en: 'the port answers those outside', ja: 'ポートは、外の世界に返事をします' },
        saw: `${MACHINE}:${PORT}, from ${WORLD} → ${answers.outside || 'no answer'}`,
        hint: {
          en: 'in prerouting, write another destination into what comes for this port (dnat)',
          ja: 'prerouting で、このポートに来たものの宛先を書き換えてください（dnat）',
        },
      }),
      finding('21.loopback', answers.loopback === HELLO, {
        says: { en: 'it answers the machine at 127.0.0.1', ja: 'マシンの 127.0.0.1 でも返事をします' },
        saw: `127.0.0.1:${PORT} → ${answers.loopback || 'no answer'}`,
        hint: {
          en: 'the same in output; route_localnet for the bridge; and masquerade what comes from 127.0.0.0/8',
          ja: 'output にも同じ規則が必要です。ブリッジの route_localnet と、127.0.0.0/8 からの masquerade も必要です',
        },
      }),
      finding('21.hairpin', answers.hairpin === HELLO, {
        says: {
          en: 'it answers the container itself, by the machine’s address',
          ja: 'コンテナ自身がマシンのアドレスで尋ねても、返事をします',
        },
        saw: `${MACHINE}:${PORT}, from the container → ${answers.hairpin || 'no answer'}`,
        hint: {
          en: 'masquerade what goes from the bridge back to the bridge after a dnat; and switch on hairpin for its port',
          ja: 'dnat のあとブリッジに戻るものを masquerade し、ポートの hairpin を有効にしてください',
        },
      }),
    ]
  },
}

/** What is heard at the port from three places, while a server listens at port 80 in `path`. */
async function ask(path: string): Promise<Record<'outside' | 'loopback' | 'hairpin', string>> {
  using world = new EmptyNamespace()
  using socket = NetlinkSocket.open()
  const fd = Number(world.path.split('/').at(-1))
  socket.request(newLink({ name: 'verify21', kind: 'veth', up: true, peer: { name: 'eth0', namespace: { fd } } }))
  const server = createServer((client) => client.end(HELLO))
  try {
    execFileSync('ip', ['address', 'add', `${MACHINE}/30`, 'dev', 'verify21'])
    inNetworkNamespace(world.path, () => {
      execFileSync('ip', ['address', 'add', `${WORLD}/30`, 'dev', 'eth0'])
      execFileSync('ip', ['link', 'set', 'eth0', 'up'])
    })
    // Without an address to look up, the socket is opened at once: in that namespace.
    inNetworkNamespace(path, () => server.listen(80))
    await once(server, 'listening')
    const [outside, loopback, hairpin] = await Promise.all([
      inNetworkNamespace(world.path, () => connectTo(MACHINE, PORT)),
      connectTo('127.0.0.1', PORT),
      inNetworkNamespace(path, () => connectTo(MACHINE, PORT)),
    ])
    return { outside, loopback, hairpin }
  } finally {
    server.close()
    execFileSync('ip', ['link', 'delete', 'verify21'])
  }
}

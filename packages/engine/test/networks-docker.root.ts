/**
 * docker's own client about networks, in one session: what it prints is the same whether our daemon or a real dockerd stands behind it. Compared with a
 * real one where it is installed (MINI_DOCKER_PEERS may say where its packages were unpacked); what is right stands in the golden file.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../test/harness/command.ts'
import { Dockerd } from '../../../test/harness/dockerd.ts'
import { describeWith, peerPath } from '../../../test/harness/requires.ts'
import { KillableDaemon } from './support/killable.ts'

process.env['PATH'] = peerPath()

const GOLDEN = './golden/docker-networks-session.txt'

const SESSION = `
network create --subnet 10.77.0.0/24 --label a=b tnet
network create tnet
network create --subnet 10.77.0.0/25 other
network create -d nosuch other
network create -d host other
network create --subnet nonsense other
network create --subnet 10.99.0.0/24 --gateway 10.98.0.1 other
network create --subnet 10.99.0.0/24 --ip-range 10.98.0.0/25 other
network ls --filter label=a=b --format {{.Name}}-{{.Driver}}-{{.Scope}}
network ls --filter driver=null --format {{.Name}}
network ls --filter type=builtin --format {{.Name}}
network ls --filter type=nonsense
network inspect -f {{.Labels}}{{.Internal}}{{.EnableIPv6}}{{.Attachable}}{{.Scope}} tnet
network inspect nosuch
network create --internal --ipv6 --subnet fd77::/64 six
network inspect -f {{.Internal}}{{.EnableIPv6}} six
network rm bridge
network rm nosuch
network connect tnet nosuch
network connect nosuch nosuch
network disconnect tnet nosuch
network prune -f
network ls --filter type=custom --format {{.Name}}
`

/** Each command, its exit code, and what it printed; ids are different each time. */
async function session(host: string): Promise<string> {
  const config = mkdtempSync(join(tmpdir(), 'networks-docker-'))
  const lines: string[] = []
  for (const line of SESSION.trim().split('\n')) {
    const { exitCode, stdout, stderr } = await run(['docker', '-H', host, ...line.split(' ')], {
      env: { DOCKER_CONFIG: config },
    })
    lines.push(`$ docker ${line}`, ...`${stdout}${stderr}`.split('\n').filter((text) => text !== ''), `→ ${exitCode}`)
  }
  rmSync(config, { recursive: true })
  return `${lines.join('\n').replaceAll(/\b[0-9a-f]{64}\b/g, '<id>')}\n`
}

describeWith(['root', 'docker', 'ip', 'nsenter'], 'docker’s own client', () => {
  test('makes, lists, shows and removes networks of our daemon as the golden file says', async () => {
    await using daemon = await KillableDaemon.start()
    await expect(await session(daemon.host)).toMatchFileSnapshot(GOLDEN)
  })
})

describeWith(['root', 'docker', 'dockerd'], 'dockerd', () => {
  test('says the same, but for words that docker changed since', async () => {
    const home = mkdtempSync(join(tmpdir(), 'networks-dockerd-'))
    const socket = join(home, 'docker.sock')
    const dockerd = await Dockerd.start(home, socket, 'own')
    try {
      const ours = readFileSync(join(import.meta.dirname, GOLDEN), 'utf8')
      expect(await session(`unix://${socket}`)).toBe(withoutHints(ours).replace('invalid pool request: ', ''))
    } finally {
      await dockerd.stop('SIGTERM')
      rmSync(home, { recursive: true })
    }
  }, 60_000)
})

/** Ours say what to check next, in brackets behind docker's words. */
function withoutHints(text: string): string {
  return text.replaceAll(/ \([^)]+\)$/gm, '')
}

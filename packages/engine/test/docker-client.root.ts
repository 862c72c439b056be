/**
 * docker's own client, in one session with registries: what it prints and how it ends is the same whether our daemon or a real
 * dockerd stands behind it. The golden file was written by a real one, and is compared with one where it is installed
 * (MINI_DOCKER_PEERS may say where its packages were unpacked).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../test/harness/command.ts'
import { Dockerd } from '../../../test/harness/dockerd.ts'
import {
  digestOf,
  dockerImage,
  index,
  PLATFORMS,
  putContent,
  Registry,
  tarOf,
  topOf,
} from '../../../test/harness/registry/index.ts'
import { describeWith, peerPath } from '../../../test/harness/requires.ts'
import { TestDaemon } from './support/daemon.ts'

const GOLDEN = './golden/docker-client-session.txt'

const [lower, upper] = [tarOf({ 'etc/lower': 'lower\n' }), tarOf({ 'etc/upper': 'upper\n' })]
const image = dockerImage([lower, upper])
const list = index(
  PLATFORMS.map((platform) => ({
    content: dockerImage([lower, tarOf({ platform: JSON.stringify(platform) })], platform),
    platform,
  })),
  true,
)

/** OPEN is an open registry, LOCKED one with passwords, TOKENS one with a token server, NOBODY a port at which nobody listens. */
const SESSION = `
pull OPEN/team/app:1.0
pull OPEN/team/app:1.0
pull -q OPEN/team/app:1.0
pull OPEN/team/app@${digestOf(topOf(image).bytes)}
pull OPEN/team/list:latest
image inspect -f {{.Architecture}}-{{.RepoDigests}} OPEN/team/list:latest
pull --platform linux/arm64 OPEN/team/list:latest
image inspect -f {{.Architecture}} OPEN/team/list:latest
pull --platform linux/s390x OPEN/team/list:latest
pull --platform a/b/c/d OPEN/team/list:latest
pull -a -q OPEN/team/two
pull OPEN/team/app:none
pull OPEN/none:1
pull -a OPEN/none
pull NOBODY/x:1
pull UPPER
pull scratch
pull LOCKED/team/app:1.0
login -u tester --password-stdin LOCKED < wrong
login -u tester --password-stdin LOCKED < PASSWORD
login -u tester --password-stdin NOBODY < PASSWORD
pull LOCKED/team/app:1.0
rmi LOCKED/team/app:1.0
tag OPEN/team/app:1.0 LOCKED/copy:1
push LOCKED/copy:1
push LOCKED/copy:1
push LOCKED/copy:2
push LOCKED/none:2
push NOBODY/x:1
tag OPEN/team/app:1.0 NOBODY/x:1
push NOBODY/x:1
tag OPEN/team/app:1.0 OPEN/elsewhere:1
push -q OPEN/elsewhere:1
tag OPEN/team/app:1.0 OPEN/elsewhere:2
push -a OPEN/elsewhere
pull TOKENS/team/app:1.0
login -u tester --password-stdin TOKENS < wrong
login -u tester --password-stdin TOKENS < PASSWORD
pull TOKENS/team/app:none
pull TOKENS/none:1
pull TOKENS/team/app:1.0
push -q TOKENS/team/app:1.0
logout TOKENS
push TOKENS/team/app:1.0
logout LOCKED
push LOCKED/copy:1
create --name missing OPEN/none:1 true
create --name always --pull always OPEN/team/app:1.0 true
rm always
create --name foreign --platform linux/arm/v7 OPEN/team/list:latest true
rm foreign
image inspect -f {{.Architecture}} OPEN/team/list:latest
search --limit 200 word
rmi OPEN/team/two:a
`

/** Runs the session, and writes it down with all that differs each time taken out. */
async function session(host: string): Promise<string> {
  await using open = await Registry.start()
  await using tokens = await Registry.start({ auth: 'token' })
  await using locked = await Registry.start({ auth: 'htpasswd' })
  await putContent(open, 'team/app', '1.0', image)
  await putContent(open, 'team/list', 'latest', list)
  for (const tag of ['a', 'b']) await putContent(open, 'team/two', tag, image)
  await putContent(tokens, 'team/app', '1.0', image)
  await putContent(locked, 'team/app', '1.0', image)
  const home = mkdtempSync(join(tmpdir(), 'docker-client-'))
  using _home = { [Symbol.dispose]: () => rmSync(home, { recursive: true }) }
  const names = { OPEN: open.host, LOCKED: locked.host, TOKENS: tokens.host, NOBODY: '127.0.0.1:1' }
  const real = (text: string): string =>
    text.replaceAll(/OPEN|LOCKED|TOKENS|NOBODY/g, (name) => names[name as keyof typeof names])
  const shown = (text: string): string =>
    Object.entries(names)
      .reduce((rest, [name, address]) => rest.replaceAll(address, name), text)
      .replaceAll(home, 'HOME')
  const parts: string[] = []
  for (const line of SESSION.trim().split('\n')) {
    const [words = '', input] = line.split(' < ')
    const argv = ['docker', '-H', host, ...real(words).split(' ')]
    const { stdout, stderr, exitCode } = await run(argv, {
      env: { DOCKER_CONFIG: home, HOME: home },
      ...(input !== undefined && { input: input === 'PASSWORD' ? locked.password : input }),
    })
    parts.push(`$ docker ${line}\n${steady(shown(stdout))}${indented(steady(shown(stderr)))}= ${exitCode}\n`)
  }
  return parts.join('\n')
}

/**
 * What is not the same twice: layers go on at the same time, so their lines come in any order, and some only when the client looks at
 * the right moment. A real dockerd pushes a manifest of its own making, ours the one that was pulled.
 */
function steady(text: string): string {
  const ofLayer = /^[0-9a-f]{12}: /
  const lines = text
    .replaceAll(/^[0-9a-f]{64}$/gm, 'ID')
    .replaceAll(/: digest: sha256:[0-9a-f]{64} size: \d+$/gm, ': digest: DIGEST size: N')
    .split('\n')
    .filter((line) => !/: (Waiting|Verifying Checksum|Download complete)$|^WARNING: IPv4 forwarding/.test(line))
  const first = lines.findIndex((line) => ofLayer.test(line))
  if (first === -1) return lines.join('\n')
  const layers = lines.filter((line) => ofLayer.test(line)).toSorted()
  return [...lines.slice(0, first), ...layers, ...lines.slice(first).filter((line) => !ofLayer.test(line))].join('\n')
}

function indented(text: string): string {
  return text === '' ? '' : text.replaceAll(/^(?=.)/gm, '  ! ').replace(/\n*$/, '\n')
}

describeWith(['root', 'docker', 'docker-registry'], 'docker’s client, in a session with registries', () => {
  test('says and ends as with a real dockerd, on our daemon', { timeout: 120_000 }, async () => {
    await using docker = await TestDaemon.start()
    await expect(await session(`unix://${docker.socket}`)).toMatchFileSnapshot(GOLDEN)
  })
})

process.env['PATH'] = peerPath()
describeWith(['root', 'docker', 'docker-registry', 'dockerd'], 'docker’s client, in a session with registries', () => {
  test('is what the golden file says, on a real dockerd', { timeout: 180_000 }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dockerd-'))
    const socket = join(directory, 'docker.sock')
    const dockerd = await Dockerd.start(directory, socket, 'host')
    try {
      await expect(await session(`unix://${socket}`)).toMatchFileSnapshot(GOLDEN)
    } finally {
      await dockerd.stop('SIGTERM')
      rmSync(directory, { recursive: true })
    }
  })
})

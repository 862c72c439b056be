/** Our client and docker's on a real dockerd and a real registry: what they print and how they exit is the same. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../test/harness/command.ts'
import { Dockerd } from '../../../test/harness/dockerd.ts'
import { dockerImage, putContent, Registry, tarOf } from '../../../test/harness/registry/index.ts'
import { describeWith } from '../../../test/harness/requires.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')

describeWith(['root', 'docker', 'docker-registry', 'dockerd'], 'on a real dockerd', () => {
  let directory = ''
  let dockerd: Dockerd
  let registry: Registry
  let closed: Registry

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mini-docker-dockerd-'))
    ;[registry, closed] = await Promise.all([Registry.start(), Registry.start({ auth: 'htpasswd' })])
    dockerd = await Dockerd.start(directory, join(directory, 'd.sock'), 'host')
    const layers = Array.from({ length: 4 }, (_, index) => tarOf({ [`file-${index}`]: randomBytes(50_000) }))
    await putContent(registry, 'team/app', '1', dockerImage(layers))
    await putContent(registry, 'team/app', '2', dockerImage(layers.slice(1)))
  })
  afterAll(async () => {
    await dockerd?.stop('SIGTERM')
    await Promise.all([registry?.[Symbol.asyncDispose](), closed?.[Symbol.asyncDispose]()])
    rmSync(directory, { recursive: true, force: true })
  })

  const client = (program: readonly string[], words: readonly string[]) =>
    run([...program, ...words], { env: { DOCKER_HOST: `unix://${dockerd.socket}`, DOCKER_CONFIG: directory } })
  const ours = [process.execPath, '--', MAIN]

  test.each([
    'pull REG/team/app:1',
    'pull -q REG/team/app:2',
    'pull REG/team/app',
    'pull -a REG/team/app',
    'pull REG/team/app:zzz',
    'pull REG/team/none:1',
    'pull 127.0.0.1:1/x',
    'pull CLOSED/x:1',
    'push REG/team/none:1',
    'push -q REG/team/none:1',
    'push --platform linux/amd64 REG/team/app:1',
    'search --limit 200 x',
    'search --filter stars=abc x',
    'search REG/x',
    'login CLOSED',
    'login -u tester -p wrong CLOSED',
    'logout CLOSED',
    'run --pull never REG/team/app:1',
    'run REG/team/app:zzz',
    'create -q REG/team/app:zzz',
    'save --platform linux/amd64 REG/team/app:1',
    'history --platform linux/amd64 x',
    'image inspect --platform linux/amd64 x',
    'inspect --platform linux/amd64 x',
    'rmi --platform linux/amd64 x',
  ])('docker’s client and ours say and exit alike: %s', async (line) => {
    const words = line.split(' ').map((word) => word.replace('REG', registry.host).replace('CLOSED', closed.host))
    const results = []
    for (const program of [['docker'], ours]) {
      const { stdout, stderr, exitCode } = await client(program, words)
      results.push({ stdout: settled(stdout), stderr: stderr.replaceAll('mini-docker', 'docker'), exitCode })
      const ids = (await client(['docker'], ['images', '-q'])).stdout.trim().split('\n')
      await client(['docker'], ['rmi', '-f', ...new Set(ids)])
    }
    expect(results[1]).toEqual(results[0])
  })
})

/** Layers that work side by side are told in any order, and which one has to wait is chance. */
function settled(text: string): string {
  const lines = text.replaceAll(/^[0-9a-f]{12}: (Waiting|Verifying Checksum|Download complete)\n/gm, '')
  return lines.replace(/^(?:[0-9a-f]{12}: .*\n)+/gm, (some) => `${some.trimEnd().split('\n').toSorted().join('\n')}\n`)
}

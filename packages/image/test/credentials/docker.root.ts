/** Docker's client and skopeo read the configuration that we write, and we read theirs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must, run } from '../../../../test/harness/command.ts'
import { Dockerd } from '../../../../test/harness/dockerd.ts'
import { mixedCompression, putContent, Registry } from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { DockerConfig } from '../../src/credentials/index.ts'
import { KEEPER, testConfig } from './config.ts'

const NEEDS = ['root', 'docker', 'dockerd', 'skopeo', 'docker-registry', 'openssl', 'htpasswd']

describeWith(NEEDS, "docker's configuration", () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-credentials-'))
  const socket = join(scratch, 'docker.sock')
  let dockerd: Dockerd
  beforeAll(async () => {
    dockerd = await Dockerd.start(join(scratch, 'dockerd'), socket, 'host')
  })
  afterAll(async () => {
    await dockerd.stop('SIGTERM')
    rmSync(scratch, { recursive: true })
  })

  const docker = (directory: string, ...args: string[]) => [
    'env',
    `PATH=${directory}:/usr/local/bin:/usr/bin:/bin`,
    `HELPER_DIRECTORY=${directory}`,
    'docker',
    '--host',
    `unix://${socket}`,
    '--config',
    directory,
    ...args,
  ]

  test.each([
    { way: 'a password in the file', auth: 'htpasswd', content: {} },
    { way: 'an identity token in the file', auth: 'token', content: {} },
    { way: 'a helper', auth: 'htpasswd', content: { credsStore: 'keeper' } },
    { way: 'an identity token with a helper', auth: 'token', content: { credsStore: 'keeper' } },
  ] as const)(
    'docker login ($way): we find the same, and after our erase docker does not',
    async ({ auth, content }) => {
      await using registry = await Registry.start({ auth })
      await putContent(registry, 'team/app', '1', mixedCompression())
      const at = testConfig(content)
      at.helper('keeper', KEEPER)
      const { host, username, password } = registry
      await must(docker(at.directory, 'login', '-u', username, '--password-stdin', host), { input: password })
      const found = await at.config.read(host)
      if (auth === 'token') expect(found).toMatchObject({ identityToken: expect.stringMatching(/./) as unknown })
      else expect(found).toEqual({ username, password })
      expect(await at.config.erase(host)).toBe(true)
      const pull = await run(docker(at.directory, 'pull', '-q', `${host}/team/app:1`))
      expect(pull.stderr).toMatch(/no basic auth credentials|denied|unauthorized/)
    },
  )

  test.each(['the file', 'a helper'])('what we store in %s docker and skopeo pull with', async (where) => {
    await using registry = await Registry.start({ auth: 'htpasswd' })
    await putContent(registry, 'team/app', '1', mixedCompression())
    const { host, username, password } = registry
    // skopeo of today knows no credsStore.
    const at = testConfig(where === 'a helper' ? { credHelpers: { [host]: 'keeper' } } : {})
    at.helper('keeper', KEEPER)
    await at.config.store(host, { username, password })
    const name = `${host}/team/app:1`
    const inspect = ['skopeo', 'inspect', '--tls-verify=false', `--authfile=${at.path}`, `docker://${name}`]
    const env = { PATH: `${at.directory}:/usr/bin:/bin`, HELPER_DIRECTORY: at.directory }
    expect(JSON.parse(await must(inspect, { env }))).toMatchObject({ Os: 'linux' })
    // This docker cannot unpack zstd; that it gets as far as the layers is what counts.
    const pull = await run(docker(at.directory, 'pull', '-q', name))
    expect(pull.stderr).not.toMatch(/no basic auth|denied|unauthorized/)
  })

  test('docker logout takes what we stored', async () => {
    const at = testConfig()
    await at.config.store('r.example', { username: 'alice', password: 'p' })
    await must(docker(at.directory, 'logout', 'r.example'))
    expect(await new DockerConfig(at.path).read('r.example')).toBeUndefined()
  })
})

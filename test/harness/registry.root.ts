/** Docker itself logs in, pushes and pulls on the test registries: what they accept is what docker takes for a registry. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must, run } from './command.ts'
import { Dockerd } from './dockerd.ts'
import { BUSYBOX, busyboxArchive } from './images.ts'
import { inspectBySkopeo, Registry } from './registry/index.ts'
import { describeWith } from './requires.ts'

describeWith(['root', 'docker', 'dockerd', 'docker-registry', 'skopeo', 'openssl', 'htpasswd'], 'docker', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-registry-test-'))
  const socket = join(scratch, 'docker.sock')
  let dockerd: Dockerd
  const words = (...args: string[]) => [
    'docker',
    '--host',
    `unix://${socket}`,
    '--config',
    `${scratch}/config`,
    ...args,
  ]

  beforeAll(async () => {
    dockerd = await Dockerd.start(join(scratch, 'dockerd'), socket, 'host')
    await must(words('load', '-q', '-i', busyboxArchive()))
  })
  afterAll(async () => {
    await dockerd.stop('SIGTERM')
    rmSync(scratch, { recursive: true })
  })

  test.each([
    { auth: 'none', tls: false },
    { auth: 'none', tls: true },
    { auth: 'htpasswd', tls: true },
    { auth: 'token', tls: true },
  ] as const)('auth $auth, tls $tls: logs in, pushes and pulls', async ({ auth, tls }) => {
    await using registry = await Registry.start({ auth, tls })
    const { username, password, host } = registry
    if (auth !== 'none') {
      const login = words('login', '-u', username, '--password-stdin', host)
      expect((await run(login, { input: 'wrong' })).stderr).toMatch(/401|unauthorized|incorrect/)
      expect((await run(login, { input: password })).stdout).toMatch('Login Succeeded')
    }
    const name = `${host}/team/busybox:1`
    await must(words('tag', BUSYBOX, name))
    await must(words('push', '-q', name))
    expect(await inspectBySkopeo(registry, 'team/busybox:1')).toMatchObject({ Os: 'linux' })
    await must(words('rmi', name))
    expect(await must(words('pull', '-q', name))).toBe(`${name}\n`)
    await must(words('rmi', name))
  })

  test('keeps the password of a login in its config.json', () => {
    const path = join(scratch, 'config/config.json')
    expect(existsSync(path) && readFileSync(path, 'utf8')).toMatch('"auths"')
  })
})

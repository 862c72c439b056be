/** `mini-docker daemon` is configured as dockerd is. Root, as the daemon needs it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiRequest } from '../../../test/harness/api.ts'
import { run } from '../../../test/harness/command.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import { describeWith } from '../../../test/harness/requires.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')

/** A folder for one daemon, with this daemon.json in it. */
function folder(config: string) {
  const directory = mkdtempSync(join(tmpdir(), 'daemon-config-'))
  const file = join(directory, 'daemon.json')
  writeFileSync(file, config)
  const socket = join(directory, 'docker.sock')
  const roots = ['--data-root', join(directory, 'data'), '--run-root', join(directory, 'run'), '--socket', socket]
  const argv = (...flags: string[]) => [process.execPath, MAIN, 'daemon', '--config-file', file, ...roots, ...flags]
  return { directory, file, socket, argv, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
}

describeWith(['root'], 'mini-docker daemon', () => {
  test('takes its registries and proxies from file, flags and environment', async () => {
    using own = folder('{"insecure-registries":["reg.lan:5000"],"proxies":{"http-proxy":"http://u:p@file.lan:1"}}')
    const [node = '', ...words] = own.argv('--registry-mirror', 'http://mirror.lan')
    const log = join(own.directory, 'log')
    const env = { ...process.env, HTTP_PROXY: 'http://env.lan:1', https_proxy: 'http://env.lan:2' }
    const daemon = spawn('sh', ['-c', 'exec unshare --net -- "$@" >"$0" 2>&1', log, node, ...words], {
      env,
      stdio: 'ignore',
    })
    const ended = once(daemon, 'exit')
    try {
      const info = await eventually('the daemon answers', async () => {
        if (daemon.exitCode !== null) throw new Error(readFileSync(log, 'utf8'))
        return (await apiRequest(own.socket, 'GET', '/info').catch(() => undefined))?.json
      })
      expect(info).toMatchObject({
        HttpProxy: 'http://xxxxx:xxxxx@file.lan:1',
        HttpsProxy: 'http://env.lan:2',
        RegistryConfig: { Mirrors: ['http://mirror.lan/'], IndexConfigs: { 'reg.lan:5000': { Secure: false } } },
      })
    } finally {
      daemon.kill('SIGTERM')
      await ended
    }
  })

  test.each([
    ['{"foo":1}', [], "the following directives don't match any configuration option: foo"],
    [
      '{"registry-mirrors":["http://a"]}',
      ['--registry-mirror', 'http://b'],
      'the following directives are specified both as a flag and in the configuration file: registry-mirrors: (from flag: [http://b], from file: [http://a])',
    ],
    ['{', [], 'Expected property name'],
  ])('with %s and %j does not start', async (config, flags, words) => {
    using own = folder(config)
    const { exitCode, stderr } = await run(own.argv(...flags))
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`unable to configure the Docker daemon with file ${own.file}: ${words}`)
  })
})

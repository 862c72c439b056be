/** The command line and registries: pull, push, login and their kin, beside docker's own client on the same daemon and the same registry. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { run } from '../harness/command.ts'
import { busyboxArchive } from '../harness/images.ts'
import {
  FaultProxy,
  multiPlatform,
  ociImage,
  pushBySkopeo,
  putContent,
  Registry,
  tarOf,
} from '../harness/registry/index.ts'
import { Terminal } from '../harness/terminal.ts'
import { onDocker, suite } from './suite.ts'

const LAYERS = 12
const LAYER_BYTES = 120_000

// A dockerd of the tests is in a network of its own and cannot reach the registry.
suite(
  'registries from the command line',
  onDocker ? ['mini-dockerd'] : ['docker-registry', 'skopeo', 'docker', 'tmux'],
  (daemon) => {
    let open: Registry
    let closed: Registry
    let slow: FaultProxy
    let config = ''
    let registry = ''

    beforeAll(async () => {
      ;[open, closed] = await Promise.all([Registry.start(), Registry.start({ auth: 'htpasswd' })])
      slow = await FaultProxy.start(open)
      const layers = Array.from({ length: LAYERS }, (_, index) =>
        tarOf({ [`file-${index}`]: randomBytes(LAYER_BYTES) }),
      )
      const image = ociImage(layers.map((tar) => ({ tar, compression: 'plain' as const })))
      await putContent(open, 'team/app', '1', image)
      await putContent(open, 'team/app', '2', image)
      await putContent(open, 'team/multi', '1', multiPlatform())
      await pushBySkopeo(open, `docker-archive:${busyboxArchive()}`, 'team/busybox:1')
      registry = open.host
    })
    afterAll(async () => {
      await slow[Symbol.asyncDispose]()
      await Promise.all([open[Symbol.asyncDispose](), closed[Symbol.asyncDispose]()])
    })
    beforeEachConfig()
    afterEach(async () => {
      slow.faults = []
      const ids = (await daemon().ok('images', '-q')).split('\n')
      await daemon().cli(['rmi', '-f', ...new Set(ids)])
      await daemon().ok('load', '-q', '-i', busyboxArchive())
    })

    /** A directory for docker's config.json that lives as long as a test. */
    function beforeEachConfig(): void {
      beforeAll(() => void (config = mkdtempSync(join(tmpdir(), 'mini-docker-config-'))))
      afterEach(() => rmSync(join(config, 'config.json'), { force: true }))
      afterAll(() => rmSync(config, { recursive: true }))
    }

    const env = (): Record<string, string> => ({ DOCKER_CONFIG: config })
    const ours = (...words: string[]) => daemon().cli(words, { env: env() })
    const theirs = (...words: string[]) => daemon().docker(words, { env: env() })
    const atTerminal = (
      words: string[],
      size: { columns?: number; rows?: number } = {},
      argv = daemon().argv(...words),
    ) => Terminal.open(argv, { ...size, env: { ...env(), DOCKER_HOST: daemon().host } })

    test.each([
      'pull REG/team/app:1',
      'pull REG/team/app:1 (again)',
      'pull -q REG/team/app:2',
      'pull -a REG/team/app',
      'pull -a REG/team/app:1',
      'pull REG/team/app',
      'pull REG/team/nothing:1',
      'pull UPPER',
      'pull 127.0.0.1:1/x',
      'pull --no-such-flag x',
      'pull',
      'pull --platform linux/arm64 REG/team/multi:1',
      'pull --platform linux/s390x REG/team/multi:1',
      'push REG/team/nothing:1',
      'push -a REG/team/app:1',
      'push REG/team/app@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
      'push CLOSED/team/app:1',
      'pull CLOSED/team/app:1',
      'login CLOSED',
      'login -u tester -p wrong CLOSED',
      'login -u "" CLOSED',
      'logout CLOSED',
      'run --rm REG/team/nothing:1',
      'run -q --rm REG/team/nothing:1',
      'run --rm --pull never REG/team/app:1',
      'run --rm --pull sometimes REG/team/app:1',
      'run --rm --pull always REG/team/busybox:1 echo hello',
      'create -q REG/team/nothing:1',
      'manifest inspect --insecure REG/team/multi:1',
      'manifest inspect -v --insecure REG/team/multi:1',
      'manifest inspect --insecure REG/team/app:1',
      'manifest inspect --insecure REG/team/nothing:1',
      'manifest inspect',
    ])('says and exits as docker does: %s', async (line) => {
      const again = line.endsWith(' (again)')
      const words = line
        .replace(' (again)', '')
        .split(' ')
        .map((word) => word.replace('REG', registry).replace('CLOSED', closed.host).replace('""', ''))
      const results = []
      for (const client of [theirs, ours]) {
        if (again) await client(...words)
        const { stdout, stderr, exitCode } = await client(...words)
        results.push({ stdout: settled(stdout), stderr: withoutNames(stderr), exitCode })
        await daemon().cli([
          'rmi',
          '-f',
          `${registry}/team/app:1`,
          `${registry}/team/app:2`,
          `${registry}/team/multi:1`,
          `${registry}/team/busybox:1`,
        ])
      }
      expect(results[1]).toEqual(results[0])
    })

    test('a terminal shows at the end what docker’s shows there', async () => {
      const words = ['pull', `${registry}/team/app:1`]
      const screens: string[] = []
      for (const argv of [['docker', ...words], daemon().argv(...words)]) {
        await using terminal = await atTerminal(words, { rows: 40 }, argv)
        expect(await terminal.exitCode()).toBe(0)
        screens.push(await terminal.screen())
        await daemon().ok('rmi', '-f', `${registry}/team/app:1`)
      }
      expect(screens[1]).toBe(screens[0])
      expect(screens[1]?.match(/: Pull complete$/gm)).toHaveLength(LAYERS)
    })

    test('bars move in place on a wide terminal; ctrl-c ends within a second with 130, and the next pull is whole', async () => {
      slow.faults = [{ kind: 'slow', on: /blobs/, bytesPerSecond: 40_000 }]
      const name = `${slow.host}/team/app:1`
      await using terminal = await atTerminal(['pull', name], { columns: 130, rows: 30 })
      const screen = await terminal.waitFor(/Downloading \[=+> +\] +[\d.]+kB\/[\d.]+kB$/m)
      expect(screen.split('\n').filter((line) => /^[0-9a-f]{12}: /.test(line))).toHaveLength(LAYERS)
      const pressed = performance.now()
      await terminal.press('C-c')
      expect(await terminal.exitCode()).toBe(130)
      expect(performance.now() - pressed).toBeLessThan(1000)
      slow.faults = []
      expect((await ours('pull', '-q', name)).stdout).toBe(`${name}\n`)
    })

    test('a terminal with fewer rows than layers, made narrower in the middle, shows all layers at the end', async () => {
      slow.faults = [{ kind: 'slow', on: /blobs/, bytesPerSecond: 60_000 }]
      await using terminal = await atTerminal(['pull', `${slow.host}/team/app:1`], { columns: 100, rows: 8 })
      await terminal.waitFor(/^… \d+ more, \d+ of 12 complete$/m)
      await terminal.resize(50, 8)
      await terminal.waitFor(/Downloading/)
      slow.faults = []
      expect(await terminal.exitCode(30_000)).toBe(0)
      const shown = (await terminal.scrollback()).split('\n')
      expect(shown.at(-1)).toBe(`${slow.host}/team/app:1`)
      const layers = shown.slice(-3 - LAYERS, -3)
      expect(layers.filter((line) => /^[0-9a-f]{12}: Pull complete$/.test(line))).toHaveLength(LAYERS)
    })

    test('a login at the terminal shows no password, is kept for its user only, and opens the registry until logout', async () => {
      {
        await using terminal = await atTerminal(['login', closed.host])
        await terminal.waitFor(/^Username: ?$/m)
        await terminal.line(closed.username)
        await terminal.waitFor(/^Password: ?$/m)
        await terminal.line(closed.password)
        expect(await terminal.exitCode()).toBe(0)
        const screen = await terminal.screen()
        expect(screen).toMatch(/Login Succeeded$/)
        expect(screen).not.toContain(closed.password)
      }
      const kept = JSON.parse(readFileSync(join(config, 'config.json'), 'utf8')) as {
        auths: Record<string, { auth: string }>
      }
      expect(Buffer.from(kept.auths[closed.host]?.auth ?? '', 'base64').toString()).toBe(
        `${closed.username}:${closed.password}`,
      )
      const name = `${closed.host}/team/busybox:1`
      await daemon().ok('tag', 'busybox:test', name)
      expect((await ours('push', '-q', name)).stdout).toBe(`${name}\n`)
      expect((await theirs('pull', '-q', name)).exitCode, 'docker’s client uses our login').toBe(0)
      expect((await ours('logout', closed.host)).stdout).toBe(`Removing login credentials for ${closed.host}\n`)
      expect((await ours('pull', name)).exitCode).toBe(1)
    })

    test('a password from a pipe; docker’s client uses what ours has kept, and ours what docker’s has', async () => {
      const login = ['login', '-u', closed.username, '--password-stdin', closed.host]
      const input = `${closed.password}\n`
      expect(await daemon().cli(login, { env: env(), input })).toMatchObject({
        stdout: 'Login Succeeded\n',
        exitCode: 0,
      })
      expect((await theirs('login', closed.host)).stdout).toBe('Login Succeeded\n')
      await theirs('logout', closed.host)
      await daemon().docker(login, { env: env(), input })
      expect((await ours('login', closed.host)).stdout).toBe('Login Succeeded\n')
    })

    test('--trace has a line for each request, and no secret', async () => {
      await daemon().cli(['login', '-u', closed.username, '--password-stdin', closed.host], {
        env: env(),
        input: closed.password,
      })
      const name = `${closed.host}/team/traced:1`
      await daemon().ok('tag', 'busybox:test', name)
      const pushed = await ours('push', '--trace', name)
      const line = (id: string, method: string, path: string) =>
        new RegExp(
          `^\\d+\\.\\d{6} host {6}${id.padEnd(24)} ${method} https?://${closed.host}/v2/${path} = 20\\d .*<\\d+\\.\\d{6}>`,
          'm',
        )
      expect(pushed.stderr).toMatch(line('image.upload', 'PUT', 'team/traced/blobs/uploads/.*'))
      await daemon().ok('rmi', '-f', name, 'busybox:test')
      const pulled = await ours('pull', '--trace', name)
      expect(pulled.stderr).toMatch(line('image.layer', 'GET', 'team/traced/blobs/sha256:[0-9a-f]{64}'))
      const json = (await ours('pull', '--trace', '--json', name)).stderr.trim().split('\n')
      expect(json.map((text) => (JSON.parse(text) as { id: string }).id)).toContain('image.manifest')
      const basic = Buffer.from(`${closed.username}:${closed.password}`).toString('base64')
      for (const text of [pushed.stderr, pulled.stderr, json.join('\n')]) {
        expect(text).not.toContain(closed.password)
        expect(text).not.toContain(basic)
      }
    })

    test('--explain tells the requests and the commands, in both languages, and asks for nothing', async () => {
      const requests = slow.requests.length
      const name = `${slow.host}/team/app:1`
      const english = await ours('pull', '--explain', '--lang', 'en', name)
      expect(english.stdout).toMatch(new RegExp(`^#    HEAD https?://${slow.host}/v2/team/app/manifests/1$`, 'm'))
      expect(english.stdout).toMatch(/^check\(\) .*sha256sum/m)
      expect((await ours('pull', '--explain', '--lang', 'ja', name)).stdout).toContain('マニフェスト')
      expect((await ours('pull', '--explain', '--lang', 'xx', name)).exitCode).toBe(125)
      expect(slow.requests).toHaveLength(requests)
      expect((await ours('pull', '--json', name)).exitCode).toBe(125)
    })

    test('--explain prints a script that pulls by hand when a shell reads it', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'by-hand-'))
      using _directory = { [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
      const { stdout: script } = await ours('pull', '--explain', `${registry}/team/multi:1`)
      const byHand = await run(['sh'], { input: script, env: { PULL: directory } })
      expect(byHand).toMatchObject({ exitCode: 0, stderr: '' })
      const { stdout: pulled } = await ours('pull', `${registry}/team/multi:1`)
      expect(byHand.stdout).toContain(/^Digest: .*$/m.exec(pulled)?.[0])
      expect(readFileSync(join(directory, 'rootfs/platform'), 'utf8')).toMatch(/^linux\//)
    })

    test('image copy goes from a registry to a layout, from there into the store, and from the store to a registry', async () => {
      const layout = join(config, 'layout')
      const from = `docker://${registry}/team/busybox:1`
      const copied = await ours('image', 'copy', from, `oci:${layout}:box`)
      const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(copied.stdout)?.[1]
      expect(copied.stdout.trimEnd()).toMatch(new RegExp(`Status: Copied ${from} to oci:${layout}:box$`))
      await daemon().ok('rmi', '-f', 'busybox:test')
      expect((await ours('image', 'copy', '-q', `oci:${layout}:box`, 'store:boxed:1')).stdout).toBe('')
      expect(await daemon().ok('run', '--rm', '--network', 'none', 'boxed:1', 'echo', 'hello')).toBe('hello')
      const back = await ours('image', 'copy', 'docker-daemon:boxed:1', `docker://${registry}/team/back:1`)
      expect(back.stdout).toContain(`Digest: ${digest}\n`)
      const nothing = join(config, 'nothing')
      const failed = await ours('image', 'copy', `docker://${registry}/team/none:1`, `oci:${nothing}`)
      expect(failed).toMatchObject({ exitCode: 1, stdout: '' })
      expect(existsSync(join(nothing, 'index.json'))).toBe(false)
      rmSync(layout, { recursive: true })
    })
  },
  { network: 'shared' },
)

/** Lines of layers that work side by side come in any order. Clients call themselves by different names, and only ours knows hints. */
function settled(text: string): string {
  const lines = text.replace(
    /^(?:[0-9a-f]{12}: .*\n)+/gm,
    (lines) => `${lines.trimEnd().split('\n').toSorted().join('\n')}\n`,
  )
  return lines.replaceAll(/^[0-9a-f]{12}: (Waiting|Download complete|Verifying Checksum)\n/gm, '')
}

function withoutNames(text: string): string {
  return text
    .replaceAll(/^hint: .*\n/gm, '')
    .replaceAll('mini-docker', 'docker')
    .replaceAll('SRun', 'Run')
}

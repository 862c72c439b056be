/** A teacher's machine serves its images, and students pull them with the clients that they have: skopeo, podman, docker, and ours. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256 } from '../harness/archive.ts'
import { must, run, type Result } from '../harness/command.ts'
import { repository } from '../harness/daemon.ts'
import { Dockerd } from '../harness/dockerd.ts'
import { eventually } from '../harness/eventually.ts'
import { BUSYBOX, busyboxArchive } from '../harness/images.ts'
import { describeWith } from '../harness/requires.ts'
import { onDocker } from './suite.ts'

const NODE = join(repository, 'node_modules/.bin/node')
const program = (name: string) => [NODE, '--', join(repository, `dist/${name}.js`)]
/** `class serve` on a store, until disposed; what it printed so far. */
class Teacher implements AsyncDisposable {
  readonly #child: ChildProcess
  stdout = ''
  stderr = ''

  constructor(root: string, args: readonly string[], inside: readonly string[] = []) {
    const [word = '', ...words] = [...inside, ...program('main'), 'class', 'serve', '--root', root, ...args]
    this.#child = spawn(word, words, { env: { ...process.env, LANG: 'C.UTF-8' } })
    this.#child.stdout?.on('data', (chunk) => (this.stdout += String(chunk)))
    this.#child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)))
  }

  /** `127.0.0.1:PORT`, once it listens. */
  async host(): Promise<string> {
    const found = () => /https?:\/\/(\S+:\d+)/.exec(this.stdout)?.[1]
    await eventually(`class serve listens: ${this.stderr}`, () => Promise.resolve(found() !== undefined))
    return found() ?? ''
  }

  /** Its exit code after Ctrl-C. */
  async interrupt(): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode
    const ended = new Promise<number | null>((resolve) => this.#child.once('exit', (code) => resolve(code)))
    this.#child.kill('SIGINT')
    return await ended
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.interrupt()
  }
}

type Student = AsyncDisposable & { cli: (...args: string[]) => Promise<Result> }

/** A machine in the room: a daemon of ours with this daemon.json, which loopback and the environment do not help. */
async function startStudent(home: string, config: string): Promise<Student> {
  const socket = join(home, 'docker.sock')
  const roots = ['--data-root', join(home, 'data'), '--run-root', join(home, 'run'), '--socket', socket]
  const [word = '', ...words] = [...program('main'), 'daemon', '--config-file', config, ...roots]
  const child = spawn(word, words, { stdio: 'ignore' })
  await eventually('the student’s daemon answers', () => Promise.resolve(existsSync(socket)))
  return {
    cli: (...args) => run([...program('main'), '-H', `unix://${socket}`, ...args]),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

if (!onDocker) {
  describeWith(['root', 'built', 'skopeo', 'busybox'], 'class serve', () => {
    let directory: string
    let root: string
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'mini-docker-class-'))
      root = join(directory, 'store')
      await must([...program('image'), '--root', root, 'load', busyboxArchive()])
      await must([...program('image'), '--root', root, 'tag', BUSYBOX, 'alpine:3.20'])
    })
    afterAll(() => rmSync(directory, { recursive: true, force: true }))

    const digest = async (): Promise<string> => {
      const [image] = JSON.parse(`[${await must([...program('image'), '--root', root, 'inspect', BUSYBOX])}]`) as [
        { manifestDigest: string },
      ]
      return image.manifestDigest
    }
    const fresh = (name: string): string => {
      const path = mkdtempSync(join(directory, `${name}-`))
      mkdirSync(path, { recursive: true })
      return path
    }

    test('skopeo lists, inspects and copies under both names, and cannot push', async () => {
      await using teacher = new Teacher(root, ['--listen', '127.0.0.1:0'])
      const host = await teacher.host()
      const tls = '--tls-verify=false'
      expect(JSON.parse(await must(['skopeo', 'list-tags', tls, `docker://${host}/alpine`]))).toMatchObject({
        Tags: ['3.20'],
      })
      for (const name of ['alpine:3.20', 'library/alpine:3.20', `alpine@${await digest()}`]) {
        const format = ['--format', '{{.Digest}}']
        expect((await must(['skopeo', 'inspect', tls, ...format, `docker://${host}/${name}`])).trim()).toBe(
          await digest(),
        )
        const target = fresh('dir')
        await must(['skopeo', 'copy', '--src-tls-verify=false', `docker://${host}/${name}`, `dir:${target}`])
        const manifest = readFileSync(join(target, 'manifest.json'))
        expect(`sha256:${sha256(manifest)}`).toBe(await digest())
        const blobs = readdirSync(target).filter((file) => /^[0-9a-f]{64}$/.test(file))
        expect(blobs).toHaveLength(2)
        for (const blob of blobs) expect(sha256(readFileSync(join(target, blob)))).toBe(blob)
      }
      const push = ['--dest-tls-verify=false', `oci:${root}:alpine:3.20`, `docker://${host}/new:1`]
      const refused = await run(['skopeo', 'copy', ...push])
      expect(refused.exitCode).not.toBe(0)
      expect(refused.stderr).toMatch(/405|read-only|unsupported/i)
      expect(await teacher.interrupt()).toBe(0)
      expect(teacher.stdout).toMatch(/127\.0\.0\.1  alpine:3\.20  [\d.]+MB  2 blobs  [\d.]+ s  skopeo\//)
      expect(teacher.stdout).toMatch(/Stopped after \d+ pulls/)
    })

    test('the lines for students name the address; in Japanese with --lang ja; -q prints the address alone', async () => {
      await using teacher = new Teacher(root, ['--listen', '127.0.0.1:0', '--lang', 'ja', 'alpine'])
      const host = await teacher.host()
      expect(teacher.stdout).toContain(`"registry-mirrors":["http://${host}"],"insecure-registries":["${host}"]`)
      expect(teacher.stdout).toContain('受講者')
      expect(teacher.stdout).toContain('sudo docker pull alpine:3.20')
      expect(teacher.stdout).not.toContain('busybox')
      await using quiet = new Teacher(root, ['--listen', '127.0.0.1:0', '-q'])
      const address = await quiet.host()
      expect(await quiet.interrupt()).toBe(0)
      expect(quiet.stdout).toBe(`http://${address}\n`)
    })

    test.each([
      [['--listen', 'x:y'], /must look like/],
      [['--tls-cert', '/none'], /--tls-cert and --tls-key/],
      [['--tls-cert', '/none', '--tls-key', '/none'], /cannot read \/none/],
      [['--listen', '127.0.0.1:0', 'nothing:here'], /No such image: nothing:here/],
      [['--root', '/proc'], /no images of mini-docker in \/proc/],
      [['--lang', 'fr'], /must be "en" or "ja"/],
    ])('%j is refused', async (args, message) => {
      const result = await run([...program('main'), 'class', 'serve', '--root', root, ...args])
      expect(result.exitCode).not.toBe(0)
      expect(result.stderr).toMatch(message)
    })

    test('mini-docker pulls by name and, set up with the line that students type, through the teacher as a mirror', async () => {
      await using teacher = new Teacher(root, ['--listen', '127.0.0.1:0'])
      const host = await teacher.host()
      await eventually('the lines are there', () =>
        Promise.resolve(teacher.stdout.includes('tee /etc/mini-docker/daemon.json')),
      )
      const settings = /echo '(.+)' \| sudo tee \/etc\/mini-docker\/daemon\.json/.exec(teacher.stdout)?.[1] ?? ''
      const home = fresh('student')
      const config = join(home, 'daemon.json')
      writeFileSync(config, settings)
      await using student = await startStudent(home, config)
      for (const name of ['alpine:3.20', `${host}/library/alpine:3.20`, `${host}/alpine@${await digest()}`]) {
        const pulled = await student.cli('pull', name)
        expect(pulled, pulled.stderr).toMatchObject({ exitCode: 0 })
        expect(pulled.stdout).toContain(`Digest: ${await digest()}`)
      }
      expect(await student.cli('run', '--rm', '--network', 'none', 'alpine:3.20', 'echo', 'pulled')).toMatchObject({
        stdout: 'pulled\n',
      })
      expect((await student.cli('push', `${host}/library/alpine:3.20`)).stderr).toMatch(/read-only/)
    })

    describeWith(['podman'], 'with podman', () => {
      test('podman pulls by both names', async () => {
        await using teacher = new Teacher(root, ['--listen', '127.0.0.1:0'])
        const host = await teacher.host()
        const home = fresh('podman')
        const podman = [
          'podman',
          '--root',
          join(home, 'root'),
          '--runroot',
          join(home, 'run'),
          '--storage-driver',
          'vfs',
          '--cgroup-manager',
          'cgroupfs',
        ]
        for (const name of ['alpine:3.20', 'library/alpine:3.20']) {
          await must([...podman, 'pull', '-q', '--tls-verify=false', `${host}/${name}`])
          const shown = await must([...podman, 'image', 'inspect', '--format', '{{.Digest}}', `${host}/${name}`])
          expect(shown.trim()).toBe(await digest())
        }
      })
    })

    describeWith(['docker', 'dockerd', 'nsenter'], 'with docker', () => {
      let dockerd: Dockerd
      let socket: string
      beforeAll(async () => {
        const home = fresh('dockerd')
        socket = join(home, 'docker.sock')
        dockerd = await Dockerd.start(home, socket, 'own', { 'registry-mirrors': ['http://127.0.0.1:5000'] })
      })
      afterAll(() => dockerd.stop('SIGTERM'))
      const docker = (...args: string[]) => run(['docker', '-H', `unix://${socket}`, ...args])

      test('docker pulls by name, by digest and through the teacher as a mirror of docker.io; a push is refused', async () => {
        // A network of its own: port 5000 is free there, and nothing leads out.
        await using teacher = new Teacher(
          root,
          ['--listen', '127.0.0.1:5000'],
          ['nsenter', '--net', '-t', String(dockerd.pid)],
        )
        const host = await teacher.host()
        for (const name of [
          `${host}/alpine:3.20`,
          `${host}/library/alpine:3.20`,
          `${host}/alpine@${await digest()}`,
          'alpine:3.20',
        ]) {
          const pulled = await docker('pull', name)
          expect(pulled, pulled.stderr).toMatchObject({ exitCode: 0 })
          expect(pulled.stdout).toContain(`Digest: ${await digest()}`)
        }
        const absent = await docker('pull', `${host}/none:1`)
        expect(absent.stderr).toMatch(/none/)
        expect(absent.exitCode).toBe(1)
        await docker('tag', 'alpine:3.20', `${host}/mine:1`)
        expect((await docker('push', `${host}/mine:1`)).stderr).toMatch(/read-only|unsupported/i)
        await teacher.interrupt()
        expect(teacher.stdout).toMatch(/127\.0\.0\.1  alpine:3\.20  .*docker\//)
      })
    })
  })
}

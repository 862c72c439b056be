/**
 * `class pack`, and what it is for: a machine without a network and without Node unpacks one file and runs containers. The machine is a
 * network, mount and pid namespace of its own; the pack is made on a daemon of the tests.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileDigest } from '../harness/archive.ts'
import { must, run } from '../harness/command.ts'
import { repository, startDaemon, type Daemon } from '../harness/daemon.ts'
import { eventually } from '../harness/eventually.ts'
import { BUSYBOX, busyboxArchive, CONFIGURED, configuredArchive } from '../harness/images.ts'
import { describeWith } from '../harness/requires.ts'
import { onDocker } from './suite.ts'

/** Everything a machine has, but no Node: PATH is a directory of links. */
function pathWithoutNode(directory: string): string {
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  for (const from of ['/usr/sbin', '/usr/bin', '/sbin', '/bin']) {
    const names = readdirSync(from).filter((name) => !/^(?:node|nodejs|npm|npx|pnpm|corepack)$/.test(name))
    for (const name of names) if (!existsSync(join(bin, name))) tryLink(join(from, name), join(bin, name))
  }
  return bin
}

function tryLink(target: string, path: string): void {
  try {
    symlinkSync(target, path)
  } catch {
    // A link to nothing is in the way: as good as none.
  }
}

if (!onDocker) {
  describeWith(['root', 'built', 'git', 'unshare', 'busybox'], 'class pack', () => {
    let directory: string
    let daemon: Daemon
    let pack: string
    let path: string
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'mini docker pack '))
      path = pathWithoutNode(directory)
      daemon = await startDaemon()
      for (const archive of [busyboxArchive(), configuredArchive()]) await daemon.ok('load', '-i', archive)
      pack = join(directory, 'class.tar')
      const made = await daemon.cli(['class', 'pack', pack, BUSYBOX], { env: { LANG: 'C' }, timeoutMs: 120_000 })
      expect(made, made.stderr).toMatchObject({ exitCode: 0, stdout: '' })
      expect(made.stderr).toMatch(
        /Packed the program and 1 image name into .*class\.tar \([\d.]+MB\)\.\nThis pack runs on linux\//,
      )
    }, 200_000)
    afterAll(async () => {
      await daemon[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    })

    const list = async (file: string): Promise<string[]> => (await must(['tar', 'tf', file])).trim().split('\n')

    /** A shell on a machine of its own: no network, no images, no daemon, nothing in HOME; ends with all that it started. */
    const elsewhere = (script: string) => {
      const setUp = 'mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib && mkdir "$HOME" && exec sh -euc "$1"'
      const apart = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
      const home = mkdtempSync(join(directory, 'machine '))
      const env = ['env', '-i', `PATH=${path}`, `HOME=${home}/home`, `PACK=${pack}`]
      return run([...env, ...apart, 'sh', '-euc', setUp, 'sh', script], { cwd: home, timeoutMs: 150_000 })
    }

    test('unpacked without network, Node and home, it runs a container at once, loads its images, and packs the same file again', async () => {
      const result = await elsewhere(`
        ! command -v node
        test "$(grep -c : /proc/net/dev)" = 1
        tar xf "$PACK" && cd mini-docker-class
        ./mini-docker run --rm demo echo hi
        ./mini-docker load -i images.tar
        ./mini-docker run --rm ${BUSYBOX} echo from the image
        ./mini-docker class pack -q ../again.tar ${BUSYBOX}
        cmp "$PACK" ../again.tar && echo equal`)
      expect(result, result.stderr).toMatchObject({ exitCode: 0 })
      expect(result.stderr).toMatch(/^This pack runs on [^\n]+\n$/)
      expect(result.stdout).toBe(`hi\nLoaded image: ${BUSYBOX}\nfrom the image\nequal\n`)
    })

    test('a learner changes a source, and the next run builds it, without network and Node', async () => {
      const result = await elsewhere(`
        tar xf "$PACK" && cd mini-docker-class
        sed -i "s/'mini-docker'/'my-docker'/" packages/mini-docker/src/cli/errors.ts
        ./mini-docker ps --no-such-flag || true`)
      expect(result.stderr).toMatch(/mini-docker: built \d+ files/)
      expect(result.stderr).toMatch(/Usage: {2}my-docker ps/)
    })

    test('it holds every file of the repository, the licences, and no more than that', async () => {
      const names = (await list(pack)).map((name) => name.replace(/^mini-docker-class\//, ''))
      const tracked = execFileSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' }).trim().split('\n')
      expect(tracked.filter((file) => existsSync(join(repository, file)) && !names.includes(file))).toEqual([])
      expect(
        names.filter((name) => /(?:^|\/)(?:\.git|\.cache|dist\/cache|\.modules\.yaml|\.env)(?:\/|$)/.test(name)),
      ).toEqual([])
      expect(names.filter((name) => /^\/|(?:^|\/)\.\.(?:\/|$)/.test(name))).toEqual([])
      for (const tool of ['vitest', 'typescript', 'oxlint'])
        expect(names.filter((name) => name.includes(`/${tool}/`))).toEqual([])
      for (const licence of [/node-linux-\w+\/LICENSE$/, /zod\/LICENSE$/, /koffi\/LICENSE\S*$/, /commander\/LICENSE$/])
        expect(
          names.some((name) => licence.test(name)),
          String(licence),
        ).toBe(true)
      const pages = ['THIRD-PARTY.md', 'START-HERE.md', 'START-HERE.ja.md'].map((name) => `mini-docker-class/${name}`)
      await must(['tar', '-C', directory, '-xf', pack, ...pages])
      const [licences = '', en, ja] = pages.map((name) => readFileSync(join(directory, name), 'utf8'))
      expect(licences).toMatch(/\| node-linux-\w+ \| 24\.\d+\.\d+ \| MIT \| node_modules\//)
      for (const page of [en, ja]) expect(page).toContain('    sudo ./mini-docker load -i images.tar\n')
      expect(ja).toContain('ネットワークのない授業')
    })

    test('- writes the same to standard output, .tgz the same compressed; in Japanese where the locale is', async () => {
      const [piped, tgz] = [join(directory, 'piped.tar'), join(directory, 'x.tgz')]
      const env = { LANG: 'ja_JP.UTF-8' }
      const command = ['sh', '-c', '"$@" >"$0"', piped, ...daemon.argv('class', 'pack', '-', BUSYBOX)]
      const result = await run(command, { env })
      expect(result, result.stderr).toMatchObject({ exitCode: 0 })
      expect(result.stderr).toMatch(/イメージ（名前 1 個）/)
      expect(fileDigest(piped)).toBe(fileDigest(pack))
      await must(daemon.argv('class', 'pack', tgz, BUSYBOX), { env })
      await must(['sh', '-c', 'gzip -dc "$0" | cmp - "$1"', tgz, pack])
    })

    test.each([
      [['x.zip'], /must end in \.tar, \.tar\.gz or \.tgz/],
      [['/nowhere/x.tar'], /open \/nowhere\/x\.tar: no such file or directory/],
      [['x.tar', 'none:here'], /No such image: none:here/],
      [[], /requires at least 1 argument/],
    ])('class pack %j is refused and leaves nothing', async (args, message) => {
      const cwd = mkdtempSync(join(directory, 'refused '))
      const result = await daemon.cli(['class', 'pack', ...args], { cwd })
      expect(result.exitCode).not.toBe(0)
      expect(result.stderr).toMatch(message)
      expect(readdirSync(cwd)).toEqual([])
    })

    test('interrupted, it leaves nothing and ends with 130', async () => {
      const cwd = mkdtempSync(join(directory, 'interrupted '))
      const [word = '', ...words] = daemon.argv('class', 'pack', 'x.tgz')
      const child = spawn(word, words, { cwd, stdio: 'ignore' })
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
      await eventually('it writes', () => Promise.resolve(readdirSync(cwd).length > 0))
      child.kill('SIGINT')
      expect(await ended).toBe(130)
      expect(readdirSync(cwd)).toEqual([])
    })

    test('save --all has every image with all its names, and refuses names beside it', async () => {
      await daemon.ok('tag', BUSYBOX, 'other/name:2')
      const [one, two] = [join(directory, 'all.tar'), join(directory, 'all2.tar')]
      await daemon.ok('save', '--all', '-o', one)
      await daemon.ok('image', 'save', '-a', '-o', two)
      expect(fileDigest(one)).toBe(fileDigest(two))
      const manifest = JSON.parse(await must(['tar', 'xOf', one, 'manifest.json'])) as { RepoTags: string[] }[]
      expect(manifest.flatMap(({ RepoTags }) => RepoTags).toSorted()).toEqual(
        [BUSYBOX, CONFIGURED, 'other/name:2'].toSorted(),
      )
      expect((await daemon.cli(['save', '--all', BUSYBOX, '-o', two])).stderr).toMatch(
        /--all takes no further arguments/,
      )
      expect((await daemon.cli(['save', '-o', two])).stderr).toMatch(/requires at least 1 argument/)
    })
  })
}

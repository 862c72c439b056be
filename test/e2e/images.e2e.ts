/** Real images: a Debian in every archive format, saved, shared and looked at with other people's tools. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONFIGURED, DEBIAN, configuredArchive, debianArchive, type DebianFormat } from '../harness/images.ts'
import { has, sharedImages } from '../harness/requires.ts'
import { Terminal } from '../harness/terminal.ts'
import { inspect, onDocker, suite } from './suite.ts'

const TOOLS = ['skopeo', 'umoci', 'mmdebstrap', 'zstd', 'setcap']

const debian = (...command: string[]) => ['--rm', '--network', 'none', DEBIAN, ...command]

suite('a Debian image', [...TOOLS, 'tmux'], (daemon) => {
  beforeAll(async () => {
    await daemon().ok('load', '-q', '-i', debianArchive('docker'))
  })
  test('dpkg, perl and apt work', async () => {
    expect(await daemon().ok('run', ...debian('sh', '-c', 'dpkg -l | tail -n +6 | wc -l'))).toMatch(/^[1-9]\d+$/)
    expect(await daemon().ok('run', ...debian('perl', '-e', 'print 6 * 7, "\\n"'))).toBe('42')
    expect(await daemon().ok('run', ...debian('apt-get', '--version'))).toMatch(/^apt \d/)
    expect(
      await daemon().ok(
        'run',
        ...debian('sh', '-c', 'dpkg --verify perl-base apt libc-bin | grep -v /usr/share/ || true'),
      ),
    ).toBe('')
  })

  test('whiteouts hide, opaque directories replace, file capabilities and setuid bits stay', async () => {
    expect(
      await daemon().ok(
        'run',
        ...debian(
          'sh',
          '-c',
          'test -e /usr/share/doc/bash || echo gone; ls /usr/share/man; stat -c %a /usr/bin/passwd /tmp',
        ),
      ),
    ).toBe('gone\nREADME\n4755\n1777')
    // getxattr(2) by number: Debian's base has no getfattr.
    const getxattr =
      'my ($path, $name, $value) = ("/opt/tools/capable", "security.capability", "\\0" x 64); print "capable" if syscall(191, $path, $name, $value, 64) > 0'
    const capability = await daemon().ok('run', ...debian('perl', '-e', getxattr))
    expect(process.arch === 'x64' ? capability : 'capable').toBe('capable')
  })

  test('bash has job control on a terminal', async () => {
    await using terminal = await Terminal.open(daemon().argv('run', '-it', ...debian('bash', '--norc')))
    await terminal.waitFor(/bash-\S+# ?$/)
    await terminal.line('sleep 50 & jobs -l; kill %1; wait %1; echo status""-$?')
    const screen = await terminal.waitFor(/^status-143$/m)
    expect(screen).toMatch(/\[1\]\+ +\d+ Running +sleep 50/)
    expect(screen).not.toMatch(/no job control/)
    await terminal.line('exit 2')
    expect(await terminal.exitCode()).toBe(2)
  })

  test.skipIf(onDocker).each<DebianFormat>(['docker.gz', 'oci.gzip', 'oci.zstd', 'oci.plain'])(
    'as %s it is the same file system, and layers already there are not unpacked again',
    async (format) => {
      const layers = () => readdirSync(join(daemon().dataRoot, 'layers')).filter((name) => /^[0-9a-f]{64}$/.test(name))
      await daemon().ok('run', ...debian('true'))
      const before = layers()
      await daemon().ok('load', '-q', '-i', debianArchive(format))
      expect(
        await daemon().ok(
          'run',
          ...debian('sh', '-c', 'cat /usr/share/man/README; dpkg --verify apt | grep -v /usr/share/; echo verified'),
        ),
      ).toBe('the manual pages are gone\nverified')
      expect(layers().toSorted()).toEqual(before.toSorted())
    },
  )

  test('history has a line for each layer', async () => {
    expect((await daemon().ok('history', '-q', DEBIAN)).split('\n').length).toBeGreaterThanOrEqual(4)
  })
})

suite('images', ['skopeo'], (daemon) => {
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mini-docker-images-'))
    await daemon().ok('load', '-q', '-i', configuredArchive())
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('images, tag and rmi count names as docker does', async () => {
    await daemon().ok('tag', CONFIGURED, 'other.example/team/name:v1')
    expect(await daemon().ok('images', '--format', '{{.Repository}}:{{.Tag}}')).toMatch(
      /^other\.example\/team\/name:v1$/m,
    )
    expect(await daemon().ok('rmi', 'other.example/team/name:v1')).toBe('Untagged: other.example/team/name:v1')
    expect(
      await inspect(daemon(), CONFIGURED, '{{.Config.User}} {{.Config.StopSignal}} {{json .Config.Entrypoint}}'),
    ).toBe('alice:staff SIGUSR1 ["/entry.sh","from-entrypoint"]')
  })

  test('an image in use is not removed without -f', async () => {
    await daemon().ok('create', '--name', 'user', '--network', 'none', CONFIGURED)
    const refused = await daemon().cli(['rmi', CONFIGURED])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toMatch(/conflict.*container [0-9a-f]{12} is using/s)
  })

  test('what is saved, skopeo reads, and load takes back under the same id', async () => {
    const path = join(directory, 'saved.tar')
    await daemon().ok('save', '-o', path, CONFIGURED)
    const id = await inspect(daemon(), CONFIGURED, '{{.Id}}')
    const seen = JSON.parse(
      execFileSync('skopeo', ['inspect', '--config', `docker-archive:${path}:${CONFIGURED}`], { encoding: 'utf8' }),
    ) as { config: { User: string } }
    expect(seen.config.User).toBe('alice:staff')
    await daemon().ok('rmi', CONFIGURED)
    expect(await daemon().ok('load', '-i', path)).toContain(`Loaded image: ${CONFIGURED}`)
    expect(await inspect(daemon(), CONFIGURED, '{{.Id}}')).toBe(id)
  })

  test.skipIf(onDocker)('the data root is an OCI layout that skopeo reads as it is', async () => {
    const index = JSON.parse(execFileSync('cat', [join(daemon().dataRoot, 'index.json')], { encoding: 'utf8' })) as {
      manifests: { annotations?: Record<string, string> }[]
    }
    const names = index.manifests.flatMap(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? [])
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) execFileSync('skopeo', ['inspect', '--raw', `oci:${daemon().dataRoot}:${name}`])
  })

  test('import makes an image of a tree, with changes', async () => {
    const tree = execFileSync(
      'tar',
      [
        '-xOf',
        configuredArchive(),
        (
          JSON.parse(execFileSync('tar', ['-xOf', configuredArchive(), 'manifest.json'], { encoding: 'utf8' })) as {
            Layers: string[]
          }[]
        )[0]!.Layers[0]!,
      ],
      { maxBuffer: 1 << 28 },
    )
    const result = await daemon().cli(
      ['import', '-c', 'CMD ["echo","imported"]', '-m', 'from a tree', '-', 'imported:1'],
      { input: tree },
    )
    expect(result.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
    expect(await daemon().ok('run', '--rm', '--network', 'none', 'imported:1')).toBe('imported')
  })

  test.skipIf(onDocker || !has('shared-images'))('official images run', async () => {
    const archives = readdirSync(sharedImages).filter((name) => name.endsWith('.oci.tar'))
    for (const archive of archives) {
      const loaded = await daemon().ok('load', '-i', join(sharedImages, archive))
      const image = /Loaded image(?: ID)?: (\S+)/.exec(loaded)?.[1]
      expect(image, archive).toBeDefined()
      const command = archive.startsWith('hello') ? [] : ['sh', '-c', 'echo Hello']
      expect(await daemon().ok('run', '--rm', '--network', 'none', image!, ...command), archive).toContain('Hello')
    }
  })
})

if (!onDocker) {
  suite('demo', [], (daemon) => {
    test('is made from this machine’s own files, and runs', async () => {
      expect(await daemon().ok('run', '--rm', 'demo', 'echo', 'hello')).toBe('hello')
      expect(await daemon().ok('run', '--rm', 'demo', 'sh', '-c', 'ls / | tr "\\n" " "; ps; id -u')).toMatch(
        /bin .*proc.*\n0$/s,
      )
    })
  })
}

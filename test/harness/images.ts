/**
 * The images that the tests run, made on this machine from Debian's packages and kept in a cache, because a Debian root filesystem takes
 * half a minute. Each function returns the path of an archive for `load`.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { packDirectory, writeDockerArchive, type ImageConfig } from './archive.ts'
import { findProgram } from './requires.ts'

export const BUSYBOX = 'busybox:test'
export const CONFIGURED = 'configured:test'
export const DEBIAN = 'debian:test'

/** `busybox:test`: one layer, a static busybox with its applets, users and groups. Cmd `sh`. */
export function busyboxArchive(): string {
  return cached('busybox.docker.tar', (path) => {
    writeDockerArchive(path, BUSYBOX, [busyboxLayer()], { Cmd: ['sh'], Env: [PATH] })
  })
}

/** `configured:test`: every field of the config that `run` must honour, over two layers. */
export function configuredArchive(): string {
  return cached('configured.docker.tar', (path) => {
    writeDockerArchive(path, CONFIGURED, [busyboxLayer(), configuredLayer()], {
      User: 'alice:staff',
      Entrypoint: ['/entry.sh', 'from-entrypoint'],
      Cmd: ['from-cmd'],
      Env: [PATH, 'GREETING=hello from the image', 'EMPTY='],
      WorkingDir: '/work/deep',
      Volumes: { '/data': {} },
      StopSignal: 'SIGUSR1',
      Labels: { 'org.example.kind': 'configured' },
    })
  })
}

export type DebianFormat = 'docker' | 'docker.gz' | 'oci.gzip' | 'oci.zstd' | 'oci.plain'

/** `debian:test`: a Debian with apt and perl (about 160 MB) in four layers, with a whiteout, an opaque directory and file capabilities. */
export function debianArchive(format: DebianFormat): string {
  return cached(`debian.${format}.tar`, (path) => {
    const layout = debianLayout()
    if (format === 'docker') skopeo(`oci:${layout}:debian`, `docker-archive:${path}:${DEBIAN}`)
    else if (format === 'docker.gz')
      writeFileSync(path, execFileSync('gzip', ['-1c', debianArchive('docker')], { maxBuffer: 1 << 30 }))
    else if (format === 'oci.gzip') skopeo(`oci:${layout}:debian`, `oci-archive:${path}:${DEBIAN}`)
    else if (format === 'oci.zstd') {
      skopeo(
        '--dest-compress-format',
        'zstd',
        `docker-archive:${debianArchive('docker')}`,
        `oci-archive:${path}:${DEBIAN}`,
      )
    } else
      skopeo(
        '--dest-oci-accept-uncompressed-layers',
        `docker-archive:${debianArchive('docker')}`,
        `oci-archive:${path}:${DEBIAN}`,
      )
  })
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const USERS = [
  'root:x:0:0:root:/root:/bin/sh',
  'nobody:x:65534:65534:nobody:/:/bin/false',
  'alice:x:1000:1000::/home/alice:/bin/sh',
  '',
]
const GROUPS = ['root:x:0:', 'nogroup:x:65534:', 'alice:x:1000:', 'staff:x:50:', 'wheel:x:10:alice', '']

function busyboxLayer(): Buffer {
  return withDirectory((root) => {
    for (const directory of ['bin', 'etc', 'home/alice', 'proc', 'root', 'sys', 'dev', 'tmp', 'usr', 'var']) {
      mkdirSync(join(root, directory), { recursive: true })
    }
    const busybox = findProgram('busybox')
    if (busybox === undefined) throw new Error('no busybox: apt-get install busybox-static')
    copyFileSync(busybox, join(root, 'bin/busybox'))
    const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')
    // Hard links, as Docker's own busybox image has them.
    for (const applet of applets)
      if (applet !== 'busybox') execFileSync('ln', [join(root, 'bin/busybox'), join(root, 'bin', applet)])
    writeFileSync(join(root, 'etc/passwd'), USERS.join('\n'))
    writeFileSync(join(root, 'etc/group'), GROUPS.join('\n'))
    execFileSync('chmod', ['1777', join(root, 'tmp')])
    return packDirectory(root)
  })
}

function configuredLayer(): Buffer {
  return withDirectory((root) => {
    mkdirSync(join(root, 'work/deep'), { recursive: true })
    mkdirSync(join(root, 'data'))
    writeFileSync(join(root, 'data/seed'), 'from the image\n')
    // Tells the test each thing it was given, then waits for the image's own stop signal.
    const script = [
      '#!/bin/sh',
      'echo "args $*"',
      'echo "user $(id -u):$(id -g) groups $(id -G)"',
      'echo "cwd $(pwd)"',
      'echo "greeting $GREETING home $HOME empty ${EMPTY-unset}"',
      'echo "seed $(cat /data/seed)"',
      "trap 'echo stopped by SIGUSR1; exit 9' USR1",
      'if [ "$2" = wait ]; then echo ready; while :; do sleep 0.1; done; fi',
      '',
    ]
    writeFileSync(join(root, 'entry.sh'), script.join('\n'), { mode: 0o755 })
    return packDirectory(root)
  })
}

/** An OCI layout made by umoci, so that layers, whiteouts and digests are somebody else's work. */
function debianLayout(): string {
  return cached('debian.layout', (layout) => {
    withDirectory((scratch) => {
      const rootfs = join(scratch, 'rootfs.tar')
      // No mirror of ours: the machine's own sources.
      const sources = ['/etc/apt/sources.list', ...list('/etc/apt/sources.list.d')].filter(
        (file) => /\.(list|sources)$/.test(file) && existsSync(file),
      )
      execFileSync('mmdebstrap', ['--variant=apt', '--quiet', debianRelease(), rootfs, ...sources], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const image = `${layout}:debian`
      umoci('init', '--layout', layout)
      umoci('new', '--image', image)
      umoci('raw', 'add-layer', '--image', image, rootfs)
      mkdirSync(join(scratch, 'opt/tools'), { recursive: true })
      writeFileSync(join(scratch, 'opt/tools/capable'), readFileSync('/bin/true'), { mode: 0o755 })
      execFileSync(findProgram('setcap') ?? 'setcap', ['cap_net_raw+ep', join(scratch, 'opt/tools/capable')])
      umoci('insert', '--image', image, join(scratch, 'opt'), '/opt')
      umoci('insert', '--image', image, '--whiteout', '/usr/share/doc/bash')
      mkdirSync(join(scratch, 'man'))
      writeFileSync(join(scratch, 'man/README'), 'the manual pages are gone\n')
      umoci('insert', '--image', image, '--opaque', join(scratch, 'man'), '/usr/share/man')
      umoci(
        'config',
        '--image',
        image,
        '--config.cmd',
        '/bin/bash',
        '--config.env',
        PATH,
        '--config.label',
        'org.example.kind=debian',
      )
    })
  })
}

function debianRelease(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable'
}

function umoci(...args: string[]): void {
  execFileSync('umoci', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function skopeo(...args: string[]): void {
  execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : []
}

/** Made once for each version of this file; written under another name first, so that an interrupted run leaves nothing half made. */
function cached(name: string, make: (path: string) => void): string {
  const path = join(cacheDirectory(), name)
  if (existsSync(path)) return path
  const temporary = `${path}.${process.pid}`
  try {
    make(temporary)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return path
}

function cacheDirectory(): string {
  const recipe = createHash('sha256')
  for (const file of ['images.ts', 'archive.ts']) recipe.update(readFileSync(join(import.meta.dirname, file)))
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const directory = join(base, 'mini-docker-test-images', recipe.digest('hex').slice(0, 12))
  mkdirSync(directory, { recursive: true })
  return directory
}

function withDirectory<T>(body: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-image-'))
  try {
    return body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export type { ImageConfig }

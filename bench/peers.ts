/** What can be measured here, and how each peer is told to run the same `true` in the same busybox. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, globSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon, type Daemon } from '../test/harness/daemon.ts'
import { Dockerd } from '../test/harness/dockerd.ts'
import { peerPath } from '../test/harness/requires.ts'
import { BUSYBOX, busyboxArchive } from '../test/harness/images.ts'
import { ociConfig } from './oci-config.ts'

export type Peers = {
  ours: Daemon
  docker: Dockerd | undefined
  podman: string | undefined
  /** The words that start crun. On a hybrid cgroup layout it runs where the v2 mount is hidden, since it refuses such a layout. */
  crun: string[] | undefined
  /** A bundle with rootfs/ and config.json, for runc, crun and bubblewrap. */
  bundle: string
  runc: string[] | undefined
  bwrap: string | undefined
  /** Debian packages of what is missing. */
  missing: string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts our daemon and dockerd, and loads the image everywhere. `scratch` is an empty directory; the network namespace is the bench's own. */
export async function startPeers(scratch: string): Promise<Peers> {
  const path = peerPath()
  const find = (program: string): string | undefined =>
    path
      .split(':')
      .map((directory) => join(directory, program))
      .find((file) => existsSync(file))
  const missing = [
    ['docker.io', find('dockerd')],
    ['podman', find('podman')],
    ['runc', find('runc')],
    ['crun', find('crun')],
    ['bubblewrap', find('bwrap')],
  ].flatMap(([name, program]) => (program === undefined ? [name!] : []))

  // What was started ends also when the next one does not start.
  await using started = new AsyncDisposableStack()
  const ours = started.use(await startDaemon({}, { network: 'shared' }))
  await ours.ok('load', '-q', '-i', busyboxArchive())
  let docker: Dockerd | undefined
  if (find('dockerd') !== undefined && find('docker') !== undefined) {
    mkdirSync(join(scratch, 'docker'))
    docker = await Dockerd.start(join(scratch, 'docker'), join(scratch, 'docker', 'docker.sock'), 'host')
    started.adopt(docker, (daemon) => daemon.stop('SIGTERM'))
    execFileSync('docker', ['-H', `unix://${docker.socket}`, 'load', '-q', '-i', busyboxArchive()], { stdio: 'ignore' })
  }
  const podman = find('podman')
  if (podman !== undefined)
    execFileSync(podman, [...podmanOptions(scratch, path), 'load', '-q', '-i', busyboxArchive()], {
      stdio: 'ignore',
      env: { ...process.env, PATH: path },
    })
  const hybrid = await withoutUnified()
  started.defer(() => void hybrid?.kill())
  const bundle = makeBundle(scratch)
  const held = started.move()
  return {
    ours,
    docker,
    podman,
    bundle,
    runc: words(find('runc')),
    crun:
      hybrid === undefined
        ? words(find('crun'))
        : words(find('crun'), ['nsenter', `--mount=/proc/${hybrid.pid}/ns/mnt`, '--']),
    bwrap: find('bwrap'),
    missing,
    async [Symbol.asyncDispose]() {
      await held.disposeAsync()
      removeCgroups()
    },
  }
}

function words(program: string | undefined, before: string[] = []): string[] | undefined {
  return program === undefined ? undefined : [...before, program]
}

/** A process in a mount namespace without the v2 hierarchy of a hybrid layout; nothing where the layout is not hybrid. */
async function withoutUnified(): Promise<ChildProcess | undefined> {
  if (!existsSync('/sys/fs/cgroup/unified')) return undefined
  const child = spawn(
    'unshare',
    ['--mount', 'sh', '-c', 'umount /sys/fs/cgroup/unified && echo ready && exec sleep 86400'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}

/** runc and crun remove their own cgroup and leave its parent. */
function removeCgroups(): void {
  for (const group of globSync(['/sys/fs/cgroup/mini-docker-bench', '/sys/fs/cgroup/*/mini-docker-bench']))
    rmdirSync(group)
}

/** podman on a store of its own, with crun and without systemd. */
export function podmanOptions(scratch: string, path: string): string[] {
  const conmon = path
    .split(':')
    .map((directory) => join(directory, 'conmon'))
    .find((file) => existsSync(file))
  return [
    '--root',
    join(scratch, 'podman/root'),
    '--runroot',
    join(scratch, 'podman/run'),
    '--tmpdir',
    join(scratch, 'podman/tmp'),
    '--storage-driver',
    'overlay',
    '--cgroup-manager',
    'cgroupfs',
    '--events-backend',
    'file',
    '--runtime',
    'runc',
    ...(conmon === undefined ? [] : ['--conmon', conmon]),
  ]
}

/** The image's only layer as a root file system, and the config that docker would have written. */
function makeBundle(scratch: string): string {
  const bundle = join(scratch, 'bundle')
  mkdirSync(join(bundle, 'rootfs'), { recursive: true })
  const manifest = JSON.parse(
    execFileSync('tar', ['-xOf', busyboxArchive(), 'manifest.json'], { encoding: 'utf8' }),
  ) as [{ Layers: [string] }]
  const layer = execFileSync('tar', ['-xOf', busyboxArchive(), manifest[0].Layers[0]], { maxBuffer: 1 << 28 })
  execFileSync('tar', ['-C', join(bundle, 'rootfs'), '-xf', '-'], { input: layer })
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(ociConfig(['true'])))
  return bundle
}

export { BUSYBOX }

/**
 * The filesystem of a container, held open for cp and export while it runs or while it does not. One helper process a container, shared
 * by all who look at it: a second overlay over the same upper directory would be undefined (overlayfs.rst, "Sharing and copying layers").
 * For the same reason the next start waits until all have looked.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import {
  AT_FDCWD,
  LaunchError,
  O_DIRECTORY,
  O_PATH,
  openat,
  UserError,
  type Fd,
  type Held,
  type Step,
} from '@mini-docker/syscall'
import type { Mount } from '@mini-docker/ns'
import { layerDirs, lowerLinks } from '../containers/layers.ts'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { containerMounts } from '../spec/mounts.ts'
import { holdMounts, sourcesOf } from '../volumes/at-start.ts'
import { withReachableDestinations } from '../volumes/destination-links.ts'
import { BARE, ENTER, planRunningView, planStoppedView, WHOLE } from './view-plan.ts'

/** Two directories as descriptors of this process (O_PATH), and a signal for the end: the container is removed by force. */
export type View = AsyncDisposable & { whole: Fd; bare: Fd; aborted: AbortSignal }

/** `closed`: its last user has left, and `gone` will resolve. */
type Shared = {
  held: Held
  whole: Fd
  bare: Fd
  users: number
  closed: boolean
  abort: AbortController
  gone: Promise<void>
}

/** An entry stays until its process is gone: whoever mounts the overlay anew waits for that. */
const views = new WeakMap<Container, Shared>()

/**
 * Opens a container's filesystem; dispose it when done. Needs root.
 * @throws UserError `conflict` for a container that is being removed; SyscallError when the kernel refuses a mount.
 */
export function openView(engine: Engine, container: Container): Promise<View> {
  return container.lock.run(async () => {
    const { status } = container.state
    if (status === 'removing' || status === 'dead' || !engine.containers.has(container.id))
      throw new UserError('conflict', `container ${container.id} is marked for removal`)
    if (views.get(container)?.closed === true) await viewsClosed(container)
    const shared = views.get(container) ?? (await makeShared(engine, container))
    shared.users++
    return viewOf(shared)
  })
}

/** Resolves when nobody looks at the container's filesystem any more. For those who hold its lock: nobody new comes meanwhile. */
export async function viewsClosed(container: Container): Promise<void> {
  await views.get(container)?.gone
}

/** Ends all looking: the streams of those who look break off. */
export async function abortViews(container: Container, why: string): Promise<void> {
  const shared = views.get(container)
  shared?.abort.abort(new UserError('conflict', why))
  await shared?.gone
}

function viewOf(shared: Shared): View {
  let open = true
  return {
    whole: shared.whole,
    bare: shared.bare,
    aborted: shared.abort.signal,
    [Symbol.asyncDispose]: async () => {
      if (!open) return
      open = false
      shared.users--
      if (shared.users > 0) return
      shared.closed = true
      shared.whole[Symbol.dispose]()
      shared.bare[Symbol.dispose]()
      await shared.held.release()
      await shared.gone
    },
  }
}

async function makeShared(engine: Engine, container: Container): Promise<Shared> {
  const running = container.alive
  // Nobody removes or unmounts a volume that is looked at.
  using volumes = running ? new DisposableStack() : await holdMounts(engine, container)
  const held = running ? await holdRunning(engine, container) : await engine.runtime.hold(planView(engine, container))
  try {
    const [whole, bare] = [opened(held, WHOLE), opened(held, BARE)]
    const used = volumes.move()
    const abort = new AbortController()
    const gone = held.ended.then(() => {
      views.delete(container)
      // Whoever still looks did not let go: somebody killed the process.
      abort.abort(
        new UserError('unavailable', `the process that held the files of container ${container.id} was ended`),
      )
      used.dispose()
    })
    gone.catch((error: unknown) => engine.log(`volumes of container ${container.id}: ${String(error)}`))
    const shared: Shared = { held, whole, bare, users: 0, closed: false, abort, gone }
    views.set(container, shared)
    return shared
  } catch (error) {
    await held.release()
    throw error
  }
}

function opened(held: Held, name: string): Fd {
  return openat(AT_FDCWD, `/proc/${held.pid}/fd/${held.results.get(name)}`, O_PATH | O_DIRECTORY)
}

async function holdRunning(engine: Engine, container: Container): Promise<Held> {
  const { pid } = container.state
  try {
    return await engine.runtime.hold(planRunningView(pid), ({ id }) => {
      if (id === ENTER && !isOf(pid, container)) throw ended(container)
    })
  } catch (error) {
    // Its first process has ended between two looks: it is a stopped container now, or will be in a moment.
    if (error instanceof LaunchError && error.code === 'ESRCH') throw ended(container)
    throw error
  }
}

/** A pid can have become another's; the cgroup tells whose it is. */
function isOf(pid: number, container: Container): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`/${container.cgroupPath}`)
  } catch {
    return false
  }
}

function ended({ id }: Container): UserError {
  return new UserError('conflict', `container ${id} has just ended`, { hint: 'try again' })
}

/** The steps that open a container's files: of one that runs a copy of its mounts, of another its overlay. */
export function planView(engine: Engine, container: Container): Step[] {
  if (container.alive) return planRunningView(container.state.pid)
  const { dir, record } = container
  const overlay = {
    layersDir: engine.images.layersDir,
    lower: lowerLinks(engine, record),
    upper: path.join(dir, 'upper'),
    work: path.join(dir, 'work'),
    target: path.join(dir, 'rootfs'),
  }
  return planStoppedView(overlay, mountsOf(engine, container))
}

/**
 * What the last start bound over files in /etc, and the user's mounts. Nothing of the kernel's filesystems, and no tmpfs: it begins empty
 * at each start, so that without processes there is none.
 */
function mountsOf(engine: Engine, { dir, record }: Container): Mount[] {
  const files = ['hosts', 'hostname', 'resolv.conf'].filter((name) => fs.existsSync(path.join(dir, name)))
  const etc = Object.fromEntries(files.map((name) => [`/etc/${name}`, path.join(dir, name)]))
  const layers = [path.join(dir, 'upper'), ...layerDirs(engine, record)]
  const points = withReachableDestinations(sourcesOf(engine, record.mounts), layers)
  const asked = new Set([...points.map(({ destination }) => destination), ...Object.keys(etc)])
  return containerMounts(record.hostConfig, points, etc)
    .filter(({ type, destination }) => type === 'bind' && asked.has(destination))
    .map((mount) => ({ ...mount, options: mount.options.filter((word) => !TRAVELS.test(word)), kind: kindOf(mount) }))
}

/** What is looked at has a mount namespace of its own, and shares no mounts with the host. */
const TRAVELS = /^r?(shared|slave)$/

function kindOf({ source, subpath }: Omit<Mount, 'kind'>): Mount['kind'] {
  const path = subpath === undefined ? source : `${source}/${subpath}`
  return fs.statSync(path).isDirectory() ? 'directory' : 'file'
}

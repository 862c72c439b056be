/**
 * What all end-to-end suites share: one daemon for a file, busybox loaded, and after every test the invariant: with the test's containers removed,
 * the kernel holds nothing that it did not hold before.
 */
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startDaemon, type Daemon, type DaemonPlace } from '../harness/daemon.ts'
import { BUSYBOX, busyboxArchive } from '../harness/images.ts'
import { assertNothingLeft, snapshot, type KernelState } from '../harness/kernel-state.ts'
import { describeWith } from '../harness/requires.ts'

/** True when the tests are being tried on a real dockerd. */
export const onDocker = process.env['MINI_DOCKER_E2E'] === 'docker'

/** A suite over one daemon. `daemon()` is only valid inside tests and hooks. */
export function suite(
  name: string,
  needs: readonly string[],
  body: (daemon: () => Daemon) => void,
  place: DaemonPlace = {},
): void {
  describeWith([...(onDocker ? ['root'] : ['root', 'built']), ...needs], name, () => {
    let daemon: Daemon | undefined
    let before: KernelState
    let running: KernelState
    const current = (): Daemon => {
      if (daemon === undefined) throw new Error('the daemon is not there yet')
      return daemon
    }
    beforeAll(async () => {
      before = snapshot()
      daemon = await startDaemon({}, place)
      await daemon.ok('load', '-q', '-i', busyboxArchive())
      running = snapshot()
    })
    afterEach(async () => {
      await removeContainers(current())
      if (!onDocker) await assertNothingLeft(running, current().pid)
    })
    afterAll(async () => {
      await daemon?.[Symbol.asyncDispose]()
      if (!onDocker) await assertNothingLeft(before)
    })
    body(current)
  })
}

export async function removeContainers(daemon: Daemon): Promise<void> {
  const { json } = await daemon.request('GET', '/containers/json?all=1')
  for (const { Id } of json as { Id: string }[]) await daemon.request('DELETE', `/containers/${Id}?force=1&v=1`)
}

/** The words of `run` in busybox; the network is none, so that real docker does the same. */
export function busybox(...command: string[]): string[] {
  return ['--network', 'none', BUSYBOX, ...command]
}

/** What a shell script prints in a busybox container that is removed afterwards. */
export async function inBusybox(daemon: Daemon, options: readonly string[], script: string): Promise<string> {
  return await daemon.ok('run', '--rm', ...options, ...busybox('sh', '-c', script))
}

/** A container that waits until it is told to end (TERM ends it at once); its id. */
export async function sleeper(daemon: Daemon, ...options: string[]): Promise<string> {
  return await daemon.ok(
    'run',
    '-d',
    ...options,
    ...busybox('sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.1; done"),
  )
}

/** One value of `inspect`, by a Go template. */
export async function inspect(daemon: Daemon, container: string, template: string): Promise<string> {
  return await daemon.ok('inspect', '--format', template, container)
}

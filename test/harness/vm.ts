/** A small VM with cgroup v2, where the project's shared tools have one. */
import { must, run, type Result } from './command.ts'
import { vmRun } from './requires.ts'

let backend: Promise<'--uml' | '--tcg'> | undefined

/**
 * User-mode Linux where it boots (2 s, native speed), else QEMU's emulation (11 s, slow): UML ends at once on processors whose
 * register state is larger than it expects. The first call may build the VM's image, about a minute.
 */
function vmBackend(): Promise<'--uml' | '--tcg'> {
  backend ??= (async () => {
    await must([vmRun, '--build-only'], { timeoutMs: 500_000 })
    const probe = await run([vmRun, '--uml', '--node', 'none', '--', 'true'], { timeoutMs: 60_000 })
    return probe.exitCode === 0 ? '--uml' : '--tcg'
  })()
  return backend
}

/** Runs a bash script as root in a fresh VM. `pack` is a directory to be found at `/opt/mini`. */
export async function runInVm(script: string, { node, pack }: { node: string; pack: string }): Promise<Result> {
  const words = [await vmBackend(), '--timeout', '500', '--node', node, '--pack', `${pack}:/opt/mini`]
  return await run([vmRun, ...words, '--', 'bash', '-c', script], { timeoutMs: 550_000 })
}

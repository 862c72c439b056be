/** Runs steps and then a shell script in a mount namespace of their own, through the launcher. Needs root. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AT_FDCWD,
  call,
  CLONE_NEWNS,
  CLONE_PIDFD,
  encodeProgram,
  launch,
  MS_PRIVATE,
  MS_REC,
  O_CLOEXEC,
  O_CREAT,
  O_WRONLY,
  ref,
  SIGCHLD,
  struct,
  type Call,
  type Step,
  type Where,
} from '../../packages/syscall/src/index.ts'

/** What the script printed on both streams, and how it ended. Rejects with a LaunchError when a call of the steps failed. */
export async function runInside(steps: Step[], script: string): Promise<{ exitCode: number; output: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'inside-'))
  const file = join(directory, 'output')
  try {
    const clone = struct('clone_args', {
      flags: CLONE_NEWNS | CLONE_PIDFD,
      pidfd: { out: 4, as: ['pidfd'] },
      exit_signal: SIGCHLD,
    })
    const program = [
      step('test.clone', 'host', [call('clone3', [clone, 88], { as: 'child' })]),
      step('test.private', 'container', [
        call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
        call('openat', [AT_FDCWD, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600], { as: 'output' }),
        call('dup3', [ref('output'), 1, 0]),
        call('dup3', [ref('output'), 2, 0]),
      ]),
      ...steps,
      step('test.exec', 'container', [
        call('execve', [
          '/bin/sh',
          { strings: ['sh', '-c', script] },
          { strings: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'] },
        ]),
      ]),
    ]
    const monitor = { child: 'child', pidfd: 'pidfd', foreground: true }
    const { ended } = await launch(encodeProgram(program, { monitor }))
    return { exitCode: await ended, output: readFileSync(file, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function step(id: string, where: Where, calls: Call[]): Step {
  return { id, stage: 'process', where, calls, shell: [], man: [] }
}

/** Who is killed first when memory runs out: `/proc/PID/oom_score_adj`, proc(5). */
import { AT_FDCWD, call, O_CLOEXEC, O_WRONLY, ref, UserError, type Step } from '@mini-docker/syscall'

/**
 * Sets the process's own adjustment, -1000 (never) to 1000 (first); children inherit it. Needs a /proc. Going below what it
 * was started with needs CAP_SYS_RESOURCE, so this stands before `security.bounding`.
 * @throws UserError `invalid` for a value out of range, with docker's words.
 */
export function planOomScoreAdj(adjustment: number): Step {
  if (!Number.isInteger(adjustment) || adjustment < -1000 || adjustment > 1000) {
    throw new UserError('invalid', `Invalid value ${adjustment}, range for oom score adj is [-1000, 1000]`)
  }
  const text = Buffer.from(String(adjustment))
  const file = 'security.oom-score-adj.file'
  return {
    id: 'security.oom-score-adj',
    stage: 'security',
    where: 'container',
    calls: [
      call('openat', [AT_FDCWD, '/proc/self/oom_score_adj', O_WRONLY | O_CLOEXEC, 0], { as: file }),
      call('write', [ref(file), text, text.length]),
      call('close', [ref(file)]),
    ],
    shell: [`echo ${adjustment} > /proc/self/oom_score_adj`],
    man: ['proc(5)'],
  }
}

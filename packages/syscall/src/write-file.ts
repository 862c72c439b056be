/** How the kernel is given a setting: a file under /proc or /sys is opened, written, closed. */
import { call, ref, type Call } from './call.ts'
import { AT_FDCWD, O_CLOEXEC, O_WRONLY } from './constants.ts'

/** The three calls. The file must be there; `label` names its descriptor, where one path is written twice. */
export function writeFileCalls(path: string, text: string, label: string = path): Call[] {
  const bytes = Buffer.from(text)
  return [
    call('openat', [AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0], { as: label }),
    call('write', [ref(label), bytes, bytes.length]),
    call('close', [ref(label)]),
  ]
}

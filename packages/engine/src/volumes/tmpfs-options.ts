/** Memory as a mount: `--tmpfs` and `--mount type=tmpfs`. tmpfs(5). */
import { UserError } from '@mini-docker/syscall'
import type { MountBody } from '../api/bodies.ts'
import { destinationOf } from './destination.ts'
import type { MountPoint } from './mount-point.ts'

/** Only words that concern the tmpfs itself: others of mount(2) could make it something else. */
const OPTION =
  /^(ro|rw|noexec|exec|nosuid|suid|nodev|dev|noatime|relatime|strictatime|(size|mode|uid|gid|nr_inodes|nr_blocks)=[\w%]+)$/

/** @throws UserError `invalid` for options a tmpfs does not have. */
export function tmpfsMount(target: string, options: string[]): MountPoint {
  const unknown = options.find((option) => !OPTION.test(option))
  if (unknown !== undefined) throw new UserError('invalid', `invalid tmpfs option ${JSON.stringify(unknown)}`)
  return {
    type: 'tmpfs',
    source: '',
    destination: destinationOf(target, target),
    readOnly: options.includes('ro'),
    mode: '',
    propagation: '',
    tmpfsOptions: options,
  }
}

/** TmpfsOptions of `--mount` as words of mount(8). @throws UserError `invalid`, in docker's words. */
export function tmpfsOptions({ TmpfsOptions: given, ReadOnly }: MountBody): string[] {
  const { SizeBytes = 0, Mode = 0, Options = [] } = given ?? {}
  if (SizeBytes < 0) throw new UserError('invalid', `tmpfs size ${SizeBytes} is invalid: it must not be negative`)
  if (Mode < 0 || Mode > 0o7777) throw new UserError('invalid', `tmpfs mode ${Mode.toString(8)} is invalid`)
  const extra = (Options ?? []).map((option) => {
    if (option.length < 1 || option.length > 2) throw new UserError('invalid', 'invalid option array length')
    const [name = ''] = option
    if (!['exec', 'noexec'].includes(name) || option.length > 1)
      throw new UserError('invalid', `invalid option: ${option.join('=')}`)
    return name
  })
  return [
    ...(ReadOnly ? ['ro'] : []),
    ...(Mode === 0 ? [] : [`mode=${Mode.toString(8)}`]),
    ...(SizeBytes === 0 ? [] : [`size=${SizeBytes}`]),
    ...extra,
  ]
}

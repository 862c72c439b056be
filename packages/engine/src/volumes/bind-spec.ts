/** `source:destination[:options]` of `-v`. */
import { UserError } from '@mini-docker/syscall'
import { cleanPath, destinationOf, PROPAGATIONS } from './destination.ts'
import type { MountPoint } from './mount-point.ts'
import { checkVolumeName } from './name.ts'

/** One of each kind at most. Without SELinux `z` and `Z` relabel nothing; the words of consistency are for Docker Desktop's file sharing. */
const MODE_WORDS: readonly (readonly string[])[] = [
  ['ro', 'rw'],
  ['z', 'Z'],
  PROPAGATIONS,
  ['nocopy'],
  ['consistent', 'cached', 'delegated', 'default'],
]

/** Parses one `-v`. @throws UserError `invalid`, in docker's words. */
export function parseBind(spec: string): MountPoint {
  const invalid = (why = ''): UserError => new UserError('invalid', `invalid volume specification: '${spec}'${why}`)
  const parts = spec.split(':')
  const [first = '', second = '', mode = ''] = parts
  if (parts.length > 3 || first === '' || spec.includes('\0')) throw invalid()
  if (parts.length === 2 && isMode(second)) throw invalid()
  if (!isMode(mode)) throw new UserError('invalid', `invalid mode: ${mode}`)
  const [source, target] = parts.length === 1 ? ['', first] : [first, second]
  const type = source.startsWith('/') ? 'bind' : 'volume'
  if (target === '') throw invalid(`: invalid mount config for type "${type}": field Target must not be empty`)
  const words = mode.split(',')
  const readOnly = words.includes('ro')
  const destination = within(`invalid volume specification: '${spec}': invalid mount config for type "${type}": `, () =>
    destinationOf(target, spec),
  )
  if (type === 'bind')
    return {
      type,
      source: cleanPath(source),
      destination,
      readOnly,
      mode,
      ...propagationOf(words.find((word) => PROPAGATIONS.includes(word))),
      createSource: true,
    }
  if (source !== '') checkVolumeName(source)
  return {
    type,
    source: '',
    destination,
    readOnly,
    // Docker relabels its own volumes for SELinux, and says so where there is none too.
    mode: mode === '' ? 'z' : mode,
    propagation: '',
    name: source,
    copyUp: !words.includes('nocopy'),
    anonymous: source === '',
  }
}

/** Private when nothing else was asked for. */
export function propagationOf(asked: string | undefined): Pick<MountPoint, 'propagation' | 'defaultPropagation'> {
  return asked === undefined ? { propagation: 'rprivate', defaultPropagation: true } : { propagation: asked }
}

/** Whether text is a list of mount options. The empty one is. */
export function isMode(text: string): boolean {
  if (text === '') return true
  const words = text.split(',')
  return (
    words.every((word) => MODE_WORDS.some((kind) => kind.includes(word))) &&
    MODE_WORDS.every((kind) => words.filter((word) => kind.includes(word)).length <= 1)
  )
}

function within<T>(context: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.code, `${context}${error.message}`, { cause: error })
    throw error
  }
}

/** The mounts of this process's mount namespace: proc(5), "/proc/PID/mountinfo". */
import * as fs from 'node:fs'

export type MountLine = {
  mountPoint: string
  /** Sends to and receives from other mounts: `shared:`. */
  shared: boolean
  /** Receives: `master:`. */
  slave: boolean
}

export function readMounts(): MountLine[] {
  return parseMountinfo(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** In the order they were made: of several on one place the last is seen. */
export function parseMountinfo(text: string): MountLine[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, , , , mountPoint = '', , ...rest] = line.split(' ')
      const optional = rest.slice(0, rest.indexOf('-'))
      return {
        mountPoint: unescape(mountPoint),
        shared: optional.some((word) => word.startsWith('shared:')),
        slave: optional.some((word) => word.startsWith('master:')),
      }
    })
}

/** The mount a path is on; the path has no symbolic links. */
export function mountOf(path: string, mounts: readonly MountLine[]): MountLine | undefined {
  let found: MountLine | undefined
  for (const mount of mounts)
    if (isWithin(path, mount.mountPoint) && mount.mountPoint.length >= (found?.mountPoint.length ?? 0)) found = mount
  return found
}

/** Both without symbolic links and final slashes. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`)
}

/** Space, tab, newline and backslash are written as `\040` and so on. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

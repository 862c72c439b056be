/** The overlays that are mounted in our mount namespace: proc(5), "/proc/PID/mountinfo". */
import { readFileSync } from 'node:fs'

/** An overlay mount. Paths are as they were given to mount(2), perhaps relative. */
export type MountedOverlay = { target: string; lower: string[]; upper?: string; work?: string }

/** Reads the overlay mounts of this process. */
export function readMountedOverlays(): MountedOverlay[] {
  return parseMountedOverlays(readFileSync('/proc/self/mountinfo', 'utf8'))
}

/** The same from the text of a mountinfo file. A colon in a layer's path cannot be told from the one between layers. */
export function parseMountedOverlays(mountinfo: string): MountedOverlay[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [mount = '', source = ''] = line.split(' - ')
    const [type, , superOptions = ''] = source.split(' ')
    if (type !== 'overlay') return []
    const options = superOptions.split(',').map((option) => option.split('=') as [string, string?])
    const value = (name: string) => options.find(([key]) => key === name)?.[1]
    // `lowerdir+` is how Linux 6.8 shows layers that were given one by one.
    const single = options.flatMap(([key, path = '']) => (key === 'lowerdir+' ? [unescape(path)] : []))
    const lower = [...(value('lowerdir')?.split(':') ?? []).map(unescape), ...single]
    const [upper, work] = [value('upperdir'), value('workdir')]
    return [
      {
        target: unescape(mount.split(' ')[4] ?? ''),
        lower,
        ...(upper === undefined ? {} : { upper: unescape(upper) }),
        ...(work === undefined ? {} : { work: unescape(work) }),
      },
    ]
  })
}

/** The kernel writes the bytes that would break a line or a list as three octal digits. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

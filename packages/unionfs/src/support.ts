/**
 * Can this machine mount an overlay, and can this directory hold the upper side of one? What can be told without mounting.
 * statfs(2), proc(5) "/proc/filesystems". The last word has a mount itself.
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { AT_FDCWD, lgetxattr, mknodat, renameat2, S_IFCHR, S_IFREG, SyscallError } from '@mini-docker/syscall'
import { isWhiteoutDevice, OPAQUE_XATTR, setOpaque } from './marks.ts'
import { Pinned } from './pinned.ts'

/** What is known of overlay mounts whose upper directory lies in `directory`. */
export type OverlaySupport = {
  /**
   * `yes`: in /proc/filesystems. `module`: not there, but the kernel loads modules and a mount may bring it. `no`: neither.
   */
  kernel: 'yes' | 'module' | 'no'
  /** The filesystem of the directory, by its name where it is known, else by its number in hexadecimal. */
  filesystem: string
  /** Whether an upper directory can lie there; if not, why. */
  upper: { usable: true } | { usable: false; reason: string }
}

/**
 * Reads what the kernel has, and tries in `directory` what an overlay does in its upper directory: a `trusted.` attribute, and a
 * rename that leaves a whiteout. The trial files are removed. Needs root.
 */
export function readOverlaySupport(directory: string): OverlaySupport {
  const filesystem = filesystemName(directory)
  const unfit = UNFIT[filesystem]
  const upper = unfit === undefined ? tryUpper(directory) : ({ usable: false, reason: unfit } as const)
  return { kernel: kernelSupport(), filesystem, upper }
}

function kernelSupport(): OverlaySupport['kernel'] {
  if (/^nodev\toverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'yes'
  try {
    // 1 once root has closed the door for modules.
    return readFileSync('/proc/sys/kernel/modules_disabled', 'utf8').trim() === '0' ? 'module' : 'no'
  } catch {
    return 'no'
  }
}

/** Filesystems that pass the trial below, or may, and that the kernel refuses as an upper all the same. */
const UNFIT: Record<string, string> = {
  overlay:
    'an overlay cannot be the upper side of an overlay: its own marks would get mixed up with those of the lower one',
  nfs: 'nfs has no whiteouts and reports no file types',
  fuse: 'a fuse filesystem may forget files by name, which overlay needs to keep',
}

const MAGIC: Record<number, string> = {
  0x794c7630: 'overlay',
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
  0x6969: 'nfs',
  0x65735546: 'fuse',
  0xf2f52010: 'f2fs',
  0x2fc12fc1: 'zfs',
  0x4d44: 'vfat',
  0x01021997: '9p',
  0x858458f6: 'ramfs',
  0xca451a4e: 'bcachefs',
}

function filesystemName(directory: string): string {
  const { type } = statfsSync(directory)
  return MAGIC[type] ?? `0x${type.toString(16)}`
}

const RENAME_WHITEOUT = 4

function tryUpper(directory: string): OverlaySupport['upper'] {
  let trial: string
  try {
    trial = mkdtempSync(join(directory, '.overlay-trial-'))
  } catch (error) {
    return { usable: false, reason: error instanceof Error ? error.message : String(error) }
  }
  try {
    setOpaque(trial)
    if (lgetxattr(trial, OPAQUE_XATTR) === undefined)
      return { usable: false, reason: 'trusted. attributes do not stick' }
    mknodat(AT_FDCWD, join(trial, 'a'), S_IFREG | 0o600)
    renameat2(AT_FDCWD, join(trial, 'a'), AT_FDCWD, join(trial, 'b'), RENAME_WHITEOUT)
    mknodat(AT_FDCWD, join(trial, 'c'), S_IFCHR)
    return judge(trial)
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error
    return { usable: false, reason: error.message }
  } finally {
    rmSync(trial, { recursive: true })
  }
}

function judge(trial: string): OverlaySupport['upper'] {
  using directory = Pinned.root(trial)
  using left = directory.child('a')
  if (left === undefined || !isWhiteoutDevice(left.stat))
    return { usable: false, reason: 'a rename leaves no whiteout' }
  return { usable: true }
}

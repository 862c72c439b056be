/**
 * A filesystem for the bench and all that it starts: ext4 as mkfs makes it, in a file. Not the machine's own, because what others do there shows in
 * the figures, and because an ext4 without a journal (common in virtual machines) passes over each recently deleted inode when it makes
 * a file, for minutes: with every round that removes 20,000 files the next one becomes slower, up to thirty times.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Disk = Disposable & {
  /** Where things may be made. */
  readonly directory: string
  readonly description: string
}

const SIZE = '24G'
const INODES = 600_000

/** Mounts it, and makes it the place of temporary files of this process and those it starts. In a mount namespace of our own. Root. */
export function mountDisk(): Disk {
  const outer = mkdtempSync(join(tmpdir(), 'mini-docker-bench-'))
  const remove = () => rmSync(outer, { recursive: true, force: true })
  const directory = join(outer, 'disk')
  mkdirSync(directory)
  try {
    mountImage(join(outer, 'disk.img'), directory)
  } catch (error) {
    console.error(
      `bench: no filesystem of its own, figures may depend on the machine's: ${(error as Error).message.trim()}`,
    )
    process.env['TMPDIR'] = directory
    return { directory, description: outer, [Symbol.dispose]: remove }
  }
  process.env['TMPDIR'] = directory
  return {
    directory,
    description: 'ext4 with a journal, in a file, without cache of its own',
    [Symbol.dispose]() {
      // Lazily: what a peer left running must not keep the bench from ending.
      call('umount', '--lazy', directory)
      remove()
    },
  }
}

function mountImage(image: string, directory: string): void {
  call('truncate', '--size', SIZE, image)
  // All tables now: the kernel would write them while we measure.
  call('mkfs.ext4', '-q', '-F', '-N', String(INODES), '-E', 'lazy_itable_init=0,lazy_journal_init=0', image)
  // Not through the page cache a second time.
  const device = call('losetup', '--find', '--show', '--direct-io=on', image).trim()
  try {
    call('mount', device, directory)
  } finally {
    // It goes with its last user.
    call('losetup', '--detach', device)
  }
}

function call(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  })
}

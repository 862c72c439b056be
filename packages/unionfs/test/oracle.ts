/**
 * The kernel's word: started by a test in a mount namespace of its own (`kernel.ts`), so that its mounts end with it, and where
 * nothing but the test's scratch directory can be written.
 * For each line of JSON on stdin it mounts an overlay, performs some operations in it, and says what it sees.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  fstatSync,
  lchownSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { createInterface } from 'node:readline'
import {
  AT_FDCWD,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  openat,
  openInRoot,
  RESOLVE_NO_SYMLINKS,
  type Fd,
} from '@mini-docker/syscall'
import { dumpTree, type Dump } from './dump.ts'

/**
 * What to do in the mounted tree. An operation that the kernel refuses is passed over. A path that is a number means one of
 * the paths that are there.
 */
export type Operation =
  | { do: 'write' | 'symlink'; path: string; text: string }
  | { do: 'remove' | 'mkdir' | 'touch' | 'chown' | 'empty'; path: string }
  | { do: 'chmod'; path: string; mode: number }
  | { do: 'rename'; path: string; to: string }

/** An overlay mount by its options, and the directory it goes on. */
export type Question = { options: string; target: string; operations: Operation[] }
export type Answer = { before: Dump; after: Dump }

if (process.argv[1] === import.meta.filename) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as Question))}\n`)
  }
}

function answer({ options, target, operations }: Question): Answer {
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, target], { stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    const before = dumpTree(target)
    change(target, operations, Object.keys(before))
    return { before, after: operations.length === 0 ? before : dumpTree(target) }
  } finally {
    execFileSync('umount', [target])
  }
}

function change(target: string, operations: Operation[], paths: string[]): void {
  using root = openat(AT_FDCWD, target, O_PATH | O_DIRECTORY)
  for (const operation of operations) {
    const existing = paths[Number(operation.path) % paths.length]
    perform(existing === undefined ? operation : { ...operation, path: existing }, root)
  }
}

/**
 * Random trees are full of links to `/` and `../..`, and we are root: every path is walked by the kernel without following any
 * link, and from the descriptor at its end only the name itself is touched.
 */
function perform(operation: Operation, root: Fd): void {
  try {
    using parent = openParent(root, operation.path)
    const path = `/proc/self/fd/${parent.number}/${basename(operation.path)}`
    switch (operation.do) {
      case 'write':
        return write(parent, basename(operation.path), operation.text)
      case 'symlink':
        return symlinkSync(operation.text, path)
      case 'remove':
        return rmSync(path, { recursive: true })
      case 'mkdir':
        mkdirSync(path)
        return
      case 'empty':
        rmSync(path, { recursive: true })
        mkdirSync(path)
        return
      case 'touch':
        return lutimesSync(path, 1_000_000_000, 1_000_000_000)
      case 'chown':
        return lchownSync(path, 1234, 4321)
      case 'chmod':
        return changeMode(parent, basename(operation.path), operation.mode)
      case 'rename': {
        using other = openParent(root, operation.to)
        return renameSync(path, `/proc/self/fd/${other.number}/${basename(operation.to)}`)
      }
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

function openParent(root: Fd, path: string): Fd {
  return openInRoot(root.number, dirname(path), O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS)
}

/** O_NONBLOCK: a fifo without a reader is an error and not a wait without end. */
function write(parent: Fd, name: string, text: string): void {
  using file = openat(parent.number, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o644)
  writeSync(file.number, text)
}

/** chmod(2) follows links, so the file is held first; a link itself has no mode. */
function changeMode(parent: Fd, name: string, mode: number): void {
  using file = openat(parent.number, name, O_PATH | O_NOFOLLOW)
  if (!fstatSync(file.number).isSymbolicLink()) chmodSync(`/proc/self/fd/${file.number}`, mode)
}

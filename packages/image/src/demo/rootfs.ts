/** Puts the image `demo` together: which of the machine's files, which directories, links and texts. */
import { execFileSync } from 'node:child_process'
import { posix } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { filesNeeded, isStatic, type HostTree, type Needs } from '../elf/index.ts'
import { DIRECTORIES, FILES, LINKS, PROGRAM_ROOTS, VIM } from './skeleton.ts'
import { ESSENTIAL, NSS_LIBRARIES, PROGRAM_DIRS, TERMINALS, TERMINFO_DIRS, WANTED } from './tools.ts'

export type DemoOptions = {
  /** The machine whose files are taken. Default `/`. */
  root?: string
  /** Tools that would make the files' sizes more than this together are left out. Default 24 MiB. */
  maxBytes?: number
}

/** What stands under a path of the image. `host` is a file of the machine, taken from under the same path. */
export type Part =
  | { kind: 'directory'; mode: number }
  | { kind: 'symlink'; target: string }
  | { kind: 'text'; text: string }
  | { kind: 'host' }

/** Everything in the image, by path. */
export type Rootfs = Map<string, Part>

/**
 * Chooses the image's content. Reads headers and directories only; runs `busybox --list` where a static busybox is.
 * @throws UserError where the machine has not even a shell that can be taken.
 */
export function planRootfs(tree: HostTree, { maxBytes = 24 << 20 }: DemoOptions): Rootfs {
  const busybox = findBusybox(tree)
  const rootfs = new Builder(tree, maxBytes)
  // First, so that it stands in for all that does not fit.
  if (busybox !== undefined) rootfs.tool('busybox')
  for (const tool of ESSENTIAL) {
    if (!rootfs.tool(tool) && !rootfs.applet(tool, busybox)) {
      throw new UserError(
        'unavailable',
        `the image demo cannot be made: this machine has no ${tool} in ${PROGRAM_DIRS.join(', ')}`,
        {
          hint: 'install coreutils and a shell, or a static busybox (apt-get install busybox-static)',
        },
      )
    }
  }
  for (const tool of WANTED) if (!rootfs.tool(tool)) rootfs.applet(tool, busybox)
  rootfs.terminals()
  rootfs.skeleton()
  return rootfs.parts
}

/** A static busybox and the tools it is. */
type Busybox = { path: string; applets: Set<string> }

function findBusybox(tree: HostTree): Busybox | undefined {
  for (const dir of PROGRAM_DIRS) {
    const path = tree.resolve(`${dir}/busybox`)?.path
    const elf = path === undefined ? undefined : tree.elf(path)
    if (path === undefined || elf === undefined || !isStatic(elf)) continue
    const list = execFileSync(tree.at(path), ['--list'], { encoding: 'utf8', env: {}, timeout: 5000 })
    return { path, applets: new Set(list.split('\n')) }
  }
  return undefined
}

class Builder {
  readonly parts: Rootfs = new Map()
  readonly #tree: HostTree
  readonly #maxBytes: number
  #bytes = 0

  constructor(tree: HostTree, maxBytes: number) {
    this.#tree = tree
    this.#maxBytes = maxBytes
  }

  /** Adds the machine's own program with all it needs; false where there is none, it lacks a library, or it is too large. */
  tool(name: string): boolean {
    const dirs = name === 'sh' ? ['/bin', '/usr/bin'] : PROGRAM_DIRS
    const program = dirs.map((dir) => `${dir}/${name}`).find((path) => this.#isProgram(path))
    if (program === undefined) return false
    const needs = this.#needs(program)
    if (needs === undefined) return false
    const added = needs.files.filter(({ kind, path }) => kind === 'file' && !this.parts.has(path))
    const bytes = added.reduce((sum, { path }) => sum + this.#tree.size(path), 0)
    if (this.#bytes + bytes > this.#maxBytes) return false
    this.#bytes += bytes
    for (const file of needs.files) this.#put(file.path, file.kind === 'file' ? { kind: 'host' } : file)
    this.#completeLibc(needs)
    if (/vim/.test(posix.basename(this.#tree.resolve(program)?.path ?? ''))) this.#vimDefaults()
    return true
  }

  /** Adds the tool as a link to busybox; false where busybox is not there, or has none. */
  applet(name: string, busybox: Busybox | undefined): boolean {
    if (busybox === undefined || !busybox.applets.has(name) || !this.parts.has(busybox.path)) return false
    const dir = name === 'sh' ? (this.#tree.resolve('/bin')?.path ?? '/bin') : '/usr/bin'
    this.#put(`${dir}/${name}`, { kind: 'symlink', target: busybox.path })
    return true
  }

  /** Terminal descriptions: without one, `less` and `vi` know no cursor. */
  terminals(): void {
    for (const name of TERMINALS) {
      const letter = name.charAt(0)
      const places = TERMINFO_DIRS.flatMap((dir) => [
        `${dir}/${letter}/${name}`,
        `${dir}/${letter.charCodeAt(0).toString(16)}/${name}`,
      ])
      const found = places.find((path) => this.#tree.resolve(path) !== undefined)
      if (found === undefined) continue
      const resolved = this.#tree.resolve(found)
      for (const [path, target] of resolved?.links ?? []) this.#put(path, { kind: 'symlink', target })
      this.#put(resolved?.path ?? found, { kind: 'host' })
    }
  }

  skeleton(): void {
    for (const path of PROGRAM_ROOTS) {
      const resolved = this.#tree.resolve(path)
      for (const [link, target] of resolved?.links ?? []) this.#put(link, { kind: 'symlink', target })
      if (resolved !== undefined) this.#put(resolved.path, { kind: 'directory', mode: 0o755 })
    }
    for (const [path, mode] of Object.entries(DIRECTORIES)) this.parts.set(path, { kind: 'directory', mode })
    for (const [path, target] of Object.entries(LINKS)) this.#put(path, { kind: 'symlink', target })
    for (const [path, text] of Object.entries(FILES)) this.#put(path, { kind: 'text', text })
    if (this.parts.has('/usr/bin/bash') || this.parts.has('/bin/bash')) {
      this.parts.set('/etc/shells', { kind: 'text', text: '/bin/sh\n/bin/bash\n' })
    }
    // A Map may grow while it is walked: parents are visited too, which does no harm.
    for (const path of this.parts.keys()) this.#parents(path)
  }

  #needs(program: string): Needs | undefined {
    try {
      return filesNeeded(this.#tree, [program], { path: PROGRAM_DIRS })
    } catch (error) {
      if (error instanceof UserError) return undefined
      throw error
    }
  }

  /** Beside libc, where every loader looks: libraries that the machine finds through its ld.so.cache, and those that libc loads itself. */
  #completeLibc({ files, configured }: Needs): void {
    const libc = files.find(({ kind, path }) => kind === 'file' && /^libc[.-].*so/.test(posix.basename(path)))
    if (libc === undefined) return
    const dir = posix.dirname(libc.path)
    for (const [name, path] of configured) this.#put(`${dir}/${name}`, { kind: 'symlink', target: path })
    for (const name of NSS_LIBRARIES) {
      const resolved = this.#tree.resolve(`${dir}/${name}`)
      for (const [path, target] of resolved?.links ?? []) this.#put(path, { kind: 'symlink', target })
      if (resolved !== undefined) this.#put(resolved.path, { kind: 'host' })
    }
  }

  /** Vim looks in the directory of its version, `vim90`, and without one in that above. */
  #vimDefaults(): void {
    const versions = this.#tree.list(VIM.directory).filter((name) => /^vim\d+$/.test(name))
    for (const dir of [VIM.directory, ...versions.map((name) => `${VIM.directory}/${name}`)]) {
      this.#put(`${dir}/defaults.vim`, { kind: 'text', text: VIM.defaults })
    }
  }

  #isProgram(path: string): boolean {
    const resolved = this.#tree.resolve(path)
    return resolved !== undefined && this.#tree.isProgram(resolved.path)
  }

  #parents(path: string): void {
    for (let dir = posix.dirname(path); dir !== '/'; dir = posix.dirname(dir))
      this.#put(dir, { kind: 'directory', mode: 0o755 })
  }

  /** What came first stays. */
  #put(path: string, part: Part): void {
    if (!this.parts.has(path)) this.parts.set(path, part)
  }
}

/** Every file that a program needs in order to start, found the way the kernel and the dynamic loader find them. See execve(2), ld.so(8). */
import { posix } from 'node:path'
import { readFileSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import type { HostTree } from './host.ts'
import type { Elf } from './parse.ts'
import { expandRunpath, glibcDirs, isInMuslLoader, isMusl, muslDirs, type SystemDirs } from './search.ts'

/** A file to take along, by its path on the machine: a real one, or a symbolic link with its target as written. */
export type HostFile = { kind: 'file'; path: string } | { kind: 'symlink'; path: string; target: string }

export type Needs = {
  /** Sorted by path: programs, interpreters, loaders, libraries, and every symbolic link on the way to them, those of directories too (`/bin` → `usr/bin`). */
  files: HostFile[]
  /** Libraries found in a directory of ld.so.conf that the loader would not search without its cache: name → real path. */
  configured: Map<string, string>
}

export type NeedOptions = {
  /** Where to look for `NAME` of `#!/usr/bin/env NAME`. */
  path?: readonly string[]
}

/**
 * The files that `programs` (absolute paths) need: for ELF programs the loader and all libraries, through RPATH, RUNPATH with
 * $ORIGIN, ld.so.conf and the built-in directories, of glibc and musl; for scripts the interpreter. What a program opens
 * by itself later (plugins, data) is not among them.
 * @throws UserError where a program, interpreter or library is missing.
 */
export function filesNeeded(tree: HostTree, programs: readonly string[], options: NeedOptions = {}): Needs {
  const search = new Search(tree, options.path ?? ['/usr/bin', '/bin', '/usr/sbin', '/sbin'])
  for (const program of programs) search.program(program)
  const files = [...search.files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return { files, configured: search.configured }
}

/** An object that the loader maps, and the one that needed it. */
type Loaded = { elf: Elf; found: string; by?: Loaded }

class Search {
  readonly files = new Map<string, HostFile>()
  readonly configured = new Map<string, string>()
  readonly #tree: HostTree
  readonly #path: readonly string[]

  constructor(tree: HostTree, path: readonly string[]) {
    this.#tree = tree
    this.#path = path
  }

  program(path: string, neededBy?: string): void {
    const real = this.#take(path)
    if (real === undefined) throw missing(path, neededBy)
    const elf = this.#tree.elf(real)
    if (elf === undefined) this.#script(real)
    else if (elf.interpreter !== undefined || elf.needed.length > 0) this.#dynamic(real, elf)
  }

  /** Adds a path with all links that lead to it; its real path, undefined where nothing is there. */
  #take(path: string): string | undefined {
    const resolved = this.#tree.resolve(path)
    if (resolved === undefined) return undefined
    for (const [link, target] of resolved.links) this.files.set(link, { kind: 'symlink', path: link, target })
    this.files.set(resolved.path, { kind: 'file', path: resolved.path })
    return resolved.path
  }

  #script(path: string): void {
    const match = /^#![ \t]*(\/\S+)(?:[ \t]+(\S+))?/.exec(readFileSync(this.#tree.at(path)).toString('latin1', 0, 256))
    const [, interpreter, argument] = match ?? []
    if (interpreter === undefined) return
    this.program(interpreter, path)
    if (posix.basename(interpreter) !== 'env' || argument === undefined || argument.startsWith('-')) return
    const found = this.#path.map((dir) => `${dir}/${argument}`).find((file) => this.#tree.resolve(file) !== undefined)
    if (found === undefined) throw missing(argument, path)
    this.program(found, path)
  }

  #dynamic(path: string, elf: Elf): void {
    const loader = elf.interpreter ?? ''
    if (loader !== '' && this.#take(loader) === undefined) throw missing(loader, path)
    const musl = isMusl(loader)
    const dirs = musl ? muslDirs(this.#tree, loader) : glibcDirs(this.#tree, elf)
    const names = new Set<string>()
    const queue: Loaded[] = [{ elf, found: path }]
    for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
      for (const name of object.elf.needed) {
        if (names.has(name) || (musl && isInMuslLoader(name))) continue
        names.add(name)
        const library = this.#library(name, object, dirs)
        if (library === undefined) throw missing(name, path)
        queue.push(library)
      }
    }
  }

  /** The first library of that name, made for the same machine, on the way that the loader goes. */
  #library(name: string, by: Loaded, dirs: SystemDirs): Loaded | undefined {
    if (name.includes('/')) return this.#candidate(name, by)
    const run = expandRunpath(by.elf.runpath, posix.dirname(by.found))
    for (const dir of [...rpaths(by), ...run]) {
      const library = this.#candidate(`${dir}/${name}`, by)
      if (library !== undefined) return library
    }
    for (const dir of [...dirs.configured, ...dirs.builtIn]) {
      const library = this.#candidate(`${dir}/${name}`, by)
      if (library === undefined) continue
      if (!dirs.builtIn.includes(dir))
        this.configured.set(name, this.#tree.resolve(library.found)?.path ?? library.found)
      return library
    }
    return undefined
  }

  #candidate(path: string, by: Loaded): Loaded | undefined {
    const resolved = this.#tree.resolve(path)
    const elf = resolved === undefined ? undefined : this.#tree.elf(resolved.path)
    if (elf === undefined || elf.machine !== by.elf.machine || elf.bits !== by.elf.bits) return undefined
    this.#take(path)
    return { elf, found: path, by }
  }
}

/** RPATH of an object and of those that led to it; an object with a RUNPATH has none, and neither looks at others'. */
function rpaths(object: Loaded): string[] {
  if (object.elf.runpath.length > 0) return []
  const dirs: string[] = []
  for (let each: Loaded | undefined = object; each !== undefined; each = each.by) {
    if (each.elf.runpath.length === 0) dirs.push(...expandRunpath(each.elf.rpath, posix.dirname(each.found)))
  }
  return dirs
}

function missing(what: string, neededBy: string | undefined): UserError {
  const by = neededBy === undefined ? '' : `, which ${JSON.stringify(neededBy)} needs,`
  return new UserError('not-found', `${JSON.stringify(what)}${by} is not on this machine`)
}

/** Where the dynamic loader looks for libraries. See ld.so(8), ldconfig(8), and musl's ldso/dynlink.c. */
import { posix } from 'node:path'
import type { HostTree } from './host.ts'
import type { Elf } from './parse.ts'

/** Multi-arch directories of Debian and its children, by e_machine. */
const TRIPLETS: Record<number, string> = {
  3: 'i386-linux-gnu',
  21: 'powerpc64le-linux-gnu',
  22: 's390x-linux-gnu',
  40: 'arm-linux-gnueabihf',
  62: 'x86_64-linux-gnu',
  183: 'aarch64-linux-gnu',
  243: 'riscv64-linux-gnu',
}

/** Directories searched for every program, in order: those of the configuration, then those compiled into the loader. */
export type SystemDirs = { configured: string[]; builtIn: string[] }

/** glibc keeps the configured directories in /etc/ld.so.cache, made by ldconfig from the files read here. */
export function glibcDirs(tree: HostTree, { bits, machine }: Elf): SystemDirs {
  const triplet = TRIPLETS[machine]
  const multiArch = triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`]
  const wide = bits === 64 ? ['/lib64', '/usr/lib64'] : []
  return { configured: readConf(tree, '/etc/ld.so.conf'), builtIn: [...multiArch, ...wide, '/lib', '/usr/lib'] }
}

/** musl reads one file of directories instead of its built-in ones. */
export function muslDirs(tree: HostTree, loader: string): SystemDirs {
  const arch = /^ld-musl-(.+)\.so\.1$/.exec(posix.basename(loader))?.[1] ?? ''
  const text = tree.text(`/etc/ld-musl-${arch}.path`)
  const dirs = text === undefined ? ['/lib', '/usr/local/lib', '/usr/lib'] : text.split(/[\n:]/)
  return { configured: [], builtIn: dirs.filter((dir) => dir.startsWith('/')) }
}

export function isMusl(loader: string): boolean {
  return posix.basename(loader).startsWith('ld-musl-')
}

/** musl's loader is these libraries itself. */
export function isInMuslLoader(name: string): boolean {
  return /^lib(?:c|pthread|rt|m|dl|util|xnet)\./.test(name)
}

/** The directories of an RPATH or RUNPATH of an object that lies in `origin`; those with other variables are left out. */
export function expandRunpath(dirs: readonly string[], origin: string): string[] {
  return dirs
    .map((dir) => dir.replaceAll(/\$(?:ORIGIN\b|\{ORIGIN\})/g, origin))
    .filter((dir) => dir.startsWith('/') && !dir.includes('$'))
    .map((dir) => posix.normalize(dir))
}

function readConf(tree: HostTree, path: string, depth = 0): string[] {
  const lines = (tree.text(path) ?? '').split('\n').map((line) => line.replace(/#.*/, '').trim())
  return lines.flatMap((line) => {
    const include = /^include\s+(.+)$/.exec(line)?.[1]
    if (include === undefined) return line.startsWith('/') ? [line] : []
    // A file that includes itself.
    if (depth > 8) return []
    return include
      .split(/\s+/)
      .flatMap((pattern) => glob(tree, posix.resolve('/etc', pattern)))
      .flatMap((file) => readConf(tree, file, depth + 1))
  })
}

/** Files that match a pattern with `*` and `?` in its last component, as all known configurations have. */
function glob(tree: HostTree, pattern: string): string[] {
  const dir = posix.dirname(pattern)
  const source = posix.basename(pattern).replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  const name = new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`)
  return tree
    .list(dir)
    .filter((file) => name.test(file))
    .map((file) => posix.join(dir, file))
}

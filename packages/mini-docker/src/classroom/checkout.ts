/**
 * The files of this checkout that go into a pack: what is listed here, without what git ignores or an editor leaves. Git itself is
 * not asked: a checkout that came out of a pack has none, and can be packed again.
 */
import { globSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { CliError } from '../cli/errors.ts'

/** A file, link or directory of the pack. `path` is where it lies in the checkout, and in the pack. */
export type Item = { path: string } & (
  | { kind: 'directory' }
  | { kind: 'link'; target: string }
  | { kind: 'file'; size: number; executable: boolean }
)

/** The root of the checkout that this program runs from. */
export const CHECKOUT = join(import.meta.dirname, '../../../..')

/** What lies at the top. Others (an editor's folders, a student's files, the pack itself) are not part of the program. */
export const TOP =
  `.ci .gitignore .oxfmtrc.json .oxlintrc.json LICENSE README.ja.md README.md bench bin docs mini-docker package.json packages
  pnpm-lock.yaml pnpm-workspace.yaml scripts test tsconfig.json tutorials vitest.config.ts`.split(/\s+/)
const LEFT_OUT = /^(?:\..*|node_modules|dist|coverage|.*\.(?:log|tsbuildinfo|orig|rej|swp)|.*~)$/

/** What somebody has written in the course here is not for the others. */
const LEARNERS_OWN = /^tutorials\/work\/(?!README\.md$)/

/** The sources, sorted. `except` are files that are never taken: the pack that is being written. */
export function sourceItems(root: string, except: readonly string[] = []): Item[] {
  const present = TOP.filter((name) => lstatSync(join(root, name), { throwIfNoEntry: false }) !== undefined)
  return present.flatMap((path) => walk(root, path, LEFT_OUT, except)).filter(({ path }) => !LEARNERS_OWN.test(path))
}

/** Everything under `path`, itself first; without names that are to be left out, wherever they stand. */
export function walk(root: string, path: string, leftOut: RegExp, except: readonly string[] = []): Item[] {
  const full = join(root, path)
  if (except.includes(full)) return []
  const item = itemOf(root, path)
  if (item.kind !== 'directory') return [item]
  const names = readdirSync(full).filter((name) => !leftOut.test(name))
  return [item, ...names.toSorted().flatMap((name) => walk(root, `${path}/${name}`, leftOut, except))]
}

/** @throws CliError for what no pack can hold, and for a link that leads out of the checkout. */
export function itemOf(root: string, path: string): Item {
  const full = join(root, path)
  const stat = lstatSync(full)
  if (stat.isDirectory()) return { path, kind: 'directory' }
  if (stat.isFile()) return { path, kind: 'file', size: stat.size, executable: (stat.mode & 0o111) !== 0 }
  if (!stat.isSymbolicLink()) throw new CliError(`cannot pack ${full}: it is no file, directory or link`)
  const target = readlinkSync(full)
  const inside = relative(root, resolve(dirname(full), target))
  if (target.startsWith('/') || inside.startsWith('..')) {
    throw new CliError(`cannot pack ${full}: it is a link to ${target}, which is outside of the checkout`)
  }
  return { path, kind: 'link', target }
}

/** A source that is newer than the bundle, as `./mini-docker` looks for it: packed like this, the two would not belong together. */
export function newerThanBundle(root: string): string | undefined {
  const built = statSync(join(root, 'dist/stamp'), { throwIfNoEntry: false })?.mtimeMs
  const sources = globSync(['scripts/build.ts', 'packages/*/src', 'packages/*/src/**/*'], { cwd: root })
  return sources.find((file) => built === undefined || statSync(join(root, file)).mtimeMs > built)
}

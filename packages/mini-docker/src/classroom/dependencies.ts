/**
 * The npm packages that a pack needs: those that the sources import, the pinned Node, and esbuild, which builds anew when a learner
 * changes a source. pnpm's layout (pnpm.io/symlinked-node-modules-structure) is links to directories whose neighbours are what they need:
 *
 *   packages/image/node_modules/zod -> ../../../node_modules/.pnpm/zod@4.6.7/node_modules/zod
 *   node_modules/.pnpm/ink@8.0.0/node_modules/{ink/, react -> ../../react@19.3.1/node_modules/react}
 *
 * Tools of developers (test runner, linter, types) stay behind: `rm node_modules/.installed` lets a machine with a network fetch them.
 */
import { existsSync, globSync, lstatSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { CliError } from '../cli/errors.ts'
import { itemOf, walk, type Item } from './checkout.ts'

export type Dependency = {
  name: string
  version: string
  /** As its package.json says: `MIT`. */
  licence: string
  /** Where its files lie in the checkout. */
  directory: string
}

export type Dependencies = { items: Item[]; packages: Dependency[] }

type Manifest = {
  name: string
  version: string
  license?: unknown
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** Everything under a `node_modules` that a pack for this machine's architecture needs. */
export function dependencyItems(root: string): Dependencies {
  const node = `node-linux-${process.arch}`
  const links = ['node_modules/.bin/node', `node_modules/${node}`, 'node_modules/esbuild', ...importedBySources(root)]
  const found = new Map<string, Dependency>()
  const items = new Map<string, Item>()
  const waiting = links.filter((link) => link !== 'node_modules/.bin/node')
  for (const link of links) addLink(root, link, items)
  for (let link = waiting.shift(); link !== undefined; link = waiting.shift()) {
    const directory = relative(root, realpathSync(join(root, link)))
    if (!directory.startsWith('node_modules/') || found.has(directory)) continue
    const manifest = readManifest(root, directory)
    found.set(directory, describe(manifest, directory))
    for (const item of packageItems(root, directory, manifest.name === node)) items.set(item.path, item)
    for (const neighbour of neighbours(root, directory, manifest)) {
      addLink(root, neighbour, items)
      waiting.push(neighbour)
    }
  }
  const sorted = [...items.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return { items: sorted, packages: [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
}

/** The links of `dependencies` of each package of ours; those of other packages of ours too. */
function importedBySources(root: string): string[] {
  return globSync('packages/*/package.json', { cwd: root })
    .toSorted()
    .flatMap((file) => {
      const directory = dirname(file)
      const names = Object.keys(readManifest(root, directory).dependencies ?? {})
      return names.map((name) => `${directory}/node_modules/${name}`)
    })
}

function addLink(root: string, path: string, items: Map<string, Item>): void {
  if (!existsSync(join(root, path))) {
    throw new CliError(
      `cannot pack: ${path} is missing\nhint: rm ${join(root, 'node_modules/.installed')} and run ./mini-docker again`,
    )
  }
  items.set(path, itemOf(root, path))
}

/** Node's headers and manual are for those who build add-ons. */
const OF_NODE = ['LICENSE', 'README.md', 'bin', 'package.json']
/** Where pnpm puts the programs of what a package needs; links of their own, made anew by an install. */
const NESTED = /^node_modules$/

function packageItems(root: string, directory: string, isNode: boolean): Item[] {
  if (!isNode) return walk(root, directory, NESTED)
  return [itemOf(root, directory), ...OF_NODE.flatMap((name) => walk(root, `${directory}/${name}`, NESTED))]
}

/** What it needs lies beside it; packages for other platforms are not there. */
function neighbours(root: string, directory: string, manifest: Manifest): string[] {
  const names = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  })
  const beside = directory.slice(0, directory.lastIndexOf('node_modules/') + 'node_modules'.length)
  return names
    .filter((name) => !name.startsWith('@types/'))
    .map((name) => `${beside}/${name}`)
    .filter((path) => lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined)
}

function readManifest(root: string, directory: string): Manifest {
  return JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as Manifest
}

function describe({ name, version, license }: Manifest, directory: string): Dependency {
  return { name, version, licence: typeof license === 'string' ? license : 'see its files', directory }
}

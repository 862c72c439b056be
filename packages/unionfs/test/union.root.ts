/** The view, the diff and the copy, each against the overlay of the running kernel. Needs root. */
import { existsSync, lstatSync, mkdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyFallback, diffUpper, LayerView, type Change } from '../src/index.ts'
import { dumpTree, LinkNames, type Dump, type DumpEntry } from './dump.ts'
import { Kernel } from './kernel.ts'
import type { Operation } from './oracle.ts'
import { arbitraryTree, NAMES, RARE, removeTree, WHITEOUT_FILE_TIME_NS, writeTree, type Tree } from './trees.ts'

let kernel: Kernel
beforeAll(() => {
  kernel = new Kernel()
})
afterAll(async () => {
  await kernel[Symbol.asyncDispose]()
})

/** Writes layers to the disk for the time of one run. */
class Layers implements Disposable {
  readonly base = `${kernel.scratch}/run`
  readonly dirs: string[]
  constructor(trees: Tree[]) {
    removeTree(this.base)
    mkdirSync(this.base)
    this.dirs = trees.map((tree, index) => {
      const dir = `${this.base}/${index}`
      writeTree(dir, tree)
      return dir
    })
    for (const name of ['target', 'upper', 'work', 'copy']) mkdirSync(`${this.base}/${name}`)
  }
  [Symbol.dispose](): void {
    removeTree(this.base)
  }
}

const layers = (redirects: 'none' | 'some') => fc.array(arbitraryTree(redirects), { minLength: 2, maxLength: 4 })

test('the oracle changes nothing outside of its mount, whatever the links in it say', async () => {
  using made = new Layers([{ a: { is: 'symlink', to: '/' }, b: { is: 'symlink', to: '..' } }, {}])
  const [upper, work, outside] = [`${made.base}/upper`, `${made.base}/work`, `${made.base}/escaped`]
  const options = `lowerdir=${made.dirs.join(':')},upperdir=${upper},workdir=${work}`
  const before = [lstatSync('/').mode, lstatSync(made.base).mode]
  const operations: Operation[] = [
    { do: 'write', path: `/a${outside}`, text: 'x' },
    { do: 'write', path: '/b/escaped', text: 'x' },
    { do: 'chmod', path: '/a', mode: 0o700 },
    { do: 'chmod', path: '/b', mode: 0o700 },
    { do: 'remove', path: '/b/0' },
  ]
  await kernel.ask({ options, target: `${made.base}/target`, operations })
  expect([lstatSync('/').mode, lstatSync(made.base).mode]).toEqual(before)
  expect(existsSync(outside)).toBe(false)
  expect(existsSync(`${made.base}/0`)).toBe(true)
})

describe('the view shows exactly what the kernel shows', () => {
  test.each(['none', 'some'] as const)('with %s redirects', async (redirects) => {
    await fc.assert(
      fc.asyncProperty(layers(redirects), async (trees) => {
        using made = new Layers(trees)
        const follow = redirects === 'none' ? 'nofollow' : 'follow'
        const options = `index=off,metacopy=off,redirect_dir=${follow},lowerdir=${made.dirs.join(':')}`
        const { before } = await kernel.ask({ options, target: `${made.base}/target`, operations: [] })
        const view = new LayerView(made.dirs, { redirects: redirects === 'none' ? 'refuse' : 'follow' })
        expect(dumpView(view)).toEqual(withoutWhiteoutFiles(before))
      }),
      {
        numRuns: 120,
        examples: redirects === 'none' ? [[RARE.whiteoutFile]] : [[RARE.redirectBelowOpaque], [RARE.redirectOnTheWay]],
      },
    )
  })
})

test('the diff of an upper directory is the difference of the trees before and after', async () => {
  await fc.assert(
    fc.asyncProperty(layers('none'), fc.array(operation(), { maxLength: 12 }), async (trees, operations) => {
      using made = new Layers(trees)
      const [upper, work] = [`${made.base}/upper`, `${made.base}/work`]
      const options = `index=off,metacopy=off,redirect_dir=nofollow,lowerdir=${made.dirs.join(':')},upperdir=${upper},workdir=${work}`
      const { before, after } = await kernel.ask({ options, target: `${made.base}/target`, operations })
      const expected = compareTrees(withoutWhiteoutFiles(before), withoutWhiteoutFiles(after))
      expect(diffUpper(upper, new LayerView(made.dirs))).toEqual(expected)
    }),
    {
      numRuns: 120,
      examples: [
        [
          RARE.hardLinks,
          [
            { do: 'empty', path: '/c' },
            { do: 'write', path: '/c/b', text: 'new' },
          ],
        ],
        [
          RARE.opaqueAbove,
          [
            { do: 'empty', path: '/c' },
            { do: 'mkdir', path: '/c/a' },
          ],
        ],
      ],
    },
  )
})

test('the copy is the tree that the kernel shows, attributes and all', async () => {
  await fc.assert(
    fc.asyncProperty(layers('none'), async (trees) => {
      using made = new Layers(trees)
      const options = `lowerdir=${made.dirs.join(':')}`
      const { before } = await kernel.ask({ options, target: `${made.base}/target`, operations: [] })
      const expected = withoutWhiteoutFiles(before)
      const result = await copyFallback(made.dirs, `${made.base}/copy`)
      expect(dumpTree(`${made.base}/copy`)).toEqual(expected)
      expect(result).toMatchObject({ entries: Object.keys(expected).length, lostXattrs: 0 })
    }),
    { numRuns: 60, examples: [[RARE.hardLinks]] },
  )
})

function operation(): fc.Arbitrary<Operation> {
  const made = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`)
  const path = fc.oneof(made, fc.nat({ max: 50 }).map(String))
  return fc.oneof(
    fc.record({
      do: fc.constantFrom('write' as const, 'symlink' as const),
      path,
      text: fc.constantFrom('new', 'other'),
    }),
    fc.record({
      do: fc.constantFrom('remove' as const, 'mkdir' as const, 'touch' as const, 'chown' as const, 'empty' as const),
      path,
    }),
    fc.record({ do: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o700, 0o2755) }),
    fc.record({ do: fc.constant('rename' as const), path, to: made }),
  )
}

/** In a directory that merges with nothing below, the kernel shows whiteouts that are files as files; the view hides them. */
function withoutWhiteoutFiles(dump: Dump): Dump {
  return Object.fromEntries(Object.entries(dump).filter(([, entry]) => entry.mtimeNs !== String(WHITEOUT_FILE_TIME_NS)))
}

const TYPE_BITS = { fifo: 1, char: 2, directory: 4, block: 6, file: 8, symlink: 10, socket: 12 }

function dumpView(view: LayerView): Dump {
  const dump: Dump = {}
  const names = new LinkNames()
  for (const entry of view.walk('/')) {
    if (entry.path === '/') continue
    const path = Buffer.from(entry.path).toString('latin1')
    dump[path] = {
      mode: (TYPE_BITS[entry.type] << 12) | entry.mode,
      owner: `${entry.uid}:${entry.gid}`,
      rdev: entry.rdev,
      size: entry.type === 'directory' ? 0 : entry.size,
      mtimeNs: String(entry.mtimeNs),
      sameAs: names.first(entry, path),
      ...(entry.target === undefined ? {} : { target: Buffer.from(entry.target).toString('latin1') }),
      ...(entry.type === 'file' ? { content: view.readFile(entry.path).toString('latin1') } : {}),
    }
  }
  return dump
}

/** docker's naive diff driver, on dumps: what is new, what differs, what is gone, and the directories around it. */
function compareTrees(before: Dump, after: Dump): Change[] {
  const changes = new Map<string, Change['kind']>()
  for (const [path, entry] of Object.entries(after)) {
    const old = before[path]
    if (old === undefined || !isShown(before, after, path)) changes.set(path, 'A')
    else if (differs(old, entry)) changes.set(path, 'C')
  }
  for (const path of Object.keys(before)) {
    const parent = path.slice(0, path.lastIndexOf('/'))
    const isTopmost = parent === '' || (after[parent] !== undefined && isDirectory(after[parent]))
    if (after[path] === undefined && isTopmost) changes.set(path, 'D')
  }
  for (const path of new Set(changes.keys())) {
    for (let up = path.lastIndexOf('/'); up > 0; up = path.lastIndexOf('/', up - 1)) {
      const parent = path.slice(0, up)
      if (!changes.has(parent)) changes.set(parent, 'C')
    }
  }
  return [...changes]
    .map(([path, kind]) => ({ path: Buffer.from(path, 'latin1').toString(), kind }))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
}

/** Whether every directory above a path is one in both trees: otherwise what is below it is new. */
function isShown(before: Dump, after: Dump, path: string): boolean {
  for (let up = path.lastIndexOf('/'); up > 0; up = path.lastIndexOf('/', up - 1)) {
    const parent = path.slice(0, up)
    if (![before, after].every((dump) => dump[parent] !== undefined && isDirectory(dump[parent]))) return false
  }
  return true
}

const isDirectory = (entry: DumpEntry) => (entry.mode & 0o170000) === 0o040000

function differs(a: DumpEntry, b: DumpEntry): boolean {
  if (a.mode !== b.mode || a.owner !== b.owner || a.rdev !== b.rdev) return true
  return !isDirectory(a) && (a.size !== b.size || a.mtimeNs !== b.mtimeNs)
}

import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { Budget } from '../../src/inspect/budget.ts'
import { readListing } from '../../src/inspect/listing.ts'
import { imageTree, readImageTree } from '../../src/inspect/tree.ts'
import type { ImageTree, TreeEntry, TreeEvent } from '../../src/inspect/model.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { freshStore } from '../support/store.ts'
import { addImage, layerTar, type LayerFiles } from './images.ts'
import { replayed, sorted } from './replay.ts'

let store: ImageStore
let count = 0

beforeAll(async () => {
  ;({ store } = await freshStore())
})

async function treeOf(...layers: LayerFiles[]): Promise<ImageTree> {
  return await imageTree(store, await addImage(store, `tree:${count++}`, layers))
}

/** `changed etc/passwd 1>` : what happened, to which path, and the layer below that it hides. */
function changes(entries: readonly TreeEntry[] = []): string[] {
  return entries.map(({ change, path, below }) => `${change} ${path}${below === undefined ? '' : ` over ${below}`}`)
}

describe('imageTree', () => {
  test('tells of each layer what it adds, changes and removes, in the order of a tree', async () => {
    const tree = await treeOf(
      { 'etc/': '', 'etc/passwd': 'root', 'etc-old': 'x', 'etc/motd': 'hello' },
      { 'etc/': '', 'etc/passwd': 'root and alice', 'etc/.wh.motd': '', 'srv/new': 'x' },
    )
    expect(changes(tree.layers[0]?.entries)).toEqual([
      'added etc',
      'added etc/motd',
      'added etc/passwd',
      'added etc-old',
    ])
    expect(changes(tree.layers[1]?.entries)).toEqual([
      'kept etc over 0',
      'removed etc/motd over 0',
      'changed etc/passwd over 0',
      'added srv/new',
    ])
    expect(tree.layers[1]).toMatchObject({ files: 4 - 2, directories: 1, added: 1, changed: 1, removed: 1, bytes: 15 })
  })

  test('tells owner, mode, time, type and target of each entry', async () => {
    const tree = await treeOf({
      dev: { type: 'char', major: 1, minor: 3, mode: 0o666 },
      link: { type: 'symlink', linkname: '../target' },
      su: { content: 'abc', mode: 0o4755, uid: 1000, gid: 50, mtimeNs: 1_700_000_000_123_456_789n },
      capable: { content: 'x', xattrs: new Map([['security.capability', Buffer.from([1, 2])]]) },
    })
    const byPath = Object.fromEntries(tree.layers[0]!.entries.map((entry) => [entry.path, entry]))
    expect(byPath['su']).toEqual({
      path: 'su',
      change: 'added',
      type: 'file',
      size: 3,
      mode: 0o4755,
      uid: 1000,
      gid: 50,
      mtime: 1_700_000_000.123,
    })
    expect(byPath['link']).toMatchObject({ type: 'symlink', linkname: '../target' })
    expect(byPath['dev']).toMatchObject({ type: 'char', device: '1:3' })
    expect(byPath['capable']?.xattrs).toEqual({ 'security.capability': 'AQI=' })
  })

  test('a directory whose mode or owner changes is changed, one that is only named again is kept', async () => {
    const tree = await treeOf({ 'a/': '', 'b/': '' }, { 'a/': { mode: 0o700 }, 'b/': '' })
    expect(changes(tree.layers[1]?.entries)).toEqual(['changed a over 0', 'kept b over 0'])
  })

  test('a removed directory is one entry with the bytes and number of what goes with it', async () => {
    const tree = await treeOf({ 'cache/': '', 'cache/a': '12345', 'cache/deep/b': '123' }, { '.wh.cache': '' })
    expect(tree.layers[1]?.entries).toMatchObject([{ path: 'cache', change: 'removed', size: 8, files: 2, below: 0 }])
    expect(tree.wasted).toEqual([{ path: 'cache', bytes: 8, copies: 2, storedIn: [0], hiddenBy: [1] }])
  })

  test('a whiteout is about the layers below, even when it stands behind what its own layer has there', async () => {
    const tree = await treeOf({ 'd/old': 'x', 'd/both': 'x' }, { 'd/both': 'y', '.wh.d': '', 'd/new': 'z' })
    expect(changes(tree.layers[1]?.entries)).toEqual([
      'changed d',
      'changed d/both over 0',
      'added d/new',
      'removed d/old over 0',
    ])
  })

  test('an opaque directory removes what is below in it, piece by piece', async () => {
    const tree = await treeOf(
      { 'd/': '', 'd/a': 'x', 'd/e/f': 'x' },
      { 'd/': '', 'd/.wh..wh..opq': '', 'd/a': 'new', 'd/n': '' },
    )
    expect(changes(tree.layers[1]?.entries)).toEqual([
      'kept d over 0',
      'changed d/a over 0',
      'removed d/e',
      'added d/n',
    ])
  })

  test('a file in the place of a directory hides all that was in it, and the other way round', async () => {
    const tree = await treeOf({ 'a/x': '123', b: '12345' }, { a: 'file', 'b/y': '' })
    expect(changes(tree.layers[1]?.entries)).toEqual(['changed a', 'changed b over 0', 'added b/y'])
    expect(tree.wasted.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['b', 5],
      ['a', 3],
    ])
  })

  test('a path that one layer names twice counts once, with its later bytes', async () => {
    const tree = await treeOf({ a: 'first' }, { a: 'second', b: '' }, { a: 'x' })
    const doubled = await imageTree(store, await addImage(store, 'tree:twice', [await twice(), { b: '' }]))
    expect(changes(tree.layers[2]?.entries)).toEqual(['changed a over 1'])
    expect(changes(doubled.layers[0]?.entries)).toEqual(['added a'])
    expect(doubled).toMatchObject({ storedBytes: 11, wastedBytes: 5 })
  })

  test('the history gives each layer the instruction that made it, and none when it lists other layers', async () => {
    const history = [
      { created_by: 'ADD rootfs' },
      { created_by: 'ENV A=1', empty_layer: true },
      { created_by: 'RUN x' },
    ]
    const layers = [{ a: '' }, { b: '' }]
    const told = await imageTree(store, await addImage(store, 'tree:told', layers, { history }))
    expect(told.layers.map(({ createdBy }) => createdBy)).toEqual(['ADD rootfs', 'RUN x'])
    const untold = await imageTree(
      store,
      await addImage(store, 'tree:untold', layers, { history: history.slice(0, 2) }),
    )
    expect(untold.layers.map(({ createdBy }) => createdBy)).toEqual(['', ''])
  })

  test('an image without layers has nothing, and wastes nothing', async () => {
    expect(await treeOf()).toMatchObject({ layers: [], storedBytes: 0, wastedBytes: 0, efficiency: 1, wasted: [] })
  })
})

describe('wasted bytes', () => {
  test('are those of files that a layer above overwrites or removes, the worst path first', async () => {
    const tree = await treeOf(
      { big: 'x'.repeat(100), small: 'x'.repeat(10), kept: 'x'.repeat(50) },
      { big: 'x'.repeat(60), '.wh.small': '' },
      { big: 'x'.repeat(40) },
    )
    expect(tree).toMatchObject({ storedBytes: 260, wastedBytes: 170, wastedPaths: 2 })
    expect(tree.efficiency).toBeCloseTo(90 / 260)
    expect(tree.wasted).toEqual([
      { path: 'big', bytes: 160, copies: 2, storedIn: [0, 1], hiddenBy: [1, 2] },
      { path: 'small', bytes: 10, copies: 1, storedIn: [0], hiddenBy: [1] },
    ])
  })

  test('do not hold a file that still has another name', async () => {
    const hardlink = { type: 'hardlink', linkname: 'a' } as const
    const half = await treeOf({ a: '12345', b: hardlink }, { '.wh.a': '' })
    expect(half.wastedBytes).toBe(0)
    const all = await treeOf({ a: '12345', b: hardlink }, { '.wh.a': '' }, { '.wh.b': '' })
    expect(all.wasted).toEqual([{ path: 'b', bytes: 5, copies: 1, storedIn: [0], hiddenBy: [2] }])
  })
})

describe('readListing', () => {
  test.each([
    [{ files: 3 }, 'more than 3 files together: "d"'],
    [{ text: 6 }, 'more than 6 characters of names together: "link"'],
    [{ bytes: 7 }, 'more than 7 bytes together: "b"'],
  ])('of layers beyond a budget of %j fails before memory is full', async (limits, message) => {
    const files: LayerFiles = {
      a: '1234',
      link: { type: 'symlink', linkname: 'far away' },
      b: '1234',
      d: '',
    }
    const tar = async function* (): AsyncGenerator<Uint8Array> {
      yield await layerTar(files)
    }
    const budget = new Budget(limits)
    await expect(readListing(tar(), { budget })).rejects.toThrow(message)
  })
})

describe('readImageTree', () => {
  test('tells the layers before it reads any, then each one in order', async () => {
    const image = await addImage(store, 'tree:events', [{ a: '1' }, { b: '2' }])
    const kinds: string[] = []
    for await (const event of readImageTree(store, image)) kinds.push(label(event))
    expect(kinds).toEqual(['image', 'entries 0', 'layer 0', 'entries 1', 'layer 1', 'totals'])
  })

  test('of a damaged layer fails with its digest', async () => {
    const broken = Buffer.from('this is no tar, but it is long enough to be looked at as one. '.repeat(20))
    const image = await addImage(store, 'tree:broken', [{ a: '1' }, broken])
    await expect(imageTree(store, image)).rejects.toThrow(/checksum|tar archive/)
  })

  test('of hostile paths fails', async () => {
    const image = await addImage(store, 'tree:hostile', [{ '../../etc/passwd': '1' }])
    await expect(imageTree(store, image)).rejects.toThrow('leads out of the layer')
  })

  test('whatever the layers: bytes add up, and what is seen in the end is what a simple model sees', async () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('file' as const), path, bytes: fc.nat(9) }),
      fc.record({ kind: fc.constant('directory' as const), path }),
      fc.record({ kind: fc.constant('whiteout' as const), path }),
      fc.record({ kind: fc.constant('opaque' as const), path }),
    )
    const layers = fc.array(fc.uniqueArray(operation, { selector: ({ path }) => path, maxLength: 6 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(layers, async (operations) => {
        const tree = await treeOf(...operations.map(filesOf))
        const model = simpleModel(operations.map(filesOf))
        expect(tree.storedBytes - tree.wastedBytes).toBe([...model.values()].reduce((sum, size) => sum + size, 0))
        expect(replayed(tree)).toEqual(sorted(model))
      }),
      { numRuns: 300 },
    )
  })
})

type Operation = { kind: 'file' | 'directory' | 'whiteout' | 'opaque'; path: string; bytes?: number }

/** No layer has a file and something below it: what that means is up to who unpacks it. */
function filesOf(operations: readonly Operation[]): LayerFiles {
  const files = operations.filter(({ kind }) => kind === 'file').map(({ path }) => `${path}/`)
  const possible = operations.filter(({ path }) => !files.some((file) => path.startsWith(file)))
  const entries = possible.map(({ kind, path, bytes = 0 }): [string, string] => {
    const slash = path.lastIndexOf('/')
    if (kind === 'file') return [path, 'x'.repeat(bytes)]
    if (kind === 'directory') return [`${path}/`, '']
    if (kind === 'whiteout') return [`${path.slice(0, slash + 1)}.wh.${path.slice(slash + 1)}`, '']
    return [`${path}/.wh..wh..opq`, '']
  })
  return Object.fromEntries(entries)
}

/** The files that are seen in the end, by searching all paths each time: slow, and too simple to be wrong. */
function simpleModel(layers: readonly LayerFiles[]): Map<string, number> {
  let seen = new Map<string, number>()
  for (const files of layers) {
    const paths = Object.keys(files)
    for (const path of paths.filter((one) => one.includes('.wh.'))) {
      const opaque = path.endsWith('/.wh..wh..opq')
      const gone = opaque ? path.slice(0, -'/.wh..wh..opq'.length) : path.replace('.wh.', '')
      seen = new Map([...seen].filter(([one]) => !one.startsWith(`${gone}/`) && (opaque || one !== gone)))
    }
    for (const path of paths.filter((one) => !one.includes('.wh.'))) {
      const clean = path.replace(/\/$/, '')
      const isFile = !path.endsWith('/')
      const conflicts = (one: string): boolean =>
        clean.startsWith(`${one}/`) || one === clean || (isFile && one.startsWith(`${clean}/`))
      seen = new Map([...seen].filter(([one]) => !conflicts(one)))
      if (isFile) seen.set(clean, (files[path] as string).length)
    }
  }
  return seen
}

async function twice(): Promise<Buffer> {
  const { collect } = await import('../support/archives.ts')
  const { tarHeader, writeTar } = await import('../../src/tar/index.ts')
  const file = (text: string) => ({
    ...tarHeader({ type: 'file', path: 'a', size: text.length }),
    data: [Buffer.from(text)],
  })
  return await collect(writeTar([file('first'), file('second')]))
}

function label(event: TreeEvent): string {
  return 'layer' in event ? `${event.kind} ${event.layer}` : event.kind
}

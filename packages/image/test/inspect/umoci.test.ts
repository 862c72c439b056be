/** The same image, laid together by us and by umoci: what is seen in the end must be the same. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { imageTree } from '../../src/inspect/tree.ts'
import * as make from '../support/archives.ts'
import { describeWith, run } from '../support/requires.ts'
import { freshStore } from '../support/store.ts'
import { addImage, type LayerFiles } from './images.ts'
import { replayed, sorted } from './replay.ts'

const parent = make.temporaryDirectory()
let count = 0

describeWith(['umoci'], 'imageTree', () => {
  test('sees at last what umoci unpacks, whatever the layers add, replace, hide and bring back', async () => {
    await fc.assert(fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 4 }), compare), { numRuns: 25 })
  })
})

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const layer = fc
  .uniqueArray(fc.tuple(path, fc.constantFrom('file', 'directory', 'whiteout', 'opaque'), fc.nat(9)), {
    selector: ([path]) => path,
    maxLength: 6,
  })
  .map(possible)

/** As a real layer has it: parents before what is in them, nothing below a file, nothing beside what hides it. */
function possible(wanted: [path: string, kind: string, size: number][]): LayerFiles {
  const files: LayerFiles = {}
  const blocked = wanted.filter(([, kind]) => kind === 'file' || kind === 'whiteout').map(([path]) => `${path}/`)
  for (const [path, kind, size] of wanted.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (blocked.some((prefix) => path.startsWith(prefix))) continue
    const names = path.split('/')
    for (let depth = 1; depth < names.length; depth++) files[`${names.slice(0, depth).join('/')}/`] = ''
    const above = names.slice(0, -1).map((one) => `${one}/`)
    if (kind === 'file') files[path] = 'x'.repeat(size)
    else if (kind === 'whiteout') files[`${above.join('')}.wh.${names.at(-1)}`] = ''
    else {
      files[`${path}/`] = ''
      if (kind === 'opaque') files[`${path}/.wh..wh..opq`] = ''
    }
  }
  return files
}

async function compare(layers: LayerFiles[]): Promise<void> {
  const { store, root } = await freshStore()
  const image = await addImage(store, 'same:1', layers)
  const bundle = join(parent, `bundle${count++}`)
  run('umoci', 'unpack', '--rootless', '--image', `${root}:same:1`, bundle)
  expect(replayed(await imageTree(store, image))).toEqual(sorted(filesIn(join(bundle, 'rootfs'))))
}

function filesIn(directory: string): Map<string, number> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const stats = paths.map((path) => [path, lstatSync(join(directory, path))] as const)
  return new Map(stats.flatMap(([path, stat]) => (stat.isDirectory() ? [] : [[path, stat.size]])))
}

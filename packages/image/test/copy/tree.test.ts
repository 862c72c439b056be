/** What a copy reads before anything moves, of sources that mean no good. */
import { expect, test } from 'vitest'
import { planCopy, type ReadDocument } from '../../src/copy/tree.ts'
import type { Source } from '../../src/copy/medium.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/media-type.ts'
import { describe, json } from '../support/archives.ts'

test('an index of manifests of 4 MiB each is refused before they fill the memory', async () => {
  const config = describe(OCI_CONFIG, json({}))
  const manifest = json({ schemaVersion: 2, config, layers: [], annotations: { padding: 'x'.repeat(4_000_000) } })
  const named = describe(OCI_MANIFEST, manifest)
  const index = json({ schemaVersion: 2, manifests: Array.from({ length: 900 }, () => named) })
  const root = describe(OCI_INDEX, index)
  let reads = 0
  const read: ReadDocument = async (what) => {
    reads++
    return what === 'index' ? index : manifest
  }
  const source = { location: 'docker://hostile', roots: async () => [{ descriptor: root, names: [] }] }
  await expect(planCopy(source as unknown as Source, read, { onePlatform: false }, { all: true })).rejects.toThrow(
    'the manifests under docker://hostile have more than 67108864 bytes',
  )
  expect(reads).toBeLessThan(20)
})

/** The whole store against its own names: every blob hashed, every image read, every layer decompressed and its diffID computed. */
import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { decompress } from '../compression.ts'
import { Sha256, type ChainID, type Digest } from '../digest.ts'
import { parseJSON } from '../json.ts'
import { LayoutFile, type Platform } from '../schema.ts'
import { readCapped, readFile, type Blobs } from './blobs.ts'
import { reachableBlobs } from './gc.ts'
import { readImage, type Layer, type ReadBlob } from './image.ts'
import type { IndexFile } from './index-file.ts'
import type { Layers } from './layers.ts'
import type { StorePaths } from './paths.ts'

/** One thing that is wrong: which object, and how. */
export type Problem = { object: string; message: string }

export type VerifyParts = {
  paths: StorePaths
  blobs: Blobs
  index: IndexFile
  layers: Layers
  read: ReadBlob
  platform: Platform
}

/** All problems, in a stable order; empty for a sound store. Reads every byte of every blob. Changes nothing. */
export async function verifyStore(parts: VerifyParts): Promise<Problem[]> {
  const problems = new Problems()
  const { paths, index, layers, read, blobs, platform } = parts
  problems.attempt('oci-layout', () => parseJSON('oci-layout', readCapped('oci-layout', paths.layoutFile), LayoutFile))
  const manifests = problems.attempt('index.json', () => index.readAll())?.manifests ?? []
  for (const digest of [...reachableBlobs(read, manifests)].toSorted()) {
    if (problems.attempt(digest, () => blobs.size(digest)) === undefined) problems.add(digest, 'is missing')
  }
  const wanted = new Map<Digest, Set<string>>()
  for (const descriptor of manifests) {
    const image = problems.attempt(`image ${descriptor.digest}`, () => readImage(read, descriptor, platform))
    for (const layer of image?.layers ?? []) expectLayer(problems, wanted, blobs, layer)
  }
  await verifyBlobs(parts, problems, wanted)
  await verifyTrees(paths, layers, problems)
  return problems.list
}

function expectLayer(problems: Problems, wanted: Map<Digest, Set<string>>, blobs: Blobs, layer: Layer): void {
  const size = blobs.size(layer.digest)
  if (size !== undefined && size !== layer.size) {
    problems.add(layer.digest, `is ${size} bytes long, its manifest says ${layer.size}`)
  }
  const diffIDs = wanted.get(layer.digest) ?? new Set()
  wanted.set(layer.digest, diffIDs.add(layer.diffID))
}

/** One pass over each blob gives its digest and, for a layer, its diffID. */
async function verifyBlobs(
  { paths }: VerifyParts,
  problems: Problems,
  wanted: Map<Digest, Set<string>>,
): Promise<void> {
  for (const name of (await readdir(paths.blobs)).toSorted()) {
    const digest = `sha256:${name}` as Digest
    const compressed = new Sha256()
    const plain = new Sha256()
    const input = hashed(readFile(join(paths.blobs, name), digest), compressed)
    const diffIDs = wanted.get(digest)
    try {
      for await (const chunk of diffIDs === undefined ? input : decompress(`layer ${digest}`, input)) {
        if (diffIDs !== undefined) plain.update(chunk)
      }
      // What lies behind the compressed data belongs to the digest too.
      for await (const _ of input) continue
    } catch (error) {
      problems.add(digest, (error as Error).message)
      continue
    }
    const actual = compressed.digest()
    if (actual !== digest) problems.add(digest, `has the digest ${actual}`)
    const diffID = plain.diffID()
    for (const expected of diffIDs ?? []) {
      if (expected !== diffID) problems.add(digest, `unpacks to ${diffID}, an image says ${expected}`)
    }
  }
}

async function verifyTrees(paths: StorePaths, layers: Layers, problems: Problems): Promise<void> {
  for (const name of (await readdir(paths.layers)).toSorted()) {
    if (name === 'l') continue
    const chainID = `sha256:${name}` as ChainID
    const object = `layers/${name}`
    problems.attempt(object, () => {
      const info = layers.info(chainID)
      if (info === undefined) problems.add(object, 'has no layer.json')
      else if (info.chainID !== chainID) problems.add(object, `says it is ${info.chainID}`)
      if (!lstatSync(join(paths.layers, name, 'diff')).isDirectory()) problems.add(object, 'has no tree')
    })
    const link = paths.shortLink(chainID)
    problems.attempt(`layers/${link}`, () => {
      if (readlinkSync(join(paths.layers, link)) !== `../${name}/diff`) problems.add(`layers/${link}`, `is not ${name}`)
      statSync(join(paths.layers, link))
    })
  }
}

async function* hashed(input: AsyncIterable<Uint8Array>, hash: Sha256): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    hash.update(chunk)
    yield chunk
  }
}

class Problems {
  readonly list: Problem[] = []

  add(object: string, message: string): void {
    if (!this.list.some((one) => one.object === object && one.message === message)) this.list.push({ object, message })
  }
  /** The result, or undefined and one more problem. */
  attempt<T>(object: string, check: () => T): T | undefined {
    try {
      return check()
    } catch (error) {
      this.add(object, (error as Error).message)
      return undefined
    }
  }
}

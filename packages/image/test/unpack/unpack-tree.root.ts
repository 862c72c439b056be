/** Unpacking on threads: the same trees, digests and errors as on this one, and threads that can be used again after each. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/digest.ts'
import { unpackTree } from '../../src/unpack/unpack-tree.ts'
import type { UnpackJob } from '../../src/unpack/unpack-layer.ts'
import { UnpackThread } from '../../src/unpack/unpack-thread.ts'
import * as make from '../support/archives.ts'
import { scratch } from '../tree/tree.ts'

/** Large enough for a thread, whatever its bytes are. */
const LARGE = 1 << 30

const job = (directory: string): UnpackJob => ({ what: 'the layer', directory })

async function layer(name: string): Promise<Buffer> {
  return await make.tar({ 'd/': '', [`d/${name}`]: randomBytes(300_000), 'd/second': `of ${name}` })
}

test('five layers at once on two threads give five trees and their diffIDs', async () => {
  const tars = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(layer))
  const directories = tars.map(() => scratch())
  const results = await Promise.all(tars.map((tar, i) => unpackTree(job(directories[i]!), make.stream(tar), LARGE)))
  expect(results.map(({ diffID }) => diffID as string)).toEqual(tars.map(digestOf))
  expect(results[0]!.applied).toMatchObject({ files: 3, implied: [] })
  expect(readFileSync(join(directories[4]!, 'd/second'), 'utf8')).toBe('of e')
})

test('a chunk larger than a slot of the ring, and a file larger than the ring, come out whole', async () => {
  const content = randomBytes(5_000_000)
  const directory = scratch()
  const tar = await make.tar({ big: content })
  const { diffID } = await unpackTree(job(directory), make.stream(tar, tar.length), LARGE)
  expect(readFileSync(join(directory, 'big')).equals(content)).toBe(true)
  expect(diffID as string).toBe(digestOf(tar))
})

test("a hostile archive fails with the unpacker's own words, code and hint", async () => {
  const tar = await make.tar({ ok: 'x', '../out': 'x' })
  const failed = await unpackTree(job(scratch()), make.stream(tar), LARGE).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(UserError)
  expect(failed).toMatchObject({
    code: 'invalid',
    message: 'path "../out" leads out of the layer',
    hint: expect.stringContaining('hostile'),
  })
})

test('a hostile archive of any length is given up as soon as the thread says so', async () => {
  let given = 0
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    yield await make.tar({ '../out': 'x' })
    for (; given < 1000; given++) yield Buffer.alloc(256 * 1024)
  }
  await expect(unpackTree(job(scratch()), endless(), LARGE)).rejects.toThrow('leads out of the layer')
  expect(given).toBeLessThan(100)
})

test('an input that fails passes its error on, and the thread serves the next', async () => {
  const thread = new UnpackThread()
  const cut = async function* (): AsyncGenerator<Uint8Array> {
    yield (await layer('a')).subarray(0, 200_000)
    throw new Error('the cable is cut')
  }
  await expect(thread.unpack(job(scratch()), cut())).rejects.toThrow('the cable is cut')
  const tar = await layer('b')
  const directory = scratch()
  expect((await thread.unpack(job(directory), make.stream(tar))).diffID as string).toBe(digestOf(tar))
  expect(readdirSync(join(directory, 'd')).toSorted()).toEqual(['b', 'second'])
  await thread.terminate()
})

test('a thread that dies in the middle is an error, not a wait without end', async () => {
  const thread = new UnpackThread()
  const tar = await make.tar({ big: randomBytes(4_000_000) })
  const killing = async function* (): AsyncGenerator<Uint8Array> {
    yield tar.subarray(0, 100_000)
    void thread.terminate()
    yield tar.subarray(100_000)
  }
  await expect(thread.unpack(job(scratch()), killing())).rejects.toThrow('the thread that unpacks ended')
  expect(thread.dead).toBe(true)
})

test('an archive that ends too early says so', async () => {
  const tar = (await layer('a')).subarray(0, 100_000)
  await expect(unpackTree(job(scratch()), make.stream(tar), LARGE)).rejects.toThrow('ends in the middle of an entry')
})

test.each(['gzip', 'zstd'] as const)(
  'a layer compressed with %s is inflated there, in pieces of any size',
  async (how) => {
    const tar = await layer('a')
    for (const chunkBytes of [3, 1000, 300_000]) {
      const compressed = make.compress(tar, how)
      const bytes = chunkBytes === 3 ? tiny(compressed) : make.stream(compressed, chunkBytes)
      expect((await unpackTree(job(scratch()), bytes, LARGE)).diffID as string).toBe(digestOf(tar))
    }
  },
)

/** The first bytes one by one: what tells the compression lies in several chunks. */
async function* tiny(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < 10; at++) yield bytes.subarray(at, at + 1)
  yield bytes.subarray(10)
}

test('bytes behind the end of the compressed data are passed over, however many', async () => {
  const tar = await layer('a')
  const bytes = Buffer.concat([make.compress(tar, 'gzip'), Buffer.alloc(4_000_000)])
  expect((await unpackTree(job(scratch()), make.stream(bytes, 200_000), LARGE)).diffID as string).toBe(digestOf(tar))
})

test('damaged compressed data is told with the name of the layer', async () => {
  const bytes = make.compress(await layer('a'), 'gzip').fill(0x55, 1000, 2000)
  await expect(unpackTree(job(scratch()), make.stream(bytes), LARGE)).rejects.toThrow('the layer is damaged')
})

test('layers with bytes behind their end, one after the other on one thread, come out whole', async () => {
  const thread = new UnpackThread()
  for (let i = 0; i < 20; i++) {
    const tar = await layer(`n${i}`)
    const bytes = Buffer.concat([make.compress(tar, 'gzip'), Buffer.alloc(3_000_000)])
    expect((await thread.unpack(job(scratch()), make.stream(bytes, 100_000))).diffID as string).toBe(digestOf(tar))
  }
  await thread.terminate()
})

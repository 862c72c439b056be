import { createHash } from 'node:crypto'
import { digestOf, parseReference, tarHeader, writeTar, type TreeEvent } from '@mini-docker/image'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestDaemon } from './support/daemon.ts'

let docker: TestDaemon
beforeAll(async () => {
  docker = await TestDaemon.start()
  await addImage('team/shop:1', [await tar({ a: 'first' })])
  await addImage('team/shop:2', [await tar({ a: 'first' }), await tar({ a: 'second', 'b/c': '' })])
  await addImage('broken:1', [Buffer.from('no tar at all '.repeat(100))])
})
afterAll(() => docker[Symbol.asyncDispose]())

describe('GET /x/images/{name}/tree', () => {
  test('gives one event a line, the layers before their files and the totals last', async () => {
    const { status, headers, text } = await docker.request('GET', '/x/images/team/shop:2/tree')
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    const events = lines(text) as TreeEvent[]
    expect(events.map(({ kind }) => kind)).toEqual(['image', 'entries', 'layer', 'entries', 'layer', 'totals'])
    expect(events.at(-1)).toMatchObject({ totals: { wastedBytes: 5, wasted: [{ path: 'a', hiddenBy: [1] }] } })
  })
  test('takes a name that is percent-encoded, as clients send it', async () => {
    expect((await docker.request('GET', '/v1.47/x/images/team%2Fshop%3A1/tree')).status).toBe(200)
  })
  test('of an image that is not there is docker’s 404', async () => {
    expect(await docker.request('GET', '/x/images/nope/tree')).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining('No such image: nope:latest') as string },
    })
  })
  test('of a damaged layer ends with the reason', async () => {
    const { text } = await docker.request('GET', '/x/images/broken:1/tree')
    expect(lines(text).at(-1)).toMatchObject({
      kind: 'error',
      message: expect.stringContaining('tar archive') as string,
    })
  })
})

describe('GET /x/images/{name}/diff', () => {
  test('compares two images', async () => {
    const { status, json } = await docker.request('GET', '/x/images/team/shop:1/diff?with=team/shop:2')
    expect(status).toBe(200)
    expect(json).toMatchObject({ sharedLayers: 1, counts: { added: 2, changed: 1, removed: 0 } })
  })
  test.each([
    ['/x/images/team/shop:1/diff', 400, 'no image to compare with'],
    ['/x/images/team/shop:1/diff?with=nope', 404, 'No such image: nope:latest'],
  ])('%s is %i', async (path, status, message) => {
    expect(await docker.request('GET', path)).toMatchObject({
      status,
      json: { message: expect.stringContaining(message) as string },
    })
  })
})

function lines(text: string): { kind: string }[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string })
}

async function tar(files: Record<string, string>): Promise<Buffer> {
  const entries = Object.entries(files).map(([path, text]) => {
    const data = Buffer.from(text)
    return { ...tarHeader({ type: 'file', path, size: data.length }), data: data.length > 0 ? [data] : [] }
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of writeTar(entries)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** An image of uncompressed layers that is not unpacked, which needs no root. */
async function addImage(name: string, layers: readonly Buffer[]): Promise<void> {
  const { images } = docker.daemon.engine
  const oci = 'application/vnd.oci.image'
  const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length })
  const diffIDs = layers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`)
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIDs } }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config: describe(`${oci}.config.v1+json`, config),
      layers: layers.map((layer) => describe(`${oci}.layer.v1.tar`, layer)),
    }),
  )
  await images.adding(async () => {
    for (const blob of [...layers, config, manifest]) await images.ingestBlob(blob)
    await images.add(describe(`${oci}.manifest.v1+json`, manifest), [parseReference(name)])
  })
}

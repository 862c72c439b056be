/**
 * From every medium to every medium: the manifest's digest stays, which is to say every byte of the image. With a real registry, and
 * with skopeo as the reader of what we write and the writer of what we read.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { UserError } from '@mini-docker/syscall'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Registry as RealRegistry } from '../../../../test/harness/registry/index.ts'
import { digestOf } from '../../src/digest.ts'
import { parseLocation, type Medium } from '../../src/media/location.ts'
import { copyBetween, openSource } from '../../src/media/open.ts'
import { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { multiFiles, writeFiles } from '../support/media.ts'
import { describeWith, run } from '../support/requires.ts'
import { connect, type Client } from '../registry/client.ts'

const parent = make.temporaryDirectory()
const MEDIA: Medium[] = ['docker', 'oci', 'oci-archive', 'docker-archive', 'dir', 'store']
let count = 0
let one: make.TestImage
let other: make.TestImage
let multi: string
let store: ImageStore

beforeAll(async () => {
  const layers = [await make.tar({ 'bin/': '', 'bin/sh': 'shell' }), await make.tar({ big: 'x'.repeat(700_000) })]
  one = make.image(layers)
  // A layer that stands twice, and one of zstd beside: what an archive must not write twice.
  other = make.image([layers[0]!, layers[1]!, layers[0]!], 'zstd', { architecture: 'arm64' })
  multi = writeFiles(join(parent, 'multi'), multiFiles({ amd64: one, arm64: other }, 'multi:1'))
  store = await ImageStore.open(join(parent, 'store'))
})

describeWith(['docker-registry'], 'from each medium to each', () => {
  let real: RealRegistry
  let client: Client

  beforeAll(async () => {
    real = await RealRegistry.start()
    client = connect(real)
  })
  afterAll(async () => {
    client[Symbol.dispose]()
    await real[Symbol.asyncDispose]()
  })

  function fresh(medium: Medium): string {
    const path = join(parent, `m${count++}`)
    const location: Record<Medium, string> = {
      docker: `docker://${real.host}/team/m${count}:1`,
      oci: `oci:${path}:a:1`,
      'oci-archive': `oci-archive:${path}.tar:a:1`,
      'docker-archive': `docker-archive:${path}.tar:a:1`,
      dir: `dir:${path}`,
      store: `store:m${count}:1`,
    }
    return location[medium]
  }

  async function copy(from: string, to: string, all = false): Promise<string> {
    const context = { store, registry: client.registry, unpack: false }
    const places = { from: parseLocation(from), to: parseLocation(to), fromContext: context, toContext: context }
    const [copied] = await copyBetween(places, { all })
    return copied!.tree.descriptor.digest
  }

  const pairs = MEDIA.flatMap((from) => MEDIA.map((to) => [from, to] as const))
  test.each(pairs)('%s → %s keeps the digest', async (from, to) => {
    const [first, second, back] = [fresh(from), fresh(to), fresh('oci')]
    await copy(`oci:${multi}@${one.descriptor.digest}`, first)
    await copy(first, second)
    expect(await copy(second, back)).toBe(one.descriptor.digest)
    expect(await store.verify()).toEqual([])
  })

  const whole = MEDIA.filter((medium) => medium !== 'store' && medium !== 'docker-archive')
  test.each(whole.flatMap((from) => whole.map((to) => [from, to] as const)))(
    '%s → %s keeps a whole index with --all',
    async (from, to) => {
      const index = (JSON.parse(readFileSync(join(multi, 'index.json'), 'utf8')) as { manifests: { digest: string }[] })
        .manifests[0]!.digest
      const [first, second] = [fresh(from), fresh(to)]
      await copy(`oci:${multi}:multi:1`, first, true)
      expect(await copy(first, second, true)).toBe(index)
      expect(await copy(second, fresh('oci'), true)).toBe(index)
    },
  )

  test('the store keeps one platform only, and says so', async () => {
    await expect(copy(`oci:${multi}:multi:1`, fresh('store'), true)).rejects.toThrow('keeps images of one platform')
  })

  describeWith(['skopeo'], 'skopeo', () => {
    const flags = ['-q', '--src-tls-verify=false', '--dest-tls-verify=false']
    test.each(['oci', 'oci-archive', 'docker-archive', 'dir', 'docker'] as const)(
      'reads what we write to %s:, and we read what it writes there',
      async (medium) => {
        const [ours, theirs] = [fresh(medium), fresh(medium)]
        await copy(`oci:${multi}@${one.descriptor.digest}`, ours)
        const image = run('skopeo', 'inspect', '--tls-verify=false', '--config', '--raw', ours)
        expect(digestOf(image)).toBe(digestOf(one.config))
        // skopeo decompresses layers on their way into a docker-archive, and makes other manifests for it.
        const keeps = medium !== 'docker-archive'
        if (keeps)
          expect(digestOf(run('skopeo', 'inspect', '--tls-verify=false', '--raw', ours))).toBe(one.descriptor.digest)
        run('skopeo', '--insecure-policy', 'copy', ...flags, ours, theirs)
        const digest = await copy(theirs, fresh('oci'))
        if (keeps) expect(digest).toBe(one.descriptor.digest)
        const there = await openSource(parseLocation(theirs), { registry: client.registry })
        const [root] = await there.roots()
        const manifest = JSON.parse((await there.read('manifest', root!.descriptor)).toString()) as {
          config: { digest: string }
        }
        expect(manifest.config.digest).toBe(digestOf(one.config))
        await there[Symbol.asyncDispose]()
      },
    )
  })
})

describe('an archive that is a file', () => {
  const tarFile = (bytes: Uint8Array): string => {
    const path = join(parent, `file${count++}.tar`)
    writeFileSync(path, bytes)
    return path
  }
  const copy = async (from: string): Promise<string> => {
    const places = { from: parseLocation(from), to: parseLocation(`oci:${join(parent, `to${count++}`)}`) }
    const [copied] = await copyBetween({ ...places, fromContext: {}, toContext: {} })
    return copied!.tree.descriptor.digest
  }

  test('may be compressed as a whole', async () => {
    const path = tarFile(gzipSync(await make.tar(make.ociFiles(one, 'a:1'))))
    expect(await copy(`oci-archive:${path}:a:1`)).toBe(one.descriptor.digest)
    expect(await copy(`docker-archive:${path}:a:1`)).toBe(one.descriptor.digest)
  })
  test('of docker before 25 gives the same manifest as load', async () => {
    const path = tarFile(await make.tar(make.dockerFiles(other, ['a:1'])))
    const digests = [await copy(`docker-archive:${path}`), await copy(`docker-archive:${path}:@0`)]
    expect(new Set(digests).size).toBe(1)
  })
  test('with several images wants to know which', async () => {
    const small = make.image([await make.tar({ small: 'small' })])
    const files = [make.dockerFiles(one, ['a:1']), renamed(make.dockerFiles(small, ['b:1']))]
    const items = files.flatMap(({ 'manifest.json': text }) => JSON.parse((text as Buffer).toString()) as unknown[])
    const path = tarFile(await make.tar({ ...files[0], ...files[1], 'manifest.json': make.json(items) }))
    await expect(copy(`docker-archive:${path}`)).rejects.toMatchObject({
      message: expect.stringContaining('has 2 images, expected 1') as string,
      hint: 'choose one: a:1, b:1',
    })
    expect(await copy(`docker-archive:${path}:b:1`)).toBe(await copy(`docker-archive:${path}:@1`))
    await expect(copy(`docker-archive:${path}:c:1`)).rejects.toThrow('tag "docker.io/library/c:1" not found')
    await expect(copy(`docker-archive:${path}:@2`)).rejects.toThrow('no image @2')
  })
  test('is never put in the place of a device, a pipe or a directory', async () => {
    const from = `oci-archive:${tarFile(await make.tar(make.ociFiles(one, 'a:1')))}`
    const copyTo = (to: string) =>
      copyBetween({ from: parseLocation(from), to: parseLocation(to), fromContext: {}, toContext: {} })
    await copyTo('oci-archive:/dev/null')
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    const pipe = join(parent, `pipe${count++}`)
    run('mkfifo', pipe)
    const reading = readFile(pipe)
    await copyTo(`docker-archive:${pipe}:b:1`)
    const copied = tarFile(await reading)
    expect(await copy(`docker-archive:${copied}:b:1`)).toBe(one.descriptor.digest)
    await expect(copyTo(`oci-archive:${parent}`)).rejects.toThrow(`${parent} is a directory`)
    await expect(copyTo('oci-archive:/nonexistent/a.tar')).rejects.toThrow('there is no directory /nonexistent')
    await expect(copyTo('oci:/proc/layout')).rejects.toThrow('/proc/layout')
  })
  test.each<[string, () => Promise<Uint8Array>, string]>([
    ['is empty', async () => new Uint8Array(0), 'lacks oci-layout'],
    [
      'is cut off',
      async () => (await make.tar(make.ociFiles(one))).subarray(0, 2000),
      'ends in the middle of an entry',
    ],
    ['is no tar', async () => Buffer.alloc(5000, 'not a tar'), 'tar archive'],
    ['is bzip2', async () => Buffer.from('BZh91AY&SY rest'), 'compressed with bzip2'],
    ['leads out', async () => await make.tar({ ...make.ociFiles(one), '../evil': 'x' }), 'leads out of the archive'],
    ['has a link as index.json', async () => await linked('/etc/passwd'), 'lacks index.json'],
    [
      'has an index.json of 50 MB',
      async () => await make.tar({ ...make.ociFiles(one), 'index.json': Buffer.alloc(5e7, ' ') }),
      '50000000 bytes',
    ],
    ['lacks a layer', async () => await make.tar(without(make.ociFiles(one), one.layers[0]!)), 'lacks blob sha256'],
    ['has another layer', async () => await make.tar(swapped()), 'has the digest sha256'],
  ])('that %s is refused', async (_, bytes, message) => {
    const error = await copy(`oci-archive:${tarFile(await bytes())}`).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toContain(message)
  })

  /** The same with other names for its layers. */
  const renamed = (files: make.Files): make.Files => {
    const rename = (path: string): string => path.replaceAll('layer0', 'other')
    const moved = Object.fromEntries(Object.entries(files).map(([path, content]) => [rename(path), content]))
    return { ...moved, 'manifest.json': Buffer.from(rename((files['manifest.json'] as Buffer).toString())) }
  }
  const linked = (target: string) => make.tar({ ...make.ociFiles(one), 'index.json': { symlink: target } })
  const blobOf = (bytes: Uint8Array) => `blobs/sha256/${digestOf(bytes).slice('sha256:'.length)}`
  const without = (files: make.Files, bytes: Uint8Array) =>
    Object.fromEntries(Object.entries(files).filter(([path]) => path !== blobOf(bytes)))
  const swapped = () => {
    const changed = Buffer.from(one.layers[0]!)
    changed[20]! ^= 1
    return { ...make.ociFiles(one), [blobOf(one.layers[0]!)]: changed }
  }
})

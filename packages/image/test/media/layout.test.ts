import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyImages, type CopyOptions, type Planned, type Sink, type Source } from '../../src/copy/index.ts'
import { digestOf, hexOf } from '../../src/digest.ts'
import { ArchiveSink } from '../../src/media/archive-sink.ts'
import { FileOutput } from '../../src/media/file-output.ts'
import { DirectoryFiles } from '../../src/media/files.ts'
import { DirSink } from '../../src/media/dir-sink.ts'
import { DirSource } from '../../src/media/dir-source.ts'
import { LayoutSink } from '../../src/media/layout-sink.ts'
import { LayoutSource } from '../../src/media/layout-source.ts'
import { parseLocation } from '../../src/media/location.ts'
import { parseReference } from '../../src/reference.ts'
import * as make from '../support/archives.ts'
import { multiFiles, writeFiles } from '../support/media.ts'
import { describeWith, run } from '../support/requires.ts'

const parent = make.temporaryDirectory()
let count = 0
let one: make.TestImage
let other: make.TestImage
let lay: string
let out: string

beforeAll(async () => {
  one = make.image([await make.tar({ 'bin/': '', 'bin/sh': 'shell' }), await make.tar({ big: 'x'.repeat(700_000) })])
  other = make.image([await make.tar({ other: 'other' })], 'zstd', { architecture: 'arm64' })
})

beforeEach(() => {
  lay = join(parent, `lay${count++}`)
  out = join(parent, `out${count++}`)
})

function source(location: string): LayoutSource {
  const parsed = parseLocation(location)
  if (parsed.medium !== 'oci') throw new Error(location)
  return new LayoutSource(location, new DirectoryFiles(parsed.directory), parsed.choice)
}

/** As all that copy do it: both are closed in the end. */
async function copyInto(from: Source, to: Sink, options?: CopyOptions): Promise<Planned[]> {
  await using _from = from
  await using sink = to
  return await copyImages(from, sink, options)
}

const names = (directory: string): (string | undefined)[] =>
  indexFile(directory).map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'])
const indexFile = (directory: string) =>
  (
    JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as {
      manifests: { digest: string; annotations?: Record<string, string> }[]
    }
  ).manifests
const blob = (directory: string, bytes: Uint8Array): string => join(directory, 'blobs/sha256', hexOf(digestOf(bytes)))

describe('an OCI layout as a source', () => {
  test.each([
    ['', ['app:1']],
    [':app:1', ['app:1']],
    [':docker.io/library/app:1', ['app:1']],
  ])('offers the image named %j', async (suffix) => {
    writeFiles(lay, make.ociFiles(one, 'app:1'))
    const [root] = await source(`oci:${lay}${suffix}`).roots()
    expect(root?.descriptor.digest).toBe(one.descriptor.digest)
    expect(root?.names).toEqual([parseReference('app:1')])
  })
  test('offers the image with a digest, also one that only an index names', async () => {
    writeFiles(lay, multiFiles({ amd64: one, arm64: other }, 'multi'))
    const [root] = await source(`oci:${lay}@${other.descriptor.digest}`).roots()
    expect(root?.descriptor).toMatchObject({ ...other.descriptor, platform: { architecture: 'arm64' } })
  })
  test('of several images wants to know which', async () => {
    writeFiles(lay, make.ociFiles(one, 'app:1'))
    await copyInto(source(`oci:${writeFiles(out, make.ociFiles(other, 'b'))}`), new LayoutSink(lay, 'b'))
    await expect(source(`oci:${lay}`).roots()).rejects.toThrow(`oci:${lay} has 2 images`)
    await expect(source(`oci:${lay}:c`).roots()).rejects.toMatchObject({ code: 'not-found', hint: 'it has: app:1, b' })
  })
  test.each<[string, (directory: string) => void, string | RegExp]>([
    ['is missing', (at) => rmSync(at, { recursive: true }), 'oci-layout of oci:'],
    ['is of version 2', (at) => writeFileSync(join(at, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}'), 'only 1.x'],
    ['has no index.json', (at) => rmSync(join(at, 'index.json')), /index.json of oci:.* is missing/],
    [
      'has an index.json of 50 MB',
      (at) => writeFileSync(join(at, 'index.json'), Buffer.alloc(5e7, ' ')),
      '50000000 bytes',
    ],
    ['has a link as index.json', (at) => link(join(at, 'index.json'), '/etc/passwd'), 'is a symbolic link'],
    ['has a fifo as index.json', (at) => fifo(join(at, 'index.json')), 'is no regular file'],
    ['has a fifo as manifest', (at) => fifo(blob(at, one.manifest)), 'is no regular file'],
    ['has a fifo as layer', (at) => fifo(blob(at, one.layers[1]!)), 'is no regular file'],
    ['has a device as layer', (at) => link(blob(at, one.layers[1]!), '/dev/zero'), 'is no regular file'],
    ['has a directory as config', (at) => swap(blob(at, one.config), (path) => mkdirSync(path)), 'is no regular file'],
    [
      'has a link to a secret as config',
      (at) => link(blob(at, one.config), '/etc/passwd'),
      /^(?!.*root).*bytes long, expected/,
    ],
    ['lacks a layer', (at) => rmSync(blob(at, one.layers[0]!)), /blob sha256:\w+ is missing/],
    ['has a short layer', (at) => writeFileSync(blob(at, one.layers[1]!), 'x'), /is 1 bytes long, expected \d+/],
    [
      'has a layer that does not end',
      (at) => writeFileSync(blob(at, one.layers[0]!), Buffer.alloc(1e6)),
      'is longer than',
    ],
    ['has a layer with a changed byte', (at) => change(blob(at, one.layers[0]!)), /has the digest sha256/],
    ['has a changed manifest', (at) => change(blob(at, one.manifest)), /has the digest sha256/],
  ])('that %s gives an error, and the sink no image', async (_, spoil, message) => {
    writeFiles(lay, make.ociFiles(one, 'app:1'))
    spoil(lay)
    const error = await copyInto(source(`oci:${lay}:app:1`), new LayoutSink(out)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UserError)
    expect((error as Error).message).toMatch(message)
    if (existsSync(out)) expect(indexFile(out)).toEqual([])
    expect(temporaries(out)).toEqual([])
  })
  test.each([
    ['more', -1],
    ['less', 1],
  ])('of which a layer has %s bytes than its manifest says is blamed for it, not the archive', async (_, by) => {
    const document = JSON.parse(one.manifest.toString()) as { layers: { size: number }[] }
    document.layers[1]!.size += by
    const manifest = make.json(document)
    const lying = { ...one, manifest, descriptor: make.describe(one.descriptor.mediaType, manifest) }
    writeFiles(lay, make.ociFiles(lying, 'app:1'))
    const archive = new ArchiveSink('the archive', new FileOutput(`${out}.tar`), { docker: true })
    const size = one.layers[1]!.length
    await expect(copyInto(source(`oci:${lay}:app:1`), archive)).rejects.toThrow(
      `blob ${digestOf(one.layers[1]!)} is ${size} bytes long, expected ${size + by}`,
    )
    expect(existsSync(`${out}.tar`)).toBe(false)
  })
  test('whose digest is a path is malformed', async () => {
    const manifests = [{ ...one.descriptor, digest: 'sha256:../../../../etc/passwd' }]
    writeFiles(lay, { ...make.ociFiles(one), 'index.json': make.json({ schemaVersion: 2, manifests }) })
    await expect(source(`oci:${lay}`).roots()).rejects.toThrow('malformed at manifests.0.digest')
  })
  test('made of symbolic links to blobs is read, as skopeo does it', async () => {
    writeFiles(lay, make.ociFiles(one, 'app:1'))
    for (const bytes of [...one.layers, one.config, one.manifest]) {
      const target = join(parent, `linked${count++}`)
      writeFileSync(target, bytes)
      link(blob(lay, bytes), target)
    }
    await copyInto(source(`oci:${lay}`), new LayoutSink(out))
    expect(names(out)).toEqual(['app:1'])
  })
})

describe('an OCI layout as a sink', () => {
  test('keeps what else is in it, and moves a name', async () => {
    writeFiles(lay, make.ociFiles(one, 'app:1'))
    const from = `oci:${writeFiles(out, make.ociFiles(other))}`
    await copyInto(source(from), new LayoutSink(lay, 'latest'))
    await copyInto(source(from), new LayoutSink(lay))
    await copyInto(source(from), new LayoutSink(lay))
    expect(names(lay)).toEqual(['app:1', 'latest', undefined])
    await copyInto(source(`oci:${lay}:app:1`), new LayoutSink(lay, 'latest'))
    expect(names(lay)).toEqual(['app:1', 'latest', undefined])
    expect(indexFile(lay)[1]?.digest).toBe(one.descriptor.digest)
  })
  test('takes one image of an index, or the whole with `all`', async () => {
    const from = `oci:${writeFiles(out, multiFiles({ amd64: one, arm64: other }, 'multi:1'))}`
    await copyInto(source(from), new LayoutSink(lay, 'arm'), { platform: { os: 'linux', architecture: 'arm64' } })
    expect(existsSync(blob(lay, one.layers[0]!))).toBe(false)
    await copyInto(source(from), new LayoutSink(lay), { all: true })
    expect(indexFile(lay).map(({ digest }) => digest)).toEqual([
      other.descriptor.digest,
      (await source(from).roots())[0]!.descriptor.digest,
    ])
    expect(names(lay)).toEqual(['arm', 'multi:1'])
  })
  test('replaces blobs that somebody left half-written, and links', async () => {
    writeFiles(lay, { ...make.ociFiles(other, 'b') })
    writeFileSync(blob(lay, one.layers[1]!), 'half')
    const precious = join(parent, `precious${count++}`)
    writeFileSync(precious, 'precious')
    symlinkSync(precious, blob(lay, one.config))
    await copyInto(source(`oci:${writeFiles(out, make.ociFiles(one, 'a'))}`), new LayoutSink(lay))
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    await copyInto(source(`oci:${lay}@${one.descriptor.digest}`), new DirSink(join(parent, `dir${count++}`)))
  })
  test('writes nothing through a link in place of blobs', async () => {
    writeFiles(out, make.ociFiles(one, 'a'))
    const elsewhere = join(parent, `elsewhere${count++}`)
    for (const directory of [elsewhere, lay]) mkdirSync(directory)
    symlinkSync(elsewhere, join(lay, 'blobs'))
    await expect(copyInto(source(`oci:${out}`), new LayoutSink(lay))).rejects.toThrow('blobs is no directory')
    expect(readdirSync(elsewhere)).toEqual([])
  })
  test('filled ten times at once has all the names', async () => {
    writeFiles(out, make.ociFiles(one, 'a'))
    const all = Array.from({ length: 10 }, (_, i) => `n${i}`)
    await Promise.all(all.map((name) => copyInto(source(`oci:${out}`), new LayoutSink(lay, name))))
    expect(new Set(names(lay))).toEqual(new Set(all))
    expect(temporaries(lay)).toEqual([])
  })
})

describe('dir:', () => {
  test('gives back the manifest it got, and an index with all its images', async () => {
    const from = `oci:${writeFiles(lay, multiFiles({ amd64: one, arm64: other }, 'multi'))}`
    await copyInto(source(from), new DirSink(out), { all: true })
    const back = join(parent, `back${count++}`)
    const [copied] = await copyInto(new DirSource(out), new LayoutSink(back, 'again'), { all: true })
    expect(copied?.tree.descriptor.digest).toBe((await source(from).roots())[0]?.descriptor.digest)
    expect(readdirSync(join(back, 'blobs/sha256')).toSorted()).toEqual(
      readdirSync(join(lay, 'blobs/sha256')).toSorted(),
    )
  })
  test('that has an image is replaced and holds nothing of the old one', async () => {
    const fresh = join(parent, `fresh${count++}`)
    const from = `oci:${writeFiles(lay, make.ociFiles(one, 'a'))}`
    await copyInto(source(`oci:${writeFiles(out, make.ociFiles(other, 'a'))}`), new DirSink(fresh))
    await copyInto(source(from), new DirSink(fresh))
    expect(readdirSync(fresh).toSorted()).toEqual(
      ['manifest.json', 'version', ...[...one.layers, one.config].map((bytes) => hexOf(digestOf(bytes)))].toSorted(),
    )
  })
  test('filled by five copies at once is one of them, whole', async () => {
    const images = await Promise.all([1, 2, 3, 4, 5].map(async (i) => make.image([await make.tar({ [`f${i}`]: 'x' })])))
    const places = images.map((image) => writeFiles(join(parent, `at${count++}`), make.ociFiles(image, 'a')))
    await Promise.all(places.map((place) => copyInto(source(`oci:${place}`), new DirSink(out))))
    const [winner] = await copyInto(new DirSource(out), new LayoutSink(lay))
    expect(images.map(({ descriptor }) => descriptor.digest)).toContain(winner?.tree.descriptor.digest)
    expect(readdirSync(out)).toHaveLength(4)
  })
  test('that is something else is left alone', async () => {
    writeFiles(out, { 'thesis.txt': 'precious' })
    const from = source(`oci:${writeFiles(lay, make.ociFiles(one, 'a'))}`)
    await expect(copyInto(from, new DirSink(out))).rejects.toMatchObject({ code: 'conflict' })
    expect(readdirSync(out)).toEqual(['thesis.txt'])
  })
  test.each<[string, (directory: string) => void, string | RegExp]>([
    ['is missing', (at) => rmSync(at, { recursive: true }), 'manifest.json of dir:'],
    ['has a link as manifest.json', (at) => link(join(at, 'manifest.json'), '/etc/passwd'), 'is a symbolic link'],
    ['has no JSON', (at) => writeFileSync(join(at, 'manifest.json'), 'x'), 'is not JSON'],
    [
      'has a manifest of docker 1',
      (at) => writeFileSync(join(at, 'manifest.json'), '{"schemaVersion":1}'),
      'malformed',
    ],
    ['has a fifo as layer', (at) => fifo(join(at, hexOf(digestOf(one.layers[0]!)))), 'is no regular file'],
    ['has a changed layer', (at) => change(join(at, hexOf(digestOf(one.layers[0]!)))), 'has the digest'],
  ])('that %s gives an error', async (_, spoil, message) => {
    await copyInto(source(`oci:${writeFiles(lay, make.ociFiles(one, 'a'))}`), new DirSink(out))
    spoil(out)
    await expect(copyInto(new DirSource(out), new LayoutSink(join(parent, `to${count++}`)))).rejects.toThrow(message)
  })
})

describeWith(['skopeo', 'umoci'], 'the same in skopeo and umoci', () => {
  test('what they write is read, what is written they read: oci and dir, with all platforms', async () => {
    const from = writeFiles(lay, multiFiles({ amd64: one, arm64: other }, 'multi'))
    run('skopeo', 'copy', '-q', '--all', `oci:${from}:multi`, `dir:${out}`)
    const ours = join(parent, `ours${count++}`)
    await copyInto(new DirSource(out), new DirSink(ours), { all: true })
    for (const name of readdirSync(out)) {
      // skopeo leaves the layers of all platforms, and so do we, byte for byte.
      expect(readFileSync(join(ours, name))).toEqual(readFileSync(join(out, name)))
    }
    const again = join(parent, `again${count++}`)
    run('skopeo', 'copy', '-q', '--all', `dir:${ours}`, `oci:${again}:m`)
    await copyInto(source(`oci:${again}:m`), new LayoutSink(again, 'n:2'), { all: true })
    expect(run('skopeo', 'inspect', '--raw', `oci:${again}:n:2`)).toBe(readFileSync(join(out, 'manifest.json'), 'utf8'))
    await copyInto(source(`oci:${again}@${one.descriptor.digest}`), new LayoutSink(again, 'single'))
    expect(run('umoci', 'ls', '--layout', again).split('\n').toSorted()).toEqual(['', 'm', 'n:2', 'single'])
    expect(run('umoci', 'stat', '--image', `${again}:single`)).toContain('layer 0')
  })
})

function link(path: string, target: string): void {
  swap(path, () => symlinkSync(target, path))
}

function fifo(path: string): void {
  swap(path, () => execFileSync('mkfifo', [path]))
}

function swap(path: string, make_: (path: string) => void): void {
  rmSync(path)
  make_(path)
}

function change(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
}

function temporaries(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.tmp'))
}

/** Archives between us and the programs that people have: docker's daemon and podman load what we write, and we load what they save. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../../../test/harness/command.ts'
import { Dockerd } from '../../../../test/harness/dockerd.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { digestOf } from '../../src/digest.ts'
import { loadArchive } from '../../src/media/load.ts'
import { parseLocation } from '../../src/media/location.ts'
import { copyBetween } from '../../src/media/open.ts'
import { ImageStore } from '../../src/store/store.ts'
import * as make from '../support/archives.ts'
import { writeFiles } from '../support/media.ts'

const scratch = mkdtempSync(join(tmpdir(), 'image-peers-'))
const archives = (['docker-archive', 'oci-archive'] as const).flatMap((medium) =>
  (['plain', 'gzip', 'zstd'] as const).map((how) => ({ medium, how })),
)
let tars: Buffer[]
let count = 0

beforeAll(async () => {
  tars = [await make.tar({ 'bin/': '', 'bin/sh': 'shell' }), await make.tar({ big: 'x'.repeat(300_000) })]
})
afterAll(() => rmSync(scratch, { recursive: true }))

/** Copies an image into an archive, as `image copy` does. @returns the file. */
async function archive(medium: string, image: make.TestImage, name: string): Promise<string> {
  const layout = writeFiles(join(scratch, `layout${count++}`), make.ociFiles(image, 'x'))
  const file = join(scratch, `${medium}${count++}.tar`)
  const places = { from: parseLocation(`oci:${layout}`), to: parseLocation(`${medium}:${file}:${name}`) }
  await copyBetween({ ...places, fromContext: {}, toContext: {} })
  return file
}

/** What we make of an archive: names and ID. */
async function loaded(file: string): Promise<{ names: string[]; id: string }[]> {
  const store = await ImageStore.open(join(scratch, `store${count++}`))
  const images = await loadArchive(store, make.stream(readFileSync(file), 65_536))
  expect(await store.verify()).toEqual([])
  return images.map(({ image, names }) => ({ names, id: image.id }))
}

describeWith(['root', 'docker', 'dockerd'], 'docker', () => {
  const socket = join(scratch, 'docker.sock')
  const docker = ['docker', '--host', `unix://${socket}`]
  let dockerd: Dockerd
  beforeAll(async () => {
    dockerd = await Dockerd.start(join(scratch, 'dockerd'), socket, 'host')
  })
  afterAll(() => dockerd.stop('SIGTERM'))

  // A dockerd without containerd's image store reads manifest.json alone: an oci-archive is for others.
  test.each(archives.filter(({ medium }) => medium === 'docker-archive'))(
    'loads a $medium of $how layers, and what it saves is the same image to us',
    async ({ medium, how }) => {
      const image = make.image(tars, how, { author: how })
      const name = `localhost/${how}:1`
      const file = await archive(medium, image, name)
      expect(await must([...docker, 'load', '-i', file])).toContain(`Loaded image: ${name}`)
      const id = (await must([...docker, 'image', 'inspect', '-f', '{{.Id}}', name])).trim()
      expect(id).toBe(digestOf(image.config))
      const saved = join(scratch, `docker-${how}.tar`)
      await must([...docker, 'save', '-o', saved, name])
      expect(await loaded(saved)).toEqual([{ names: [name], id }])
    },
  )
})

describeWith(['root', 'podman'], 'podman', () => {
  const home = join(scratch, 'podman')
  const podman = ['podman', '--root', join(home, 'root'), '--runroot', join(home, 'run'), '--storage-driver', 'vfs']

  test.each(archives)(
    'loads our $medium of $how layers, and what it saves is the same image to us',
    async ({ medium, how }) => {
      const image = make.image(tars, how, { author: how })
      const name = `localhost/${medium}-${how}:1`
      const file = await archive(medium, image, name)
      expect(await must([...podman, 'load', '-q', '-i', file])).toContain(name)
      const id = (await must([...podman, 'image', 'inspect', '--format', '{{.Id}}', name])).trim()
      expect(`sha256:${id}`).toBe(digestOf(image.config))
      const saved = join(scratch, `podman-${medium}-${how}.tar`)
      // Into docker's format podman converts: another config, and nothing of zstd.
      await must([...podman, 'save', '-q', '--format', 'oci-archive', '-o', saved, name])
      expect(await loaded(saved)).toEqual([{ names: [name], id: digestOf(image.config) }])
    },
  )
})

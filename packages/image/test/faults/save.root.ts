/** What was pulled goes on to docker: `docker load` takes our archive of it, whatever the registry had it as. */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../../../test/harness/command.ts'
import { Dockerd } from '../../../../test/harness/dockerd.ts'
import { busyboxArchive } from '../../../../test/harness/images.ts'
import {
  dockerImage,
  multiPlatform,
  noisyImage,
  ociImage,
  pushBySkopeo,
  putContent,
  Registry,
  tarOf,
  type Content,
} from '../../../../test/harness/registry/index.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { saveArchive } from '../../src/media/save.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { expectSound, freshStore, pull } from './pull.ts'
import { NEEDS } from './setting.ts'

describeWith([...NEEDS, 'docker', 'dockerd'], 'an archive of what was pulled', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'image-save-'))
  const socket = join(scratch, 'docker.sock')
  let dockerd: Dockerd
  beforeAll(async () => {
    dockerd = await Dockerd.start(join(scratch, 'dockerd'), socket, 'host')
  })
  afterAll(async () => {
    await dockerd.stop('SIGTERM')
    rmSync(scratch, { recursive: true })
  })
  const docker = async (...args: string[]) => (await must(['docker', '--host', `unix://${socket}`, ...args])).trim()

  async function loaded(store: ImageStore, name: string): Promise<void> {
    const file = join(scratch, 'saved.tar')
    await pipeline(saveArchive(store, [name]), createWriteStream(file))
    expect(await docker('load', '-i', file)).toBe(`Loaded image: ${name}`)
    expect(await docker('images', '-q', '--no-trunc', name)).toBe(store.get(name).id)
  }

  test.each([
    ['an OCI image', noisyImage([50_000, 20_000])],
    ['an image of schema 2', dockerImage([tarOf({ a: 'a' }), tarOf({ b: 'b' })])],
    ['an OCI index', multiPlatform()],
    ['a manifest list', multiPlatform(true)],
    // Debian's docker 20.10 knows no zstd.
    ['plain and gzip layers', plainAndGzip()],
  ])('(%s) is loaded by docker under the same ID', async (_what, content) => {
    await using registry = await Registry.start()
    await putContent(registry, 'team/app', '1', content)
    const store = await freshStore()
    const name = `${registry.host}/team/app:1`
    await pull(store, registry, name)
    await loaded(store, name)
    await docker('rmi', name)
    await expectSound(store)
  })

  test('runs there', async () => {
    await using registry = await Registry.start()
    await pushBySkopeo(registry, `docker-archive:${busyboxArchive()}`, 'team/busybox:1')
    const store = await freshStore()
    const name = `${registry.host}/team/busybox:1`
    await pull(store, registry, name)
    await loaded(store, name)
    expect(await docker('run', '--rm', '--network', 'none', name, 'echo', 'docker runs it')).toBe('docker runs it')
    await docker('rmi', name)
  })
})

function plainAndGzip(): Content {
  return ociImage([
    { tar: tarOf({ a: 'a' }), compression: 'plain' },
    { tar: tarOf({ b: 'b' }), compression: 'gzip' },
  ])
}

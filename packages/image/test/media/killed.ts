/** What must hold when a load is killed at any moment: said once, run without root (not unpacking) and with it. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { ImageStore } from '../../src/store/store.ts'
import { ended, startImage } from '../support/child.ts'
import * as make from '../support/archives.ts'

/** Kills a load `times` times, at moments spread evenly over the time a whole one takes. */
export async function killLoads(times: number, ...flags: string[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'image-kill-'))
  try {
    const archive = join(directory, 'image.tar')
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`dir${i}/file`, randomBytes(40_000)]))
    const image = make.image([await make.tar(files), await make.tar({ small: randomBytes(300_000) })], 'zstd')
    writeFileSync(archive, await make.tar(make.ociFiles(image, 'app:1')))

    const load = (root: string) => startImage('--root', root, 'load', ...flags, archive)
    const start = performance.now()
    expect(await ended(load(join(directory, 'whole')))).toBe(0)
    const wholeMs = performance.now() - start

    let killed = 0
    const root = join(directory, 'store')
    for (let i = 0; i < times; i++) {
      const child = load(root)
      await sleep((wholeMs * (i + 1)) / times)
      child.kill('SIGKILL')
      if ((await ended(child)) === 'SIGKILL') killed++
      await expectSound(root, i % 3 === 2)
      rmSync(join(root, 'index.json'), { force: true })
    }
    expect(killed).toBeGreaterThan(times / 3)
    expect(await ended(load(root))).toBe(0)
    const store = await ImageStore.open(root)
    expect(store.get('app:1').layers).toHaveLength(2)
    expect(await store.verify()).toEqual([])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Whatever is there is whole; gc takes what is half made. Without gc, the next load meets the leftovers. */
async function expectSound(root: string, collect: boolean): Promise<void> {
  const store = await ImageStore.open(root)
  expect(await store.verify()).toEqual([])
  expect(store.list().map(({ names }) => names)).toEqual(store.list().length === 0 ? [] : [['app:1']])
  if (!collect) return
  await store.gc()
  expect(readdirSync(join(root, 'tmp'))).toEqual([])
  if (store.list().length === 0) expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([])
  expect(await store.verify()).toEqual([])
}

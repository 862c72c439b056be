/** A copy into a layout or directory that ends at any moment: what was there is there, and what is new is whole. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { ended, startImage, startImageOnPipe } from '../support/child.ts'
import * as make from '../support/archives.ts'
import { writeFiles } from '../support/media.ts'
import { describeWith, run } from '../support/requires.ts'

const parent = make.temporaryDirectory()
const KILLS = 6
let before: make.TestImage
let coming: string
let whole: number

describeWith(['skopeo'], 'a copy that is killed', () => {
  beforeAll(async () => {
    before = make.image([await make.tar({ old: 'old' })])
    const layers = await Promise.all([1, 2, 3, 4].map((i) => make.tar({ [`big${i}`]: randomBytes(3_000_000) })))
    coming = writeFiles(join(parent, 'coming'), make.ociFiles(make.image(layers, 'plain'), 'coming'))
    const start = performance.now()
    expect(await ended(copy(`oci:${join(parent, 'first')}`))).toBe(0)
    whole = performance.now() - start
  })

  test.each(['oci', 'dir'] as const)('leaves %s: as skopeo reads it, and the next one ends well', async (medium) => {
    const place = join(parent, medium)
    const old = medium === 'oci' ? `oci:${place}:old` : `dir:${place}`
    run(
      'skopeo',
      'copy',
      '-q',
      `oci:${writeFiles(join(parent, `old-${medium}`), make.ociFiles(before, 'old'))}:old`,
      old,
    )
    const target = medium === 'oci' ? `oci:${place}:new` : `dir:${place}`
    let killed = 0
    for (let i = 0; i < KILLS; i++) {
      const child = copy(target)
      await sleep((whole * (i + 1)) / KILLS)
      child.kill('SIGKILL')
      if ((await ended(child)) === 'SIGKILL') killed++
      // What skopeo reads whole, and checks: the one that was there, or for dir: the new one in its place.
      run('skopeo', 'copy', '-q', old, `dir:${join(parent, `${medium}-${i}`)}`)
    }
    expect(killed).toBeGreaterThan(2)
    expect(await ended(copy(target))).toBe(0)
    run('skopeo', 'copy', '-q', target, `dir:${join(parent, `${medium}-end`)}`)
  })

  test('leaves half-written files, which a later copy removes when they are a day old', async () => {
    const place = join(parent, 'stale')
    expect(await ended(copy(`oci:${place}:a`))).toBe(0)
    const [fresh, stale] = ['.1-0123456789ab.tmp', '.2-0123456789ab.tmp']
    for (const name of [fresh, stale]) writeFileSync(join(place, 'blobs/sha256', name), 'half')
    const yesterday = Date.now() / 1000 - 25 * 3600
    utimesSync(join(place, 'blobs/sha256', stale), yesterday, yesterday)
    expect(await ended(copy(`oci:${place}:b`))).toBe(0)
    expect(readdirSync(join(place, 'blobs/sha256')).filter((name) => name.endsWith('.tmp'))).toEqual([fresh])
  })

  test('with Ctrl-C cleans up, and exits with 130', async () => {
    const archive = join(parent, 'interrupted')
    const child = startImage('copy', '-q', `oci:${coming}`, `oci-archive:${join(archive)}.tar`)
    while (!temporaries().length && child.exitCode === null) await sleep(2)
    child.kill('SIGINT')
    // A copy that was quicker than the signal is a copy.
    const code = await ended(child)
    expect([0, 130]).toContain(code)
    expect(existsSync(`${archive}.tar`)).toBe(code === 0)
    expect(temporaries()).toEqual([])
  })
})

test('a load from a pipe in which nothing comes ends with Ctrl-C, and leaves nothing', async () => {
  const root = join(parent, 'root')
  const child = startImageOnPipe('--root', root, 'load', '--no-unpack', '-')
  while (!existsSync(join(root, 'index.json'))) await sleep(5)
  // Until it waits for bytes.
  await sleep(500)
  child.kill('SIGINT')
  expect(await ended(child)).toBe(130)
  expect(readdirSync(join(root, 'tmp'))).toEqual([])
})

function copy(target: string) {
  return startImage('copy', '-q', `oci:${coming}`, target)
}

function temporaries(): string[] {
  return readdirSync(parent).filter((name) => name.endsWith('.tmp'))
}

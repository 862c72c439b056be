/** Archives, from and to a file. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { alternate } from '../measure.ts'
import { atMost, table, type Table } from '../table.ts'
import { keepers, removeEverywhere, settle } from './keeper.ts'
import { archiveName, prepareImages } from './prepare.ts'

const ROUNDS_MAX = 5

/** Of what `docker save` makes: layers uncompressed. The archive is in the page cache, the image not in the store. */
export async function* load(bench: Bench): AsyncGenerator<Table> {
  for (const image of await prepareImages(bench)) {
    const reference = archiveName(image)
    const contestants = keepers(bench).map((keeper) => ({
      name: keeper.name,
      sample: async () => {
        await keeper.remove(reference)
        await settle(bench)
        return await keeper.load(image.archive)
      },
    }))
    const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
    await removeEverywhere(bench, reference)
    yield table(`load ${image.name}`, `load: ${image.title}`, 'ms', results, [
      atMost('mini-docker', (of) => of('docker'), 'docker'),
    ])
  }
}

/** Of an image that was loaded. */
export async function* save(bench: Bench): AsyncGenerator<Table> {
  for (const image of await prepareImages(bench)) {
    const reference = archiveName(image)
    const target = join(bench.scratch, 'saved.tar')
    const contestants = keepers(bench).map((keeper) => {
      let ready: Promise<unknown> | undefined
      return {
        name: keeper.name,
        sample: async () => {
          await (ready ??= keeper.load(image.archive))
          rmSync(target, { force: true })
          await settle(bench)
          return await keeper.save(reference, target)
        },
      }
    })
    const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
    rmSync(target, { force: true })
    await removeEverywhere(bench, reference)
    yield table(`save ${image.name}`, `save: ${image.title}`, 'ms', results, [
      atMost('mini-docker', (of) => of('docker'), 'docker'),
    ])
  }
}

/** Pushes to an empty registry, a new one each time: nobody finds there what the last push left, nor can have it mounted from another repository. */
import { Registry, pushBySkopeo } from '../../test/harness/registry/index.ts'
import type { Bench } from '../bench.ts'
import { alternate } from '../measure.ts'
import { atMost, table, type Table } from '../table.ts'
import { keepers, removeEverywhere, settle } from './keeper.ts'
import { prepareImages } from './prepare.ts'

const ROUNDS_MAX = 5

/** Of an image that was pulled before. docker has only its trees and packs and compresses them anew. */
export async function* push(bench: Bench): AsyncGenerator<Table> {
  await using origin = await Registry.start()
  for (const image of await prepareImages(bench)) {
    const name = `bench/${image.name}:latest`
    await pushBySkopeo(origin, `oci:${image.layout}:bench`, name)
    const pulled = `${origin.host}/${name}`
    const contestants = keepers(bench).map((keeper) => {
      let ready: Promise<unknown> | undefined
      return {
        name: keeper.name,
        sample: async () => {
          await (ready ??= keeper.pull(pulled))
          await using registry = await Registry.start()
          const reference = `${registry.host}/${name}`
          await keeper.tag(pulled, reference)
          await settle(bench)
          const ms = await keeper.push(reference)
          await keeper.remove(reference)
          return ms
        },
      }
    })
    const results = await alternate(contestants, Math.min(ROUNDS_MAX, bench.rounds))
    await removeEverywhere(bench, pulled)
    yield table(`push ${image.name}`, `push to an empty registry: ${image.title}`, 'ms', results, [
      atMost('mini-docker', (of) => of('docker'), 'docker'),
    ])
  }
}

/** Pulls from a registry on loopback, whose blobs are in the page cache. */
import { Registry, pushBySkopeo } from '../../test/harness/registry/index.ts'
import type { Bench } from '../bench.ts'
import { alternate } from '../measure.ts'
import { atMost, table, type Table } from '../table.ts'
import { floors } from './floors.ts'
import { keepers, removeEverywhere, settle } from './keeper.ts'
import { prepareImages, type Prepared } from './prepare.ts'

const ROUNDS_MAX = 5

/** Into a store that has nothing of the image. */
export async function* pull(bench: Bench): AsyncGenerator<Table> {
  yield* eachImage(bench, async (image, reference, registry) => {
    const contestants = keepers(bench).map((keeper) => ({
      name: keeper.name,
      sample: async () => {
        await keeper.remove(reference)
        await settle(bench)
        return await keeper.pull(reference)
      },
    }))
    const all = [...contestants, ...floors(bench, image, registry)]
    const results = await alternate(all, Math.min(ROUNDS_MAX, bench.rounds))
    await removeEverywhere(bench, reference)
    return table(`pull ${image.name}`, `pull, cold: ${image.title}`, 'ms', results, [
      atMost('mini-docker', (of) => of('docker') * 0.6, '0.6 × docker'),
      atMost('mini-docker', (of) => of('podman') * 0.8, '0.8 × podman'),
    ])
  })
}

/** Of an image that is there already. */
export async function* present(bench: Bench): AsyncGenerator<Table> {
  yield* eachImage(bench, async (image, reference) => {
    const contestants = keepers(bench).map((keeper) => ({
      name: keeper.name,
      sample: () => keeper.pull(reference),
    }))
    const results = await alternate(contestants, bench.rounds)
    await removeEverywhere(bench, reference)
    return table(`present ${image.name}`, `pull, present: ${image.title}`, 'ms', results, [
      atMost('mini-docker', (of) => of('docker') / 2, '1/2 of docker'),
    ])
  })
}

async function* eachImage(
  bench: Bench,
  measure: (image: Prepared, reference: string, registry: Registry) => Promise<Table>,
): AsyncGenerator<Table> {
  await using registry = await Registry.start()
  for (const image of await prepareImages(bench)) {
    const name = `bench/${image.name}:latest`
    await pushBySkopeo(registry, `oci:${image.layout}:bench`, name)
    yield await measure(image, `${registry.host}/${name}`, registry)
  }
}

/** The images of the recipes, made once for each version of what makes them and kept, in the forms that the measurements start from. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../../test/harness/command.ts'
import type { Bench } from '../bench.ts'
import { cached } from '../../test/harness/cache.ts'
import { writeLayout } from './layout.ts'
import { RECIPES, type Recipe } from './recipes.ts'

const MAKERS = ['content.ts', 'layout.ts', 'recipes.ts'].map((file) => join(import.meta.dirname, file))

export type Prepared = Recipe & {
  /** An OCI layout, where the image is called `bench`. */
  layout: string
  /** What `docker save` makes, with uncompressed layers. */
  archive: string
  /** The gzip files of its layers, bottom first. */
  layerFiles: string[]
}

/** The images that this run is about. */
export async function prepareImages({ images }: Pick<Bench, 'images'>): Promise<Prepared[]> {
  const prepared: Prepared[] = []
  for (const recipe of RECIPES) {
    if (images !== undefined && !images.includes(recipe.name)) continue
    const layout = await cached(MAKERS, `${recipe.name}.layout`, async (path) => writeLayout(path, recipe))
    const archive = await cached(MAKERS, `${recipe.name}.docker.tar`, async (path) => {
      const target = `docker-archive:${path}:${archiveName(recipe)}`
      await must(['skopeo', '--insecure-policy', 'copy', '--quiet', `oci:${layout}:bench`, target], {
        timeoutMs: 300_000,
      })
    })
    prepared.push({ ...recipe, layout, archive, layerFiles: layerFiles(layout) })
  }
  return prepared
}

/** What a loaded archive is called. */
export function archiveName({ name }: Recipe): string {
  return `bench/${name}:loaded`
}

function layerFiles(layout: string): string[] {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(layout, path), 'utf8'))
  const index = read('index.json') as { manifests: [{ digest: string }] }
  const manifest = read(blobPath(index.manifests[0].digest)) as { layers: { digest: string }[] }
  return manifest.layers.map(({ digest }) => join(layout, blobPath(digest)))
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

/** The images that are pulled and pushed. All sizes are those of the content, uncompressed. */

export type Recipe = {
  name: string
  title: string
  /** Bottom first. */
  layers: readonly LayerRecipe[]
}

export type LayerRecipe = {
  /** Together, within a few per cent. */
  bytes: number
  files: number
  /** Files that replace those of the layer below, and those taken away from it. */
  replaces: number
  removes: number
}

const MB = 1_000_000

export const RECIPES: readonly Recipe[] = [
  { name: '3x50', title: '3 layers of 50 MB', layers: layers(3, { bytes: 50 * MB, files: 800 }) },
  { name: '1x200', title: '1 layer of 200 MB, 20,000 files', layers: layers(1, { bytes: 200 * MB, files: 20_000 }) },
  {
    name: '40-small',
    title: '40 layers of 0.4 MB',
    layers: layers(40, { bytes: 0.4 * MB, files: 12, replaces: 2, removes: 1 }),
  },
]

function layers(
  count: number,
  { bytes, files, replaces = 0, removes = 0 }: Pick<LayerRecipe, 'bytes' | 'files'> & Partial<LayerRecipe>,
): LayerRecipe[] {
  return Array.from({ length: count }, (_, index) => ({
    bytes,
    files,
    replaces: index === 0 ? 0 : replaces,
    removes: index === 0 ? 0 : removes,
  }))
}

/** A recording plays on any machine with Node: what `replay` loads, at once or later, holds nothing of Linux. */
import { join, relative } from 'node:path'
import * as esbuild from 'esbuild'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../../..')

async function graphOf(entry: string): Promise<{ files: string[]; external: string[] }> {
  const { metafile } = await esbuild.build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    outdir: 'out',
    logLevel: 'silent',
    // Found in the graph, koffi and Ink must not fail the bundling.
    external: ['koffi', 'react-devtools-core'],
  })
  const files = Object.keys(metafile.inputs)
  const external = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external === true).map(({ path }) => path),
  )
  return { files: files.map((file) => relative(root, join(root, file))), external: [...new Set(external)] }
}

test('replay and its screen load neither koffi nor anything of the daemon', async () => {
  const { files, external } = await graphOf('packages/mini-docker/src/commands/replay.ts')
  expect(files).toContain('packages/mini-docker/src/tui/run/screen.ts')
  expect(files).toContain('packages/story/src/recording.ts')
  const foreign = files.filter((file) => /^packages\/(?!mini-docker|story|image\/src\/(inspect|format))/.test(file))
  expect(foreign).toEqual([])
  expect(external.filter((name) => !name.startsWith('node:'))).toEqual([])
})

test('a run does load them: the test above could fail', async () => {
  const { external } = await graphOf('packages/mini-docker/src/story/step-words.ts')
  expect(external).toContain('koffi')
})

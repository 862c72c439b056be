/**
 * Bundles the client: `main.js`, and one file for each `import()` of this package, each complete in itself. A hot command
 * then loads two files: main.js and its own.
 *
 * esbuild's `splitting` would share code in chunks instead, and `ps` would load fourteen files: measured (medians, one
 * run, `node -e 0` 28 ms): bare node:net exchange 33 ms, two files 35 ms, everything in one file 38 ms, chunks 44 ms.
 */
import { build, type Plugin } from 'esbuild'
import { basename, join } from 'node:path'

const SOURCE = join(import.meta.dirname, 'src')

/** One file of the bundle, not yet written. */
export type BundledFile = { path: string; text: string }

/**
 * Makes the files for `outdir` (CommonJS: Node starts it faster than ES modules). `plugins` resolve what is not plain
 * TypeScript, such as native modules. Returns main.js last, so that writing in order never leaves a main without its commands.
 */
export async function bundleClient(outdir: string, plugins: readonly Plugin[]): Promise<BundledFile[]> {
  const done = new Map<string, BundledFile>()
  const waiting = [join(SOURCE, 'main.ts')]
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    if (done.has(entry)) continue
    const result = await build({
      entryPoints: [entry],
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      outfile: join(outdir, fileName(entry)),
      supported: { 'dynamic-import': false },
      minifySyntax: true,
      legalComments: 'none',
      write: false,
      logLevel: 'warning',
      plugins: [standAlone((path) => waiting.push(path)), ...plugins],
    })
    const [file] = result.outputFiles
    if (file !== undefined) done.set(entry, { path: file.path, text: file.text })
  }
  const main = join(SOURCE, 'main.ts')
  return [...done].toSorted(([a], [b]) => Number(a === main) - Number(b === main)).map(([, file]) => file)
}

/** `src/commands/ps.ts` → `client-ps.js`; names do not clash with the other programs of dist/. */
function fileName(entry: string): string {
  const name = basename(entry, '.ts')
  return name === 'main' ? 'main.js' : `client-${name}.js`
}

/** Leaves every `import()` of a file of this package to be loaded at run time, as a file of its own. */
function standAlone(found: (path: string) => void): Plugin {
  return {
    name: 'stand-alone',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import' || !resolveDir.startsWith(SOURCE)) return undefined
        const file = join(resolveDir, path)
        found(file)
        return { path: `./${fileName(file)}`, external: true }
      })
    },
  }
}

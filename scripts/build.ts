/**
 * Bundles the programs (`src/bin.ts` of every package) into dist/, one small file each and shared chunks, so that a start reads
 * little: the client is not made to parse the daemon. CommonJS, because Node starts it 6 ms quicker than ES modules;
 * esbuild splits only ES modules, so each finished chunk is turned into CommonJS afterwards.
 *
 * Safe beside running programs: chunk names hold their content's hash and old ones stay for a week (a daemon may load one
 * lazily), entries are renamed into place, and `dist/stamp`, written last, carries the time the build began.
 */
import * as esbuild from 'esbuild'
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const stamp = join(dist, 'stamp')
const WEEK_MS = 7 * 24 * 3600 * 1000

async function bundlePrograms(): Promise<void> {
  const began = new Date()
  mkdirSync(dist, { recursive: true })
  writeWhole(join(dist, 'package.json'), '{ "type": "commonjs" }\n')
  copyKoffi()
  const bundle = await esbuild.build({
    entryPoints: programs(),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outdir: dist,
    chunkNames: 'chunk-[hash]',
    minifySyntax: true,
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
    plugins: [nativeKoffi, sourcePaths],
  })
  // Chunks before entries: whoever starts meanwhile finds either the old program or the whole new one.
  const files = bundle.outputFiles.toSorted((a, b) => Number(isChunk(b.path)) - Number(isChunk(a.path)))
  for (const file of files) writeWhole(file.path, await toCommonJs(file.text))
  dropOldChunks(new Set(files.map((file) => basename(file.path))))
  writeWhole(stamp, `${began.toISOString()}\n`, began)
  process.stderr.write(`mini-docker: built ${files.length} files in ${Date.now() - began.getTime()} ms\n`)
}

/** `packages/ns/src/bin.ts` becomes `dist/ns.js`; the command line itself is `dist/main.js`. */
function programs(): { in: string; out: string }[] {
  const main = { in: join(root, 'packages/mini-docker/src/main.ts'), out: 'main' }
  const tools = globSync('packages/*/src/bin.ts', { cwd: root }).map((file) => ({
    in: join(root, file),
    out: file.split('/')[1]!,
  }))
  return [main, ...tools]
}

function isFresh(): boolean {
  if (!existsSync(stamp)) return false
  const built = statSync(stamp).mtimeMs
  const sources = globSync(['packages/*/src', 'packages/*/src/**/*', 'scripts/build.ts'], { cwd: root })
  return sources.every((file) => statSync(join(root, file)).mtimeMs <= built)
}

function isChunk(path: string): boolean {
  return basename(path).startsWith('chunk-')
}

/** The whole text of a module in, CommonJS out. `import()` becomes a lazy `require`, with the same module instances. */
async function toCommonJs(text: string): Promise<string> {
  const result = await esbuild.transform(withoutTopLevelAwait(text), {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    supported: { 'dynamic-import': false },
  })
  return result.code
}

/** CommonJS has no top-level await: what follows the imports of such an entry becomes the body of an async function. */
function withoutTopLevelAwait(text: string): string {
  if (!/^await\b|^(const|let|var) .*= await\b|^process\..*= await\b/m.test(text)) return text
  const imports = /^(?:\/\/.*\n|\s*\n|import [^;]*;\n)*/.exec(text)?.[0] ?? ''
  return `${imports}void (async () => {\n${text.slice(imports.length)}\n})()\n`
}

/** Renames into place, so that no reader ever sees half a file. */
function writeWhole(path: string, text: string, time?: Date): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text)
  if (time !== undefined) utimesSync(temporary, time, time)
  renameSync(temporary, path)
}

function dropOldChunks(current: Set<string>): void {
  for (const name of readdirSync(dist)) {
    const path = join(dist, name)
    if (isChunk(path) && !current.has(name) && Date.now() - statSync(path).mtimeMs > WEEK_MS) rmSync(path)
  }
}

/** Where koffi keeps the library for this machine: a package of its own per platform. */
function koffiPlatformDirectory(): string {
  const fromSyscall = createRequire(join(root, 'packages/syscall/package.json'))
  const koffi = createRequire(fromSyscall.resolve('koffi'))
  const platform = dirname(koffi.resolve(`@koromix/koffi-linux-${process.arch}`))
  return join(platform, `linux_${process.arch}`)
}

function copyKoffi(): void {
  const target = join(dist, 'koffi.node')
  const temporary = `${target}.${process.pid}`
  copyFileSync(join(koffiPlatformDirectory(), 'koffi.node'), temporary)
  renameSync(temporary, target)
}

/** koffi's JavaScript only looks for its library; the bundle has it beside itself. */
const nativeKoffi: esbuild.Plugin = {
  name: 'native-koffi',
  setup(build) {
    build.onResolve({ filter: /^koffi$/ }, () => ({ path: 'koffi', namespace: 'native' }))
    build.onLoad({ filter: /.*/, namespace: 'native' }, () => ({
      contents: "export default require(__dirname + '/koffi.node')",
      loader: 'js',
    }))
  },
}

/**
 * A module that reads a file beside itself (the launcher's binary) still finds it in the source tree: `import.meta` keeps
 * naming the source file, by its place relative to dist/.
 */
const sourcePaths: esbuild.Plugin = {
  name: 'source-paths',
  setup(build) {
    build.onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta')) return undefined
      const file = `(require('node:path').join(__dirname, ${JSON.stringify(relative(dist, path))}))`
      const contents = text
        .replaceAll('import.meta.filename', file)
        .replaceAll('import.meta.dirname', `require('node:path').dirname${file}`)
        .replaceAll('import.meta.main', '(require.main === module)')
        .replaceAll('import.meta.url', `require('node:url').pathToFileURL${file}.href`)
      return { contents, loader: 'ts' }
    })
  },
}

if (!(process.argv.includes('--if-stale') && isFresh())) await bundlePrograms()

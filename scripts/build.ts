/**
 * Bundles the programs into dist/, so that a start reads little: `main.js` is the command line, and each `import()` of its package becomes a file
 * of its own, complete in itself; `ns.js`, `cgroup.js` … are the packages' own commands. A hot command then loads two files. Measured with
 * `ps` (medians of one run, `node -e 0` 28 ms): a bare node:net exchange 33 ms, two files 35 ms, everything in one file 38 ms, esbuild's
 * shared chunks 44 ms. CommonJS, because Node starts it 6 ms quicker than ES modules.
 *
 * What is drawn in a terminal (`.tsx`) becomes an ES module, loaded only when it is drawn: Ink's layout engine awaits its WebAssembly at the
 * top level, which CommonJS cannot. The command that draws has a true `import()` for it, and for all else that it loads late.
 *
 * Safe beside running programs: files are renamed into place, `main.js` after what it loads, and `dist/stamp`, written last, carries the time
 * the build began.
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
const clientSource = join(root, 'packages/mini-docker/src')

async function bundlePrograms(): Promise<void> {
  const began = new Date()
  mkdirSync(dist, { recursive: true })
  writeWhole(join(dist, 'package.json'), '{ "type": "commonjs" }\n')
  copyKoffi()
  const files = [...(await bundleTools()), ...(await bundleThreads()), ...(await bundleClient())]
  for (const { path, text } of files) writeWhole(path, text)
  dropOldFiles(new Set(files.map(({ path }) => basename(path))))
  writeWhole(stamp, `${began.toISOString()}\n`, began)
  process.stderr.write(`mini-docker: built ${files.length} files in ${Date.now() - began.getTime()} ms\n`)
}

type BundledFile = { path: string; text: string }

/** `packages/ns/src/bin.ts` becomes `dist/ns.js`. */
async function bundleTools(): Promise<BundledFile[]> {
  const tools = globSync('packages/*/src/bin.ts', { cwd: root })
  return Promise.all(tools.map((file) => bundle(join(root, file), `${file.split('/')[1]}.js`)))
}

/** `packages/image/src/unpack/unpack.worker.ts` becomes `dist/unpack.worker.js`: the code of a thread, started by that name. */
async function bundleThreads(): Promise<BundledFile[]> {
  const threads = globSync('packages/*/src/**/*.worker.ts', { cwd: root })
  return Promise.all(threads.map((file) => bundle(join(root, file), `${basename(file, '.ts')}.js`)))
}

/** main.js last, so that writing in order never leaves a main without its commands. */
async function bundleClient(): Promise<BundledFile[]> {
  const main = join(clientSource, 'main.ts')
  const done = new Map<string, BundledFile>()
  const waiting = [main]
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    if (done.has(entry)) continue
    refuseClash(done, entry)
    done.set(entry, await bundle(entry, clientFile(entry), (file) => waiting.push(file)))
  }
  return [...done].toSorted(([a], [b]) => Number(a === main) - Number(b === main)).map(([, file]) => file)
}

async function bundle(entry: string, name: string, found: (file: string) => void = () => {}): Promise<BundledFile> {
  const result = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    ...(isScreen(entry) ? SCREEN : { format: 'cjs' }),
    platform: 'node',
    target: 'node24',
    outfile: join(dist, name),
    // Node 24 has `using`. Lowered by esbuild 0.28, the error of one turn of a loop is thrown again in the next.
    supported: { 'dynamic-import': isScreen(entry) || drawsScreens(entry), using: true },
    minifySyntax: true,
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
    plugins: [commandsApart(found), nativeKoffi, sourcePaths, withoutDevtools],
  })
  const [file] = result.outputFiles
  if (file === undefined) throw new Error(`esbuild made nothing of ${entry}`)
  return { path: file.path, text: narrow(file.text) }
}

/** One character beyond Latin-1 anywhere, and V8 holds the whole source with two bytes for each. esbuild leaves them in comments only. */
function narrow(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, (comment) => comment.replaceAll(/[^\0-\xff]/g, '-'))
}

/** React's production build; what is CommonJS in there asks for modules of Node with `require`. */
const SCREEN: esbuild.BuildOptions = {
  format: 'esm',
  jsx: 'automatic',
  minifyWhitespace: true,
  define: {
    'process.env.NODE_ENV': '"production"',
    // To ask for these makes Node load its whole HTTP client: 80 ms before the first frame. Ink's layout engine asks, and has its WebAssembly inside.
    fetch: 'undefined',
    'globalThis.navigator': 'undefined',
  },
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
}

function isScreen(entry: string): boolean {
  return entry.endsWith('.tsx')
}

function drawsScreens(entry: string): boolean {
  return /\bimport\('[^']+\.tsx'\)/.test(readFileSync(entry, 'utf8'))
}

/** `src/commands/ps.ts` → `client-ps.js`, `src/tui/x.tsx` → `client-x.mjs`; names do not clash with the other programs of dist/. */
function clientFile(entry: string): string {
  if (isScreen(entry)) return `client-${basename(entry, '.tsx')}.mjs`
  const name = basename(entry, '.ts')
  return name === 'main' ? 'main.js' : `client-${name}.js`
}

/** Files with the same name in different folders would overwrite each other. */
function refuseClash(done: ReadonlyMap<string, BundledFile>, entry: string): void {
  const other = [...done.keys()].find((file) => clientFile(file) === clientFile(entry))
  if (other !== undefined) throw new Error(`${other} and ${entry} would both become ${clientFile(entry)}: rename one`)
}

/** Leaves every `import()` of a file of the client to be loaded at run time, as a file of its own. */
function commandsApart(found: (path: string) => void): esbuild.Plugin {
  return {
    name: 'commands-apart',
    setup(build) {
      build.onResolve({ filter: /^\.\.?\/.*\.tsx?$/ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import' || !resolveDir.startsWith(clientSource)) return undefined
        const file = join(resolveDir, path)
        found(file)
        return { path: `./${clientFile(file)}`, external: true }
      })
    },
  }
}

function isFresh(): boolean {
  if (!existsSync(stamp)) return false
  const built = statSync(stamp).mtimeMs
  const sources = globSync(['packages/*/src', 'packages/*/src/**/*', 'scripts/build.ts'], { cwd: root })
  return sources.every((file) => statSync(join(root, file)).mtimeMs <= built)
}

/** Renames into place, so that no reader ever sees half a file. */
function writeWhole(path: string, text: string, time?: Date): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, text)
  if (time !== undefined) utimesSync(temporary, time, time)
  renameSync(temporary, path)
}

/** Programs of an earlier build that have no source any more. */
function dropOldFiles(current: Set<string>): void {
  for (const name of readdirSync(dist)) {
    if (/\.m?js$/.test(name) && !current.has(name)) rmSync(join(dist, name))
  }
}

/** Where koffi keeps the library for this machine: a package of its own per platform. */
function koffiPlatformDirectory(): string {
  const fromSyscall = createRequire(join(root, 'packages/syscall/package.json'))
  const koffi = createRequire(fromSyscall.resolve('koffi'))
  const platform = dirname(koffi.resolve(`@koromix/koffi-linux-${process.arch}`))
  return join(platform, `linux_${process.arch}`)
}

/** Elsewhere than on Linux nothing needs it: what runs there (`replay`) makes no system call. */
function copyKoffi(): void {
  if (process.platform !== 'linux') return
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
        .replaceAll(
          /import\.meta\.resolve\('\.\/([\w-]+\.worker)\.ts'\)/g,
          "require('node:url').pathToFileURL(__dirname + '/$1.js').href",
        )
        .replaceAll('import.meta.filename', file)
        .replaceAll('import.meta.dirname', `require('node:path').dirname${file}`)
        .replaceAll('import.meta.main', '(require.main === module)')
        .replaceAll('import.meta.url', `require('node:url').pathToFileURL${file}.href`)
      return { contents, loader: 'ts' }
    })
  },
}

/** What Ink loads under DEV=true: a debugger that is not installed, and must not be missed. */
const withoutDevtools: esbuild.Plugin = {
  name: 'without-devtools',
  setup(build) {
    build.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'nothing' }))
    build.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default {}' }))
  },
}

if (!(process.argv.includes('--if-stale') && isFresh())) await bundlePrograms()

/** Packs a guest program for a VM: one bundled file, with koffi's library and the launcher beside it. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as esbuild from 'esbuild'

const syscall = join(import.meta.dirname, '../../../syscall')

/** Fills `directory`; the program is `directory/bin/guest.cjs`. */
export async function packGuest(entry: string, directory: string): Promise<void> {
  const bin = join(directory, 'bin')
  mkdirSync(bin, { recursive: true })
  mkdirSync(join(directory, 'launcher'))
  copyFileSync(join(syscall, `launcher/launcher-${process.arch}`), join(directory, `launcher/launcher-${process.arch}`))
  copyFileSync(koffiLibrary(), join(bin, 'koffi.node'))
  await esbuild.build({
    entryPoints: [entry],
    outfile: join(bin, 'guest.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
    define: { 'import.meta.url': 'guestUrl' },
    banner: { js: "const guestUrl = require('node:url').pathToFileURL(__filename).href" },
    plugins: [koffiBeside],
  })
}

/** koffi's JavaScript only looks for its library; here it lies beside the bundle. */
const koffiBeside: esbuild.Plugin = {
  name: 'koffi-beside',
  setup(build) {
    build.onResolve({ filter: /^koffi$/ }, () => ({ path: 'koffi', namespace: 'beside' }))
    build.onLoad({ filter: /.*/, namespace: 'beside' }, () => ({
      contents: "export default require(__dirname + '/koffi.node')",
      loader: 'js',
    }))
  },
}

function koffiLibrary(): string {
  const koffi = createRequire(createRequire(join(syscall, 'package.json')).resolve('koffi'))
  return join(dirname(koffi.resolve(`@koromix/koffi-linux-${process.arch}`)), `linux_${process.arch}`, 'koffi.node')
}

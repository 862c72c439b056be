/** Makes an OCI image layout as chapter 14 does by hand: blobs named by their sha256, a config, a manifest, and `index.json`, which leads to them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** `layers`: uncompressed tars, bottom first; `config`: Env, Cmd, WorkingDir. Gives the path of the config's blob. */
export function makeLayout(directory: string, layers: readonly Buffer[], config: object): string {
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true })
  const add = (type: string, bytes: Buffer | string) => {
    const sum = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(directory, 'blobs/sha256', sum), bytes)
    return { mediaType: `application/vnd.oci.image.${type}`, digest: `sha256:${sum}`, size: Buffer.byteLength(bytes) }
  }
  const blobs = layers.map((bytes) => add('layer.v1.tar', bytes))
  const rootfs = { type: 'layers', diff_ids: blobs.map(({ digest }) => digest) }
  const architecture = { x64: 'amd64' }[process.arch as string] ?? process.arch
  const configBlob = add('config.v1+json', JSON.stringify({ architecture, os: 'linux', config, rootfs }))
  const manifest = { schemaVersion: 2, mediaType: `application/vnd.oci.image.manifest.v1+json` }
  const manifestBlob = add('manifest.v1+json', JSON.stringify({ ...manifest, config: configBlob, layers: blobs }))
  const named = { ...manifestBlob, annotations: { 'org.opencontainers.image.ref.name': 'verify:latest' } }
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }))
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return join(directory, 'blobs/sha256', configBlob.digest.slice('sha256:'.length))
}

/** A tar of a directory; as a rule of the root directory of chapter 03. */
export function tarOf(directory = join(root, 'tutorials/work/root')): Buffer {
  return execFileSync('tar', ['--numeric-owner', '-C', directory, '-cf', '-', '.'], { maxBuffer: 2 ** 30 })
}

/** A directory for the time of a check. */
export function temporary(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'verify-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** What `mini-docker load` says of the layout, and how it ends. */
export function loadIntoMiniDocker(layout: string): { exitCode: number; output: string } {
  const script = 'tar -C "$1" -c . | ./mini-docker load'
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', layout], { cwd: root, encoding: 'utf8' })
  return { exitCode: status ?? 255, output: stdout + stderr }
}

export function miniDocker(...words: string[]): string {
  return execFileSync(join(root, 'mini-docker'), words, { encoding: 'utf8' }).trim()
}

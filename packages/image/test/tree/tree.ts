/** Helpers for tests of trees: a layer from a few entries, unpacked into a directory of its own. */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { tarHeader, writeTar, type TarHeader, type TarSource } from '../../src/tar/index.ts'
import { applyLayer, type Applied, type ApplyOptions } from '../../src/tree/index.ts'

const made: string[] = []
afterAll(() => {
  for (const dir of made) fs.rmSync(dir, { recursive: true, force: true })
})

/** An empty directory that is removed after the tests of the file. */
export function scratch(): string {
  const dir = fs.mkdtempSync(join(tmpdir(), 'mini-docker-tree-'))
  made.push(dir)
  return dir
}

type Fields = Partial<TarHeader>
export const file = (path: string, content: string | Buffer = '', fields: Fields = {}): TarSource => ({
  ...tarHeader({ type: 'file', path, size: Buffer.byteLength(content), ...fields }),
  data: [Buffer.from(content)],
})
export const directory = (path: string, fields: Fields = {}): TarSource =>
  tarHeader({ type: 'directory', path, ...fields })
export const symlink = (path: string, linkname: string, fields: Fields = {}): TarSource =>
  tarHeader({ type: 'symlink', path, linkname, ...fields })
export const hardlink = (path: string, linkname: string): TarSource => tarHeader({ type: 'hardlink', path, linkname })
export const node = (type: 'char' | 'block' | 'fifo', path: string, fields: Fields = {}): TarSource =>
  tarHeader({ type, path, ...fields })

/** Unpacks the entries into a new directory, and returns it with a neighbour that nothing may reach. */
export async function unpack(
  entries: Iterable<TarSource>,
  options: ApplyOptions = {},
): Promise<Applied & { root: string; outside: string; at: (path: string) => string }> {
  const dir = scratch()
  const root = join(dir, 'root')
  const outside = join(dir, 'outside')
  fs.mkdirSync(root)
  fs.mkdirSync(outside)
  fs.writeFileSync(join(outside, 'secret'), 'secret')
  const applied = await applyLayer(writeTar(entries), root, options)
  return { ...applied, root, outside, at: (path) => join(root, path) }
}

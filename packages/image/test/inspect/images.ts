/** Images for the tests of inspecting, from layers written down as files. */
import { parseReference } from '../../src/reference.ts'
import type { Image } from '../../src/store/image.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { tarHeader, writeTar, type TarSource } from '../../src/tar/index.ts'
import * as make from '../support/archives.ts'

/** Content of a file, or fields of a header; a path that ends in a slash is a directory. */
export type LayerFiles = Record<string, string | (Partial<TarSource> & { content?: string })>

export async function layerTar(files: LayerFiles): Promise<Buffer> {
  return await make.collect(writeTar(Object.entries(files).map(([path, file]) => source(path, file))))
}

function source(path: string, file: LayerFiles[string]): TarSource {
  const { content = '', ...fields } = typeof file === 'string' ? { content: file } : file
  if (path.endsWith('/')) return { ...tarHeader({ type: 'directory', path: path.slice(0, -1) }), ...fields }
  const data = Buffer.from(content)
  return { ...tarHeader({ type: 'file', path, size: data.length }), ...fields, data: data.length > 0 ? [data] : [] }
}

/** Puts an image of these layers into the store, bottom first. `extra` replaces fields of the config. */
export async function addImage(
  store: ImageStore,
  name: string,
  layers: readonly (LayerFiles | Buffer)[],
  extra: Record<string, unknown> = {},
  how: make.How = 'gzip',
): Promise<Image> {
  const tars = await Promise.all(layers.map(async (one) => (Buffer.isBuffer(one) ? one : await layerTar(one))))
  const built = make.image(tars, how, extra)
  return await store.adding(async () => {
    for (const blob of [...built.layers, built.config, built.manifest]) await store.ingestBlob(blob)
    return await store.add(built.descriptor, [parseReference(name)])
  })
}

/** A shop in three layers: hard link, setuid, wide characters, a name that would colour the terminal, a directory removed. */
export const SHOP: LayerFiles[] = [
  {
    'bin/': '',
    'bin/sh': { content: 'x'.repeat(5000), mode: 0o755 },
    'etc/': '',
    'etc/passwd': 'root:x:0:0',
    'etc/motd': 'hello',
    'var/cache/apt/archives/a.deb': 'x'.repeat(90_000),
    'var/cache/apt/archives/b.deb': 'x'.repeat(9000),
  },
  {
    'etc/': '',
    'etc/passwd': 'root:x:0:0\nalice',
    'bin/su': { content: 'x'.repeat(3000), mode: 0o4755, mtimeNs: 1_700_000_000_000_000_000n },
    'srv/資料/': '',
    'srv/資料/会議の記録.txt': { content: 'x'.repeat(1234), uid: 1000, gid: 1000 },
    'srv/evil\u001B[31m': 'x',
    'srv/link': { type: 'symlink', linkname: '資料', mode: 0o777 },
  },
  { 'etc/.wh.motd': '', 'var/cache/.wh.apt': '', 'srv/hard': { type: 'hardlink', linkname: 'bin/sh' } },
]

export const SHOP_HISTORY = [
  { created_by: '/bin/sh -c #(nop) ADD file:5a1 in / ' },
  { created_by: 'RUN /bin/sh -c apt-get update && apt-get install -y \t\t curl # buildkit' },
  { created_by: 'RUN |1 A=1 /bin/sh -c rm -rf /var/cache/apt # buildkit' },
]

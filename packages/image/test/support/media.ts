/** Images in directories, as the media `oci:` and `dir:` have them, right and wrong ones. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OCI_INDEX } from '../../src/media-type.ts'
import type { Descriptor } from '../../src/schema.ts'
import * as make from './archives.ts'

/** Puts the files of an archive into a directory; of links none. */
export function writeFiles(directory: string, files: make.Files): string {
  for (const [path, content] of Object.entries(files)) {
    if (!(typeof content === 'string' || content instanceof Uint8Array)) throw new Error(`${path} is a link`)
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  return directory
}

/** An index over images, each for the architecture it is listed under. */
export function indexOf(images: Record<string, make.TestImage>): { descriptor: Descriptor; bytes: Buffer } {
  const manifests = Object.entries(images).map(([architecture, { descriptor }]) => {
    return { ...descriptor, platform: { os: 'linux', architecture } }
  })
  const bytes = make.json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests })
  return { descriptor: make.describe(OCI_INDEX, bytes), bytes }
}

/** An OCI layout of an index and all its images under one name. */
export function multiFiles(images: Record<string, make.TestImage>, name: string): make.Files {
  const { descriptor, bytes } = indexOf(images)
  const entry = { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } }
  return {
    ...Object.assign({}, ...Object.values(images).map((one) => make.blobs(...one.layers, one.config, one.manifest))),
    ...make.blobs(bytes),
    'index.json': make.json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] }),
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
  }
}

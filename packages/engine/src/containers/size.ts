/** How much a container wrote (its upper directory), and that with its image. */
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import type { Engine } from '../engine.ts'
import type { Container } from './model.ts'

export type ContainerSize = { rw: number; rootFs: number }

/** Bytes of file content. Reads the whole upper directory: only when asked for. */
export async function containerSize(engine: Engine, container: Container): Promise<ContainerSize> {
  const rw = await treeBytes(path.join(container.dir, 'upper'))
  const image = engine.images.resolve(container.record.imageId)
  return { rw, rootFs: rw + (image?.sizeBytes ?? 0) }
}

/** Bytes of all regular files below a folder; a file with several names counts once. What vanishes meanwhile counts nothing. */
export async function treeBytes(dir: string): Promise<number> {
  const seen = new Set<string>()
  let total = 0
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const full = path.join(folder, entry.name)
      if (entry.isDirectory()) await walk(full)
      if (!entry.isFile()) continue
      const stat = await fs.lstat(full).catch(() => undefined)
      if (stat === undefined || seen.has(`${stat.dev}:${stat.ino}`)) continue
      if (stat.nlink > 1) seen.add(`${stat.dev}:${stat.ino}`)
      total += stat.size
    }
  }
  await walk(dir)
  return total
}

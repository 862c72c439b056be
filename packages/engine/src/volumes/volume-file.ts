/** `volume.json`: what is known of a volume. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { z } from 'zod'

/** Beside `_data`: what is to take its place once it is whole. */
export const FILLING = '_filling'

export type Volume = {
  name: string
  createdAt: string
  labels: Record<string, string> | undefined
  /** Of the local driver, as they were given. */
  options: Record<string, string> | undefined
  /** Nobody named it. */
  anonymous: boolean
}

const words = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? undefined)
const file = z.object({
  name: z.string(),
  createdAt: z.iso.datetime(),
  labels: words,
  options: words,
  anonymous: z.boolean(),
})

/** A volume whose description is lost keeps its data: only an empty one was half made, and is taken away. Undefined for what is none. */
export function readVolume(folder: string, name: string): Volume | undefined {
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined
  fs.rmSync(path.join(folder, FILLING), { recursive: true, force: true })
  try {
    const volume = file.parse(JSON.parse(fs.readFileSync(path.join(folder, 'volume.json'), 'utf8')))
    return { ...volume, name }
  } catch {
    const dataPath = path.join(folder, '_data')
    const data = fs.existsSync(dataPath) ? fs.readdirSync(dataPath) : []
    if (data.length === 0) fs.rmSync(folder, { recursive: true, force: true })
    if (data.length === 0) return undefined
    const createdAt = fs
      .statSync(folder)
      .mtime.toISOString()
      .replace(/\.\d+Z$/, 'Z')
    return { name, createdAt, labels: undefined, options: undefined, anonymous: /^[0-9a-f]{64}$/.test(name) }
  }
}

/** Finds an image of the store and unpacks it, and runs a command, in no container at all. To do: everything, from your own programs. */
import { join } from 'node:path'
import { ImageStore } from '@mini-docker/image'
import { executeCalls, newProcess } from '@mini-docker/syscall'

// 14 and 15: an image, and its layers. The store keeps them unpacked, once for all containers.
const store = await ImageStore.open(join(import.meta.dirname, '../work/store'))
const image = store.get(process.env['IMAGE'] ?? 'demo')
// Names of directories, the bottom one first: `join(store.layersDir, store.shortLink(name))`.
await store.unpack(image)
const { Env, Cmd } = image.config.config ?? {}
const words = process.argv.slice(2)

process.exitCode = await newProcess({
  child: [...executeCalls(words.length === 0 ? (Cmd ?? []) : words, Env ?? [])],
})

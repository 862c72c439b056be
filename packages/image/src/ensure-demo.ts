/** The image `demo`: a small system made of this machine's own files, so that a first container needs no registry. */
import { demoConfig, demoLayer } from './demo/index.ts'
import { createImage } from './media/create.ts'
import { hostPlatform } from './platform.ts'
import { parseReference } from './reference.ts'
import type { Image } from './store/image.ts'
import type { ImageStore } from './store/store.ts'

const NAME = 'demo:latest'

const running = new WeakMap<ImageStore, Promise<Image>>()

/**
 * `demo:latest`, made if the store has none. Takes a second or two then; callers at the same time share one making. Needs root.
 * @throws UserError when this machine lacks a shell or a library it names.
 */
export async function ensureDemo(store: ImageStore): Promise<Image> {
  const image = store.resolve(NAME)
  if (image !== undefined) return image
  let making = running.get(store)
  if (making === undefined) {
    making = make(store).finally(() => running.delete(store))
    running.set(store, making)
  }
  return await making
}

async function make(store: ImageStore): Promise<Image> {
  const created = new Date().toISOString()
  return await createImage(store, {
    layer: demoLayer(),
    config: { ...demoConfig, Env: [...demoConfig.Env], Cmd: [...demoConfig.Cmd] },
    created,
    history: [{ created, created_by: 'mini-docker: files of this machine', comment: 'embedded image' }],
    platform: hostPlatform(),
    names: [parseReference(NAME)],
    unpack: true,
  })
}

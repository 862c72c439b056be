/** `unpack`, `tag`, `rm`, `prune`, `verify`, `gc` and `demo`: what changes the store, and its upkeep. */
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { hexOf } from '../digest.ts'
import { ensureDemo } from '../ensure-demo.ts'
import { flattenLayers } from '../flatten.ts'
import { formatSize } from '../format.ts'
import { parseReference } from '../reference.ts'
import type { ImageStore, RemovalEvent } from '../store/store.ts'
import type { Session } from './session.ts'

export function addChanging(image: Command, session: Session): void {
  image
    .command('unpack <ref> <dir>')
    .description("put an image's root filesystem into a directory; needs root")
    .action(async (ref: string, directory: string) => {
      const store = await session.open()
      const chains = await store.unpack(store.get(ref))
      await using _lock = await store.holdBlobs()
      flattenLayers(
        chains.map((chainID) => join(store.layersDir, hexOf(chainID), 'diff')),
        directory,
      )
    })
  image
    .command('tag <ref> <name>')
    .description('give an image one more name')
    .action(async (ref: string, name: string) => {
      const store = await session.open()
      await store.tag(store.get(ref), parseReference(name))
    })
  image
    .command('rm <refs...>')
    .description('take names away, and images with their last name')
    .option('-f, --force', 'by ID, even with several names')
    .action(async (refs: string[], { force = false }: { force?: boolean }) => {
      const store = await session.open()
      for (const ref of refs) await remove(session, store, ref, force)
    })
  image
    .command('prune')
    .description('remove images without a name')
    .option('-a, --all', 'all images')
    .action(async ({ all = false }: { all?: boolean }) => await prune(session, all))
  image
    .command('verify')
    .description('check every byte of the store')
    .action(async () => {
      const problems = await (await session.open()).verify()
      for (const { object, message } of problems) session.print(`${object}: ${message}`)
      if (problems.length === 0) session.print('the store is sound')
      else session.code = 1
    })
  image
    .command('gc')
    .description('remove what no image needs')
    .action(async () => {
      const { blobs, layers, temporary, bytes } = await (await session.open()).gc()
      session.print(
        `removed ${blobs.length} blobs (${formatSize(bytes)}), ${layers.length} layers, ${temporary} unfinished files`,
      )
    })
  image
    .command('demo')
    .description("make the image demo of this machine's own files; needs root")
    .action(async () => session.print((await ensureDemo(await session.openOrMake())).id))
}

async function remove(session: Session, store: ImageStore, ref: string, force: boolean): Promise<void> {
  for (const event of await store.remove(ref, { force })) session.print(formatRemoval(event))
}

/** Only where nothing can be in use: which image a container is of, its daemon knows. */
async function prune(session: Session, all: boolean): Promise<void> {
  const store = await session.open()
  if (session.hasContainers()) {
    throw new UserError('conflict', `containers lie beside the store in ${store.root}, which may need its images`, {
      hint: 'their daemon knows: mini-docker image prune',
    })
  }
  const before = sizeOf(store)
  for (const { id, names } of store.list()) if (all || names.length === 0) await remove(session, store, id, true)
  session.print(`Total reclaimed space: ${formatSize(before - sizeOf(store))}`)
}

function sizeOf(store: ImageStore): number {
  const layers = store.list().flatMap((image) => image.layers)
  return [...new Map(layers.map(({ digest, size }) => [digest, size])).values()].reduce((sum, size) => sum + size, 0)
}

function formatRemoval(event: RemovalEvent): string {
  return 'Untagged' in event ? `Untagged: ${event.Untagged}` : `Deleted: ${event.Deleted}`
}

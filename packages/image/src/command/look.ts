/** `ls`, `inspect`, `history`, `tree`, `diff` and `manifest inspect`: what there is, and what it is made of. */
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { shortID } from '../digest.ts'
import { formatAge, formatSize, formatTable } from '../format.ts'
import { formatDiff } from '../inspect/format-diff.ts'
import { formatTree } from '../inspect/format-tree.ts'
import { imageDiff } from '../inspect/diff.ts'
import { imageTree } from '../inspect/tree.ts'
import type { Language } from '../inspect/words.ts'
import { parseJSON } from '../json.ts'
import { history } from '../media/history.ts'
import { parseLocation } from '../media/location.ts'
import { parsePlatform } from '../platform.ts'
import { parseReference } from '../reference.ts'
import { Index } from '../schema.ts'
import { isIndex } from '../media-type.ts'
import { isLocation, describeElsewhere, openElsewhere } from './elsewhere.ts'
import { addRegistryFlags, type RegistryFlags } from './registry.ts'
import type { Session } from './session.ts'

export function addLooking(image: Command, session: Session): void {
  image
    .command('ls')
    .description('list images')
    .option('-q, --quiet', 'IDs only')
    .option('--no-trunc', 'whole IDs')
    .action((options: { quiet?: boolean; trunc: boolean }) => list(session, options))
  addRegistryFlags(image.command('inspect <ref>'))
    .description('everything about an image, as JSON: of the store, or where docker://, oci:, dir: … say')
    .option('--platform <os/arch>', 'which image of several, elsewhere')
    .action(async (ref: string, flags: RegistryFlags & { platform?: string }) => {
      if (!isLocation(ref)) return session.print(json((await session.open()).get(ref)))
      const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform)
      session.print(json(await describeElsewhere(session, parseLocation(ref), flags, platform)))
    })
  image
    .command('history <ref>')
    .description('how an image came to be')
    .action((ref: string) => showHistory(session, ref))
  image
    .command('tree <ref>')
    .description('layers and files: who added what, and what is wasted')
    .option('--layer <n>', 'only what this layer does, counted from 1', Number)
    .option('--wasted', 'only what is wasted')
    .option('--json', 'everything, for tools')
    .action((ref: string, flags: TreeFlags) => showTree(session, ref, flags))
  image
    .command('diff <a> <b>')
    .description('files that differ between two images, layer by layer')
    .option('--json', 'everything, for tools')
    .action((a: string, b: string, flags: { json?: boolean }) => showDiff(session, a, b, flags))
  addRegistryFlags(image.command('manifest').command('inspect <ref>'))
    .description('a manifest or index, byte for byte: of a registry, or where oci:, dir:, store: … say')
    .option('-v, --verbose', 'with its descriptor, and all manifests that an index names')
    .action((ref: string, flags: RegistryFlags & { verbose?: boolean }) => inspectManifest(session, ref, flags))
}

async function list(session: Session, options: { quiet?: boolean; trunc: boolean }) {
  const rows = (await session.open()).list().flatMap((one) => {
    const id = options.trunc ? shortID(one.id) : one.id
    const cells = [id, formatAge(one.created, new Date()), formatSize(one.sizeBytes)]
    if (options.quiet) return [[id]]
    return (one.names.length > 0 ? one.names : ['<none>:<none>']).map((name) => {
      const colon = name.lastIndexOf(':')
      return [name.slice(0, colon), name.slice(colon + 1), ...cells]
    })
  })
  if (options.quiet) for (const [id] of rows) session.print(id ?? '')
  else session.io.stdout.write(formatTable(['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'], rows))
}

async function showHistory(session: Session, ref: string): Promise<void> {
  const store = await session.open()
  const rows = history(store, store.get(ref)).map((item) => {
    const id = item.Id === '<missing>' ? item.Id : item.Id.slice('sha256:'.length, 'sha256:'.length + 12)
    const created = item.Created === 0 ? undefined : new Date(item.Created * 1000).toISOString()
    return [id, formatAge(created, new Date()), item.CreatedBy, formatSize(item.Size), item.Comment]
  })
  session.io.stdout.write(formatTable(['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'], rows))
}

type TreeFlags = { layer?: number; wasted?: boolean; json?: boolean }

async function showTree(session: Session, ref: string, { layer, wasted, json: asJson }: TreeFlags): Promise<void> {
  const store = await session.open()
  const image = store.get(ref)
  if (layer !== undefined && !(Number.isInteger(layer) && layer >= 1 && layer <= image.layers.length)) {
    throw new UserError('invalid', `${ref} has ${image.layers.length} layers, none is number ${layer}`)
  }
  const tree = await imageTree(store, image)
  if (asJson === true) return session.print(json(tree))
  const lines = formatTree(tree, {
    ...formatOf(session),
    ...(layer !== undefined && { layer: layer - 1 }),
    wasted: wasted ?? false,
  })
  for (const line of lines) session.print(line)
}

async function showDiff(session: Session, a: string, b: string, flags: { json?: boolean }): Promise<void> {
  const store = await session.open()
  const diff = await imageDiff(store, store.get(a), store.get(b))
  if (flags.json === true) return session.print(json(diff))
  for (const line of formatDiff(diff, formatOf(session))) session.print(line)
}

/** For a terminal lines are cut to fit, and its language is spoken. */
function formatOf({ io, env }: Session): { language: Language; columns?: number } {
  const { columns } = io.stdout as { columns?: number }
  const language = (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '').startsWith('ja') ? 'ja' : 'en'
  return { language, ...(columns !== undefined && { columns }) }
}

type ManifestFlags = RegistryFlags & { verbose?: boolean }

async function inspectManifest(session: Session, ref: string, flags: ManifestFlags): Promise<void> {
  await using resources = new AsyncDisposableStack()
  // A bare name is a registry's: what is in the store has been looked at by inspect.
  const location = isLocation(ref)
    ? parseLocation(ref)
    : ({ medium: 'docker', reference: parseReference(ref) } as const)
  const { source } = await openElsewhere(session, location, flags, resources)
  const [root] = await source.roots()
  const bytes = await source.read('manifest', root!.descriptor)
  if (flags.verbose !== true) return void session.io.stdout.write(bytes)
  const whole = { Descriptor: root!.descriptor, Manifest: JSON.parse(bytes.toString()) as unknown }
  if (!isIndex(root!.descriptor.mediaType)) return session.print(json(whole))
  const children: unknown[] = []
  for (const descriptor of parseJSON(`index ${root!.descriptor.digest}`, bytes, Index).manifests) {
    const child = await source.read('manifest', descriptor)
    children.push({ Descriptor: descriptor, Manifest: JSON.parse(child.toString()) as unknown })
  }
  session.print(json({ ...whole, Manifests: children }))
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

/** `pull`, `push` and `copy`: images between a registry, the store, directories and archives. */
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { copyImages } from '../copy/copy.ts'
import type { CopyEvent } from '../copy/medium.ts'
import { parseLocation, type Location } from '../media/location.ts'
import { copyBetween, type MediaContext } from '../media/open.ts'
import { StoreSink } from '../media/store-sink.ts'
import { StoreSource, type Offered } from '../media/store-source.ts'
import { parsePlatform } from '../platform.ts'
import {
  familiarReference,
  familiarRepository,
  formatReference,
  formatRepository,
  parseName,
  parseReference,
  type Reference,
} from '../reference.ts'
import { RegistrySink, RegistrySource } from '../registry/index.ts'
import type { ImageStore } from '../store/store.ts'
import { Progress } from './progress.ts'
import { addCommonFlags, addRegistryFlags, openRegistry, parseBool, type RegistryFlags } from './registry.ts'
import { isRoot, type Session } from './session.ts'

export function addTransfer(image: Command, session: Session): void {
  addRegistryFlags(image.command('pull <name>'))
    .description('get an image from a registry')
    .option('-a, --all-tags', 'all tags of the repository')
    .option('--platform <os/arch>', 'which image of several; default: for this machine')
    .option('--no-unpack', 'only check the layers; needs no root')
    .option('-q, --quiet', 'no progress')
    .action((name: string, flags: PullFlags) => pull(session, name, flags))
  addRegistryFlags(image.command('push <name>'))
    .description('bring an image to the registry in its name')
    .option('-a, --all-tags', 'all tags of the repository')
    .option('-q, --quiet', 'no progress')
    .action((name: string, flags: PushFlags) => push(session, name, flags))
  addCommonFlags(image.command('copy <source> <destination>'))
    .description('copy an image between docker:// oci: oci-archive: docker-archive: dir: and store:')
    .option('-a, --all', 'the images of all platforms; default: the one for this machine')
    .option('--platform <os/arch>', 'which image of several')
    .option('--src-creds <user[:password]>', 'who to be at the source')
    .option('--dest-creds <user[:password]>', 'who to be at the destination')
    .option('--src-cert-dir <dir>', '--cert-dir for the source alone')
    .option('--dest-cert-dir <dir>', '--cert-dir for the destination alone')
    .option('--src-tls-verify <bool>', '--tls-verify for the source alone', parseBool)
    .option('--dest-tls-verify <bool>', '--tls-verify for the destination alone', parseBool)
    .option('--compress <gzip|zstd>', 'compress layers that are not', parseCompress)
    .option('-q, --quiet', 'no progress')
    .action((source: string, destination: string, flags: CopyFlags) => copy(session, source, destination, flags))
}

type PullFlags = RegistryFlags & { allTags?: boolean; platform?: string; unpack: boolean; quiet?: boolean }

async function pull(session: Session, text: string, flags: PullFlags): Promise<void> {
  const name = parseName(text)
  if (flags.allTags === true && (name.tag !== undefined || name.digest !== undefined)) {
    throw new UserError('invalid', "tag can't be used with --all-tags/-a")
  }
  const store = await session.openOrMake()
  const stored = await session.interruptible(async (signal) => {
    using registry = openRegistry(session, flags, [name.domain], signal)
    const reference = flags.allTags === true ? name : parseReference(text)
    await using source = new RegistrySource(registry, reference, { allTags: flags.allTags ?? false })
    await using sink = await StoreSink.open(store, { unpack: flags.unpack && isRoot(), digestNames: true })
    using progress = progressOf(session, flags)
    const before = new Map(store.list().flatMap(({ id, names }) => names.map((one) => [one, id])))
    const platform = flags.platform === undefined ? {} : { platform: parsePlatform(flags.platform) }
    const planned = await copyImages(source, sink, { ...platform, signal, ...progress.options })
    return sink.stored.map(({ image }, i) => {
      const { tree, names, chosenFrom } = planned[i]!
      const [own] = names
      return { image, name: own!, digest: (chosenFrom ?? tree.descriptor).digest, before }
    })
  })
  for (const { image, name, digest, before } of stored) {
    if (flags.quiet !== true) {
      const same = before.get(familiarReference(name)) === image.id
      session.print(`Digest: ${digest}`)
      session.print(
        `Status: ${same ? 'Image is up to date for' : 'Downloaded newer image for'} ${familiarReference(name)}`,
      )
    }
    session.print(formatReference(name))
  }
}

type PushFlags = RegistryFlags & { allTags?: boolean; quiet?: boolean }

async function push(session: Session, text: string, flags: PushFlags): Promise<void> {
  const store = await session.open()
  const offered = flags.allTags === true ? allTags(store, text) : oneTag(store, text)
  const [repository] = offered[0]!.names
  if (flags.quiet !== true) session.note(`The push refers to repository [${formatRepository(repository!)}]`)
  await session.interruptible(async (signal) => {
    using registry = openRegistry(session, flags, [repository!.domain], signal)
    await using source = await StoreSource.open(store, offered)
    await using sink = new RegistrySink(registry, repository!)
    using progress = progressOf(session, flags)
    await copyImages(source, sink, { signal, ...progress.options })
  })
  for (const { image, names } of offered) {
    const { manifestMediaType: mediaType, manifestDigest: digest, manifestSize: size } = image
    // From now on it is known where else the layers are: a push to a repository beside it need not bring them again.
    const { domain, path } = repository!
    await store.add({ mediaType, digest, size }, [{ domain, path, digest }])
    for (const { tag } of names) session.print(`${tag}: digest: ${digest} size: ${size}`)
  }
}

function oneTag(store: ImageStore, text: string): Offered[] {
  return [{ image: store.get(text), names: [parseReference(text)] }]
}

function allTags(store: ImageStore, text: string): Offered[] {
  const name = parseName(text)
  if (name.tag !== undefined || name.digest !== undefined) {
    throw new UserError('invalid', "tag can't be used with --all-tags/-a")
  }
  const here = ({ domain, path }: Reference): boolean => domain === name.domain && path === name.path
  const offered = store.list().map((image) => ({ image, names: image.names.map(parseReference).filter(here) }))
  const some = offered.filter(({ names }) => names.length > 0)
  if (some.length > 0) return some
  throw new UserError('not-found', `An image does not exist locally with the tag: ${familiarRepository(name)}`, {
    hint: 'see: image ls',
  })
}

type CopyFlags = RegistryFlags & {
  all?: boolean
  platform?: string
  srcCreds?: string
  destCreds?: string
  srcCertDir?: string
  destCertDir?: string
  srcTlsVerify?: boolean
  destTlsVerify?: boolean
  compress?: 'gzip' | 'zstd'
  quiet?: boolean
}

async function copy(session: Session, source: string, destination: string, flags: CopyFlags): Promise<void> {
  const [from, to] = [parseLocation(source), parseLocation(destination)]
  const copied = await session.interruptible(async (signal) => {
    await using resources = new AsyncDisposableStack()
    const reading: Opening = { openStore: () => session.open(), resources, signal }
    const writing: Opening = { openStore: () => session.openOrMake(), resources, signal }
    const fromContext = await contextOf(session, from, sideFlags(flags, 'src'), reading)
    const toContext = await contextOf(session, to, sideFlags(flags, 'dest'), writing)
    const progress = resources.use(progressOf(session, flags))
    return await copyBetween(
      { from, to, fromContext, toContext },
      {
        signal,
        all: flags.all ?? false,
        ...(flags.platform !== undefined && { platform: parsePlatform(flags.platform) }),
        ...(flags.compress !== undefined && { compress: flags.compress }),
        ...progress.options,
      },
    )
  })
  if (flags.quiet !== true) for (const { tree } of copied) session.print(tree.descriptor.digest)
}

/** One side's own flags win over those for both. */
function sideFlags(flags: CopyFlags, side: 'src' | 'dest'): RegistryFlags {
  const { authfile, trace } = flags
  const creds = flags[`${side}Creds`]
  const certDir = flags[`${side}CertDir`] ?? flags.certDir
  const tlsVerify = flags[`${side}TlsVerify`] ?? flags.tlsVerify
  return {
    ...(authfile !== undefined && { authfile }),
    ...(trace !== undefined && { trace }),
    ...(creds !== undefined && { creds }),
    ...(certDir !== undefined && { certDir }),
    ...(tlsVerify !== undefined && { tlsVerify }),
  }
}

type Opening = { openStore: () => Promise<ImageStore>; resources: AsyncDisposableStack; signal: AbortSignal }

/** What one side of a copy needs, opened for as long as `resources`. */
async function contextOf(
  session: Session,
  location: Location,
  flags: RegistryFlags,
  { openStore, resources, signal }: Opening,
): Promise<MediaContext> {
  if (location.medium === 'store') return { store: await openStore(), unpack: isRoot() }
  if (location.medium !== 'docker') return {}
  return { registry: resources.use(openRegistry(session, flags, [location.reference.domain], signal)) }
}

/** Progress on standard error, unless it is quiet. */
function progressOf(
  { io }: Session,
  { quiet }: { quiet?: boolean },
): Disposable & {
  options: { onEvent?: (event: CopyEvent) => void }
} {
  if (quiet === true) return { options: {}, [Symbol.dispose]: () => {} }
  const progress = new Progress(io.stderr)
  return { options: { onEvent: progress.onEvent }, [Symbol.dispose]: () => progress[Symbol.dispose]() }
}

function parseCompress(text: string): 'gzip' | 'zstd' {
  if (text === 'gzip' || text === 'zstd') return text
  throw new UserError('invalid', `"${text}" is no compression`, { hint: 'known are gzip and zstd' })
}

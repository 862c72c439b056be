/**
 * The command `image`: the store by hand, without daemon or containers.
 *
 *   image --root DIR ls | load FILE | save REF… -o FILE | import FILE [REF] | unpack REF DIR | inspect REF | history REF
 *                    | tag REF NEW | rm REF… | verify | gc | demo
 */
import { createReadStream, createWriteStream, existsSync, readdirSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SyscallError, UserError } from '@mini-docker/syscall'
import { Command, CommanderError } from 'commander'
import { hexOf, shortID } from './digest.ts'
import { ensureDemo } from './ensure-demo.ts'
import { flattenLayers } from './flatten.ts'
import { formatAge, formatSize, formatTable } from './format.ts'
import { history } from './media/history.ts'
import { importRootfs } from './media/import.ts'
import { describeLoaded, loadArchive } from './media/load.ts'
import { saveArchive } from './media/save.ts'
import { parsePlatform } from './platform.ts'
import { parseReference } from './reference.ts'
import { ImageStore } from './store/store.ts'

export type Io = { stdin: Readable; stdout: Writable; stderr: Writable }

const DEFAULT_ROOT = '/var/lib/mini-docker'
const READ_BYTES = 256 * 1024

/** Runs one command line (without the program's name). @returns the exit code: 0, 1 for a failure, 2 for a wrong command line. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const image = new Command('image').description('Images of containers: store, archives, unpacking').exitOverride()
  image.option('--root <dir>', 'where the store lies', DEFAULT_ROOT)
  image.configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
  const session: Session = {
    io,
    print: (text) => void io.stdout.write(`${text}\n`),
    code: 0,
    open: () => openExisting(image.opts<{ root: string }>().root),
    openOrMake: () => openStore(image.opts<{ root: string }>().root),
  }
  addReading(image, session)
  addArchives(image, session)
  addChanging(image, session)
  try {
    await image.parseAsync([...args], { from: 'user' })
    return session.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    io.stderr.write(`image: ${describe(error)}\n`)
    return 1
  }
}

type Session = {
  io: Io
  print: (text: string) => void
  code: number
  open: () => Promise<ImageStore>
  /** For what adds images. */
  openOrMake: () => Promise<ImageStore>
}

/** A mistyped --root is an error, not a new directory. */
function openExisting(root: string): Promise<ImageStore> {
  if (existsSync(join(root, 'oci-layout'))) return openStore(root)
  throw new UserError('not-found', `no image store in ${root}`, {
    hint: 'image load, image import and image demo make one; --root says where',
  })
}

/** Layers may be in use by containers of a daemon that this command knows nothing of: where there are any, all layers stay. */
function openStore(root: string): Promise<ImageStore> {
  const containers = join(root, 'containers')
  return ImageStore.open(root, {
    layersInUse: () => (existsSync(containers) && readdirSync(containers).length > 0 ? 'all' : []),
  })
}

function addReading(image: Command, { print, open, io }: Session): void {
  image
    .command('ls')
    .description('list images')
    .option('-q, --quiet', 'IDs only')
    .option('--no-trunc', 'whole IDs')
    .action(async (options: { quiet?: boolean; trunc: boolean }) => {
      const rows = (await open()).list().flatMap((one) => {
        const id = options.trunc ? shortID(one.id) : one.id
        const cells = [id, formatAge(one.created, new Date()), formatSize(one.sizeBytes)]
        if (options.quiet) return [[id]]
        return (one.names.length > 0 ? one.names : ['<none>:<none>']).map((name) => {
          const colon = name.lastIndexOf(':')
          return [name.slice(0, colon), name.slice(colon + 1), ...cells]
        })
      })
      if (options.quiet) for (const [id] of rows) print(id ?? '')
      else io.stdout.write(formatTable(['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'], rows))
    })
  image
    .command('inspect <ref>')
    .description('everything about an image, as JSON')
    .action(async (ref: string) => print(JSON.stringify((await open()).get(ref), null, 2)))
  image
    .command('history <ref>')
    .description('how an image came to be')
    .action(async (ref: string) => {
      const store = await open()
      const rows = history(store, store.get(ref)).map((item) => {
        const id = item.Id === '<missing>' ? item.Id : item.Id.slice('sha256:'.length, 'sha256:'.length + 12)
        const created = item.Created === 0 ? undefined : new Date(item.Created * 1000).toISOString()
        return [id, formatAge(created, new Date()), item.CreatedBy, formatSize(item.Size), item.Comment]
      })
      io.stdout.write(formatTable(['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'], rows))
    })
}

function addArchives(image: Command, { print, open, openOrMake, io }: Session): void {
  image
    .command('load <file>')
    .description('load the images of an archive; - reads standard input')
    .option('--platform <os/arch>', 'which image of a multi-platform archive')
    .option('--no-unpack', 'only check the layers; needs no root')
    .action(async (file: string, options: { platform?: string; unpack: boolean }) => {
      const { platform, unpack } = options
      const loaded = await loadArchive(await openOrMake(), input(file, io), {
        unpack: unpack && isRoot(),
        ...(platform !== undefined && { platform: parsePlatform(platform) }),
      })
      for (const line of loaded.flatMap(describeLoaded)) print(line)
    })
  image
    .command('save <refs...>')
    .description('save images as one archive; without -o to standard output')
    .option('-o, --output <file>', 'the archive to write')
    .action(async (refs: string[], { output }: { output?: string }) => {
      const archive = saveArchive(await open(), refs)
      if (output === undefined) await pipeline(archive, io.stdout, { end: false })
      else await writeOutput(output, archive)
    })
  image
    .command('import <file> [ref]')
    .description('make an image of a root filesystem in a tar; - reads standard input')
    .option('-c, --change <instruction>', 'a Dockerfile instruction', (one, all: string[]) => [...all, one], [])
    .option('-m, --message <text>', 'the comment of its history')
    .option('--platform <os/arch>', 'what the programs in it are for')
    .option('--no-unpack', 'only check the layer; needs no root')
    .action(async (file: string, ref: string | undefined, options: ImportFlags) => {
      const { change, message, platform, unpack } = options
      const made = await importRootfs(await openOrMake(), input(file, io), {
        source: file,
        changes: change,
        unpack: unpack && isRoot(),
        ...(ref !== undefined && { repo: ref }),
        ...(message !== undefined && { message }),
        ...(platform !== undefined && { platform: parsePlatform(platform) }),
      })
      print(made.id)
    })
}

type ImportFlags = { change: string[]; message?: string; platform?: string; unpack: boolean }

function addChanging(image: Command, session: Session): void {
  const { print, open, openOrMake } = session
  image
    .command('unpack <ref> <dir>')
    .description("put an image's root filesystem into a directory; needs root")
    .action(async (ref: string, directory: string) => {
      const store = await open()
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
      const store = await open()
      await store.tag(store.get(ref), parseReference(name))
    })
  image
    .command('rm <refs...>')
    .description('take names away, and images with their last name')
    .option('-f, --force', 'by ID, even with several names')
    .action(async (refs: string[], { force }: { force?: boolean }) => {
      const store = await open()
      for (const ref of refs) {
        const events = await store.remove(ref, { force: force ?? false })
        for (const event of events)
          print('Untagged' in event ? `Untagged: ${event.Untagged}` : `Deleted: ${event.Deleted}`)
      }
    })
  image
    .command('verify')
    .description('check every byte of the store')
    .action(async () => {
      const problems = await (await open()).verify()
      for (const { object, message } of problems) print(`${object}: ${message}`)
      if (problems.length === 0) print('the store is sound')
      else session.code = 1
    })
  image
    .command('gc')
    .description('remove what no image needs')
    .action(async () => {
      const { blobs, layers, temporary, bytes } = await (await open()).gc()
      print(
        `removed ${blobs.length} blobs (${formatSize(bytes)}), ${layers.length} layers, ${temporary} unfinished files`,
      )
    })
  image
    .command('demo')
    .description("make the image demo of this machine's own files; needs root")
    .action(async () => print((await ensureDemo(await openOrMake())).id))
}

function input(file: string, io: Io): AsyncIterable<Uint8Array> {
  return file === '-' ? io.stdin : readWhenAsked(file)
}

/** Opened by its reader: a stream that fails before anyone reads it would end the process. */
async function* readWhenAsked(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>
}

/** The file appears when it is whole. */
async function writeOutput(path: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await pipeline(archive, createWriteStream(temporary, { flags: 'wx' }))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function isRoot(): boolean {
  return process.geteuid?.() === 0
}

function describe(error: unknown): string {
  if (!(error instanceof UserError || error instanceof SyscallError)) return describeForeign(error)
  return error.hint === undefined ? error.message : `${error.message}\n  hint: ${error.hint}`
}

/** Errors of Node's fs name the object last, and the call where nobody needs it: `open /x: no such file or directory`. */
function describeForeign(error: unknown): string {
  const match = error instanceof Error ? /^E[A-Z0-9]+: (.*?), (\w+) '(.*)'$/s.exec(error.message) : null
  if (match !== null) return `${match[2]} ${match[3]}: ${match[1]}`
  return error instanceof Error ? error.message : String(error)
}

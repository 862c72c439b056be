/** `load`, `save` and `import`: archives into the store and out of it. */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { UserError } from '@mini-docker/syscall'
import type { Command } from 'commander'
import { FileOutput } from '../media/file-output.ts'
import { importRootfs } from '../media/import.ts'
import { describeLoaded, loadArchive } from '../media/load.ts'
import { saveArchive } from '../media/save.ts'
import { parsePlatform } from '../platform.ts'
import type { ImageStore } from '../store/store.ts'
import { isRoot, type Io, type Session } from './session.ts'

const READ_BYTES = 256 * 1024

export function addArchives(image: Command, session: Session): void {
  image
    .command('load <file>')
    .description('load the images of an archive; - reads standard input')
    .option('--platform <os/arch>', 'which image of a multi-platform archive')
    .option('--no-unpack', 'only check the layers; needs no root')
    .action(async (file: string, { platform, unpack }: { platform?: string; unpack: boolean }) => {
      const store = await session.openOrMake()
      const loaded = await session.interruptible((signal) => {
        // A terminal or pipe that nobody writes to would keep the process.
        signal.addEventListener('abort', () => session.io.stdin.destroy())
        return loadArchive(store, input(file, session.io), {
          signal,
          unpack: unpack && isRoot(),
          ...(platform !== undefined && { platform: parsePlatform(platform) }),
        })
      })
      for (const line of loaded.flatMap(describeLoaded)) session.print(line)
    })
  image
    .command('save [refs...]')
    .description('save images as one archive; without -o to standard output')
    .option('-a, --all', 'all images of the store')
    .option('-o, --output <file>', 'the archive to write')
    .action(async (refs: string[], { all, output }: { all?: boolean; output?: string }) => {
      const archive = saveArchive(...(await chosen(session, refs, all === true)))
      if (output === undefined) await pipeline(archive, session.io.stdout, { end: false })
      else await session.interruptible((signal) => writeFile(output, archive, signal))
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
      const made = await importRootfs(await session.openOrMake(), input(file, session.io), {
        source: file,
        changes: change,
        unpack: unpack && isRoot(),
        ...(ref !== undefined && { repo: ref }),
        ...(message !== undefined && { message }),
        ...(platform !== undefined && { platform: parsePlatform(platform) }),
      })
      session.print(made.id)
    })
}

type ImportFlags = { change: string[]; message?: string; platform?: string; unpack: boolean }

async function chosen(session: Session, refs: string[], all: boolean): Promise<[ImageStore, string[]]> {
  if (all === refs.length > 0) {
    throw new UserError('invalid', all ? '--all saves all images, and takes no names' : 'which image shall be saved?', {
      hint: 'give names, or --all',
    })
  }
  const store = await session.open()
  return [store, all ? store.list().flatMap(({ names, id }) => (names.length > 0 ? names : [id])) : refs]
}

function input(file: string, io: Io): AsyncIterable<Uint8Array> {
  return file === '-' ? io.stdin : readWhenAsked(file)
}

/** Opened by its reader: a stream that fails before anyone reads it would end the process. */
async function* readWhenAsked(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>
}

async function writeFile(path: string, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  await using output = new FileOutput(path)
  for await (const chunk of archive) {
    signal.throwIfAborted()
    await output.write(chunk)
  }
  await output.finish()
}

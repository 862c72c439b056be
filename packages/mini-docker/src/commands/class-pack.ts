/** `class pack`: one file with the program, what it needs to run, and images, for a class without a network. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { parseReference } from '@mini-docker/image'
import { CHECKOUT, newerThanBundle } from '../classroom/checkout.ts'
import { imagesFile, listImages, namesForOthers, type Listed } from '../classroom/images.ts'
import { LANG, languageFor } from '../classroom/language.ts'
import { packArchive, planPack, type Pack } from '../classroom/pack.ts'
import { PACK_WORDS, type PackWords } from '../classroom/pack-words.ts'
import { chooseNames } from '../classroom/store.ts'
import type { Command } from '../cli/command.ts'
import { CliError, exitWith } from '../cli/errors.ts'
import { draftOf, writeOutputFile } from '../cli/output-file.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { Engine } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import { openError } from '../create/files.ts'
import { humanSize } from '../format/units.ts'

const PLATFORM = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`
const PROGRESS_MS = 100

export const command: Command = {
  name: 'class pack',
  usage: '[OPTIONS] FILE|- [IMAGE...]',
  about: 'Make one file of program and images (all, or those named) for a class without a network',
  flags: [{ name: 'quiet', short: 'q', kind: 'bool', help: 'Tell only what is left out' }, LANG],
  words: { atLeast: 1 },
  async run(flags, [output = '', ...wanted], terminal) {
    const words = PACK_WORDS[languageFor(flags, terminal.env)]
    const quiet = flags.bool('quiet')
    checkOutput(output, terminal, words)
    const stale = newerThanBundle(CHECKOUT)
    if (stale !== undefined) throw new CliError(words.stale(stale))
    const engine = openEngine(terminal)
    const names = await selectNames(engine, wanted, terminal, words)
    const images = names.length === 0 ? undefined : await imagesFile(engine, names)
    const target = resolve(output)
    const pack = planPack(CHECKOUT, { platform: PLATFORM, images: names }, images, [target, draftOf(target)])
    const tell = progress(terminal, quiet, words, pack)
    const archive = packArchive(pack, tell)
    if (output === '-') for await (const bytes of archive) await terminal.write(1, bytes)
    else await writeFile(target, compressed(output, archive), terminal)
    if (!quiet) {
      const size = output === '-' ? pack.bytes : (await stat(target)).size
      terminal.err(`${words.packed(output, humanSize(size, 3), names.length)}\n`)
    }
    terminal.err(`${words.platform(PLATFORM)}\n`)
  },
}

function checkOutput(output: string, terminal: Terminal, words: PackWords): void {
  if (output === '-' && terminal.isTty(1)) throw new CliError(words.terminal)
  if (output !== '-' && !/\.(?:tar|tar\.gz|tgz)$/.test(output)) throw new CliError(words.extension(output))
}

/** Names of what is packed, sorted; tells what is not, and what will not run. */
async function selectNames(
  engine: Engine,
  wanted: readonly string[],
  terminal: Terminal,
  words: PackWords,
): Promise<string[]> {
  const images = await listImages(engine)
  const isWanted = chooseNames(images, wanted)
  const chosen: Listed[] = images
    .map((image) => ({ ...image, names: image.names.filter((name) => isWanted(parseReference(name))) }))
    .filter(({ names }) => names.length > 0)
  const nameless = images.filter(({ names }) => names.length === 0).length
  if (nameless > 0 && wanted.length === 0) terminal.err(`${words.nameless(nameless)}\n`)
  if (chosen.length === 0) terminal.err(`${words.noImages}\n`)
  const others = await namesForOthers(engine, chosen, PLATFORM)
  if (others.length > 0) terminal.err(`${words.otherPlatform(others)}\n`)
  return chosen.flatMap(({ names }) => names).toSorted()
}

/** Images are compressed already; Node and the sources become a third. */
function compressed(output: string, archive: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (output.endsWith('.tar')) return archive
  const source = Readable.from(archive, { objectMode: false })
  return source.compose(createGzip()) as AsyncIterable<Uint8Array>
}

async function writeFile(target: string, bytes: AsyncIterable<Uint8Array>, terminal: Terminal): Promise<void> {
  const stopped = new AbortController()
  const off = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => terminal.on(signal, () => stopped.abort()))
  try {
    await writeOutputFile(target, bytes, { mode: 0o644, durable: true, signal: stopped.signal })
  } catch (error) {
    if (stopped.signal.aborted) throw exitWith(130)
    if ((error as NodeJS.ErrnoException).syscall === 'open') throw new CliError(openError(target, error).message)
    throw error
  } finally {
    for (const stop of off) stop()
  }
}

/** One line that is drawn over itself on a terminal; elsewhere nothing. */
function progress(terminal: Terminal, quiet: boolean, words: PackWords, { bytes }: Pack): (done: number) => void {
  if (quiet || !terminal.isTty(2)) return () => {}
  let last = 0
  return (done) => {
    const now = performance.now()
    if (done < bytes && now - last < PROGRESS_MS) return
    last = now
    terminal.err(`\r${words.progress(humanSize(done, 3), humanSize(bytes, 3))}\x1b[K${done >= bytes ? '\n' : ''}`)
  }
}

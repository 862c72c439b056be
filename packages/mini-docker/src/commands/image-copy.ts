/**
 * `image copy`: images from anywhere to anywhere, in this process. Only `store:` is the daemon's: it is read as save does, and written
 * as load does.
 */
import {
  copyBetween,
  formatLocation,
  parseLocation,
  parsePlatform,
  parseReference,
  type CopyOptions,
  type Location,
  type MediaContext,
  type Planned,
} from '@mini-docker/image'
import { shellWord } from '@mini-docker/syscall'
import { fetchFromDaemon, loadIntoDaemon, TemporaryArchive } from '../client/daemon-archive.ts'
import { openEngine } from '../client/open.ts'
import { copyMessage } from '../client/progress/copy-messages.ts'
import { openDisplay } from '../client/progress/display.ts'
import { openRegistry } from '../client/registry.ts'
import type { Command } from '../cli/command.ts'
import { CliError, exitWith } from '../cli/errors.ts'
import type { Flag, Flags } from '../cli/flags.ts'
import type { ExplainedStep } from '../faces/explain.ts'
import { PLATFORM } from '../cli/platform.ts'
import type { Terminal } from '../cli/terminal.ts'
import { EXPLAIN, requestTrace, TRACE, TRACE_JSON } from './request-trace.ts'

const INTERRUPTED = 130

/** The flags of one end, as skopeo has them. */
const endFlags = (end: 'src' | 'dest', what: string): Flag[] => [
  { name: `${end}-creds`, kind: 'string', label: 'USER:PASSWORD', help: `Log in to the ${what} registry with these` },
  {
    name: `${end}-tls-verify`,
    kind: 'bool',
    help: `Require HTTPS and a trusted certificate of the ${what} registry (default true)`,
  },
]

export const command: Command = {
  name: 'image copy',
  usage: '[OPTIONS] SOURCE DESTINATION',
  about: `Copy images between registries, files and the store

SOURCE and DESTINATION:
  docker://NAME[:TAG|@DIGEST]      a registry
  store:NAME                       the daemon's store (docker-daemon: is the same)
  oci:DIRECTORY[:NAME]             an OCI image layout
  oci-archive:FILE[:NAME]          the same in a tar archive
  docker-archive:FILE[:NAME:TAG]   what docker save writes
  dir:DIRECTORY                    one image, its blobs side by side`,
  faces: 'own',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Copy the images of all platforms, and the index that names them' },
    {
      name: 'compress',
      kind: 'string',
      label: 'gzip|zstd',
      help: 'Compress layers that are not compressed',
      check: checkCompression,
    },
    ...endFlags('dest', 'destination'),
    PLATFORM('Copy the image for this platform (like linux/arm64)'),
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Suppress verbose output' },
    ...endFlags('src', 'source'),
    ...EXPLAIN,
    TRACE,
    TRACE_JSON,
  ],
  words: { exactly: 2 },
  async run(flags, [source = '', destination = ''], terminal) {
    if (flags.bool('explain')) {
      const { explainOwn } = await import('../faces/faced.ts')
      return explainOwn([planCopy(source, destination)], flags, terminal)
    }
    const [from, to] = [parseEnd(source), parseEnd(destination)]
    const controller = new AbortController()
    using _interrupt = { [Symbol.dispose]: terminal.on('SIGINT', () => controller.abort(exitWith(INTERRUPTED))) }
    const job = { flags, terminal, signal: controller.signal, onRequest: requestTrace(flags, terminal) }
    const copied = await copyLocations(from, to, job)
    if (flags.bool('quiet')) return
    for (const { tree } of copied) terminal.out(`Digest: ${tree.descriptor.digest}\n`)
    terminal.out(`Status: Copied ${formatLocation(from)} to ${formatLocation(to)}\n`)
  },
}

function parseEnd(text: string): Location {
  return parseLocation(text.replace(/^docker-daemon:/, 'store:'))
}

function checkCompression(text: string): void {
  if (text !== 'gzip' && text !== 'zstd') throw new Error('must be gzip or zstd')
}

/** What all parts of the copy need. */
type Job = { flags: Flags; terminal: Terminal; signal: AbortSignal; onRequest: ReturnType<typeof requestTrace> }

/** Puts the daemon's archive in the place of `store:` at either end. */
async function copyLocations(from: Location, to: Location, job: Job): Promise<Planned[]> {
  await using resources = new AsyncDisposableStack()
  const engine = openEngine(job.terminal)
  const archive = async () => resources.use(await TemporaryArchive.make())
  const source = from.medium === 'store' ? await fetchFromDaemon(engine, from.name, await archive(), job.signal) : from
  if (to.medium !== 'store') return await copy({ from: source, to }, job)
  const target = await archive()
  const copied = await copy({ from: source, to: archiveFor(to.name, target.path) }, job)
  await loadIntoDaemon(engine, target, job.flags.bool('quiet'), job.terminal)
  return copied
}

/** As docker save writes it, under the name that the daemon shall give it. */
function archiveFor(name: string, file: string): Location {
  const { digest, ...reference } = parseReference(name)
  if (digest !== undefined) throw new Error('refusing to create a tag with a digest reference')
  return { medium: 'docker-archive', file, choice: { by: 'reference', reference } }
}

async function copy(ends: { from: Location; to: Location }, job: Job): Promise<Planned[]> {
  const { flags, terminal, signal, onRequest } = job
  const platform = flags.string('platform')
  const compress = flags.string('compress') as CopyOptions['compress']
  using fromContext = contextOf(ends.from, 'src', job)
  using toContext = contextOf(ends.to, 'dest', job)
  using display = openDisplay(terminal, 1, { quiet: flags.bool('quiet'), inPlace: onRequest === undefined })
  return await copyBetween(
    { ...ends, fromContext, toContext },
    {
      all: flags.bool('all'),
      signal,
      ...(platform !== undefined && { platform: parsePlatform(platform) }),
      ...(compress !== undefined && { compress }),
      onEvent(event) {
        const message = copyMessage(event)
        if (message !== undefined) display.show(message)
      },
    },
  )
}

/** A registry for an end that is one, with what the flags say of that end. */
function contextOf(
  location: Location,
  end: 'src' | 'dest',
  { flags, terminal, signal, onRequest }: Job,
): MediaContext & Disposable {
  if (location.medium !== 'docker') return { [Symbol.dispose]() {} }
  const trusted = !flags.has(`${end}-tls-verify`) || flags.bool(`${end}-tls-verify`)
  const registry = openRegistry(terminal, {
    insecure: trusted ? [] : [location.reference.domain],
    credentials: parseCredentials(flags.string(`${end}-creds`), end),
    signal,
    onRequest,
  })
  return { registry, [Symbol.dispose]: () => registry[Symbol.dispose]() }
}

function parseCredentials(text: string | undefined, end: string): { username: string; password: string } | undefined {
  if (text === undefined) return undefined
  const colon = text.indexOf(':')
  if (colon < 1) throw new CliError(`--${end}-creds should look like USER:PASSWORD`, 125)
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The step `image.copy`: skopeo(1) has the same words for both ends, but for the store. */
function planCopy(source: string, destination: string): ExplainedStep {
  const ends = [source, destination].map((end) => formatLocation(parseLocation(end)))
  const words = ends.map((end) => shellWord(end.replace(/^store:/, 'docker-daemon:')))
  return {
    id: 'image.copy',
    stage: 'image',
    where: 'host',
    calls: [],
    shell: [`skopeo copy ${words.join(' ')}`],
    man: ['skopeo-copy(1)'],
  }
}

/** `class serve`: this machine's images as a read-only registry, so that a room with bad Wi-Fi pulls from the teacher. */
import { readFileSync } from 'node:fs'
import { familiarReference, ImageServer, type Catalogue, type ServedPull } from '@mini-docker/image'
import { addressesOfThisMachine, inUrl, isLoopback, parseListen, type Listen } from '../classroom/addresses.ts'
import { invite } from '../classroom/invitation.ts'
import { LANG, languageFor } from '../classroom/language.ts'
import { SERVE_WORDS, type ServeWords } from '../classroom/serve-words.ts'
import { chooseNames, findStoreRoot, openStore } from '../classroom/store.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { Language } from '../faces/explain.ts'
import { humanSize } from '../format/units.ts'

const LISTEN = '0.0.0.0:5000'

export const command: Command = {
  name: 'class serve',
  usage: '[OPTIONS] [IMAGE...]',
  about:
    'Serve the images of this machine to others as a read-only registry, until Ctrl-C (all images, or those named)',
  flags: [
    {
      name: 'listen',
      kind: 'string',
      label: 'addr:port',
      help: `Where to listen (default ${LISTEN})`,
      check: (text) => void parseListen(text),
    },
    { name: 'tls-cert', kind: 'string', label: 'file', help: 'Certificate, and those it hangs on, as PEM' },
    { name: 'tls-key', kind: 'string', label: 'file', help: 'Key of the certificate, as PEM' },
    {
      name: 'max-connections',
      kind: 'int',
      help: 'Refuse further connections; a client uses up to four (default 4000)',
    },
    { name: 'root', kind: 'string', label: 'dir', help: 'Where the images are (default: where the daemon has them)' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only the address' },
    LANG,
  ],
  words: { atLeast: 0 },
  async run(flags, images, terminal) {
    const language = languageFor(flags, terminal.env)
    const words = SERVE_WORDS[language]
    const tls = readTls(flags, words)
    const connectionsMax = flags.int('max-connections')
    if (connectionsMax !== undefined && connectionsMax < 1) throw new CliError('--max-connections must be at least 1')
    const root = flags.string('root') ?? (await findStoreRoot(terminal.env))
    const store = await openStore(root)
    const listen = parseListen(flags.string('listen') ?? LISTEN)
    const quiet = flags.bool('quiet')
    const stop = listenForStop(terminal)
    const total = { pulls: 0, bytes: 0 }
    await using server = await ImageServer.listen(store, {
      ...listen,
      offers: chooseNames(store.list(), images),
      ...(tls !== undefined && { tls }),
      ...(connectionsMax !== undefined && { connectionsMax }),
      onPull(pull) {
        total.pulls++
        total.bytes += pull.bytes
        if (!quiet) terminal.out(`${pullLine(pull, words)}\n`)
      },
      onProblem: ({ message }) => terminal.err(`class serve: ${message}\n`),
    })
    const place: Place = { ...listen, port: server.port, tls: tls !== undefined, root }
    announce(server.catalogue(), place, language, quiet, terminal)
    await stop.first
    stop.onLater(() => server.cut())
    if (!quiet) terminal.err(`${words.stopping}\n`)
    await server.stop()
    if (!quiet) terminal.out(`${words.stopped(total.pulls, humanSize(total.bytes))}\n`)
  },
}

type Place = Listen & { tls: boolean; root: string }

function announce(catalogue: Catalogue, place: Place, language: Language, quiet: boolean, terminal: Terminal): void {
  const words = SERVE_WORDS[language]
  const addresses = addressesOfThisMachine(place)
  const hosts = (addresses.length > 0 ? addresses : ['127.0.0.1']).map((address) => `${inUrl(address)}:${place.port}`)
  const urls = hosts.map((host) => `${place.tls ? 'https' : 'http'}://${host}`)
  if (quiet) terminal.out(`${urls[0]}\n`)
  else terminal.out(`${introduction(catalogue, place, hosts[0] ?? '', urls, language)}\n\n`)
  if (addresses.length === 0) terminal.err(`${words.noAddress}\n`)
  if (isLoopback(place.host)) terminal.err(`${words.localOnly}\n`)
  else if (!place.tls) terminal.err(`${words.open(place.port)}\n`)
}

function introduction(
  catalogue: Catalogue,
  { root, tls }: Place,
  host: string,
  urls: readonly string[],
  language: Language,
): string {
  const words = SERVE_WORDS[language]
  const repositories = catalogue.repositories().map((repository) => ({ ...offered(catalogue, repository), repository }))
  const names = repositories.flatMap(({ names }) => names).toSorted()
  const hidden = repositories.flatMap(({ path, names }) => (path === undefined ? names : []))
  const shown = repositories.find(({ path, repository }) => path !== undefined && repository.tags.size > 0)
  const [tag = 'latest'] = shown?.repository.tags.keys() ?? []
  const parts = [words.serving(names.length, root, urls)]
  parts.push(names.length === 0 ? words.noImages : names.map((name) => `  ${name}`).join('\n'))
  if (hidden.length > 0) parts.push(words.withoutAddress(hidden))
  const example = `${shown?.path ?? 'alpine'}:${tag}`
  parts.push(
    invite({ host, tls, example, isDockerHub: (shown?.repository.domain ?? 'docker.io') === 'docker.io' }, language),
  )
  return parts.join('\n\n')
}

type Offered = { path: string | undefined; names: string[] }

function offered(catalogue: Catalogue, repository: ReturnType<Catalogue['repositories']>[number]): Offered {
  const { domain, path, tags } = repository
  return {
    path: catalogue.nameOf(repository),
    names: [...tags.keys()].map((tag) => familiarReference({ domain, path, tag })),
  }
}

/** `14:03:22  192.168.1.23  alpine:3.20  3.63MB  2 blobs  0.4 s  docker/28.2.2` */
function pullLine(pull: ServedPull, words: ServeWords): string {
  const now = new Date()
  const clock = [now.getHours(), now.getMinutes(), now.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
  const name = pull.name.replace(/^library\//, '')
  const image = pull.reference.includes(':')
    ? `${name}@${pull.reference.slice(0, 'sha256:'.length + 12)}`
    : `${name}:${pull.reference}`
  const parts = [clock, pull.client, image, humanSize(pull.bytes, 3), words.pulled(pull.blobs, pull.complete)]
  return [...parts, `${(pull.durationMs / 1000).toFixed(1)} s`, pull.agent].join('  ').trimEnd()
}

/** Signals, from before anything is told: the first lets transfers end, later ones cut them. */
function listenForStop(terminal: Terminal): { first: Promise<void>; onLater: (listener: () => void) => void } {
  const { promise: first, resolve } = Promise.withResolvers<void>()
  let later = resolve
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) terminal.on(signal, () => later())
  return {
    first,
    onLater: (listener) => (later = listener),
  }
}

function readTls(flags: Flags, words: ServeWords): { cert: string; key: string } | undefined {
  const [cert, key] = [flags.string('tls-cert'), flags.string('tls-key')]
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) throw new CliError(words.tlsHalf)
  return { cert: readPem(cert), key: readPem(key) }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** What goes between this machine and registries: pull, push, logins, search. */
import {
  parseDigest,
  parseName,
  parseReference,
  parseTag,
  type Credentials,
  type Digest,
  type Reference,
} from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../../engine.ts'
import { ensureDemo, isDemo } from '../../images/demo.ts'
import { parseAskedPlatform } from '../../images/platform.ts'
import { inspectDistribution } from '../../images/transfer/distribution.ts'
import { checkLogin } from '../../images/transfer/login.ts'
import { pullImages } from '../../images/transfer/pull.ts'
import { pushImages } from '../../images/transfer/push.ts'
import type { Access } from '../../images/transfer/registry.ts'
import { SEARCH_FILTERS, searchImages } from '../../images/transfer/search.ts'
import { transferFailure } from '../../images/transfer/words.ts'
import type { Exchange } from '../exchange.ts'
import { Progress, type ProgressMessage } from '../progress.ts'
import { queryFilters, queryInteger } from '../query.ts'
import { authConfig, readAuth, requireAuth } from '../registry-auth.ts'
import { StatusError } from '../status.ts'
import type { Routes } from '../router.ts'

export const registryRoutes: Routes<Engine> = {
  'POST /images/{name*}/push': (exchange, engine) => push(exchange, engine),
  'GET /distribution/{name*}/json': distribution,
  'GET /images/search': search,
  'POST /auth': async (exchange, engine) => {
    const config = await exchange.readJson(authConfig)
    exchange.json(200, await checkLogin(engine, config, exchange.gone))
  },
}

/** POST /images/create with `fromImage`. With `trace`, the lines tell of each HTTP request too. */
export async function pull(exchange: Exchange, engine: Engine, options: { trace?: boolean } = {}): Promise<void> {
  const reference = pulledReference(exchange.query)
  const platform = parseAskedPlatform(exchange.query.get('platform'))
  if (isDemo(reference)) return await makeDemo(engine, new Progress(exchange))
  await transfer(exchange, engine, readAuth(exchange.headers), options, (access, tell) =>
    pullImages(engine, { reference, platform, access, tell }),
  )
}

/**
 * Docker's rules: `fromImage` with a tag of its own when `tag` is empty; no tag at all means all tags; a `tag` with a colon is a digest.
 * @throws UserError `invalid`, StatusError 403 for `scratch`.
 */
export function pulledReference(query: URLSearchParams): Reference {
  const [name, tag] = [query.get('fromImage') ?? '', query.get('tag') ?? '']
  if (name === '') throw new UserError('invalid', 'no image to pull: fromImage is empty')
  const reference = parseName(name)
  if (reference.domain === 'docker.io' && reference.path === 'library/scratch')
    throw new StatusError(403, "'scratch' is a reserved name")
  if (tag === '') return reference
  const { domain, path } = reference
  const digest = asDigest(tag)
  return digest === undefined ? { domain, path, tag: parseTag(tag) } : { domain, path, digest }
}

function asDigest(text: string): Digest | undefined {
  try {
    return parseDigest(text)
  } catch {
    return undefined
  }
}

/** `demo` needs no registry: it is made from this machine's own files. */
async function makeDemo(engine: Engine, progress: Progress): Promise<void> {
  progress.write({ status: "Making demo:latest from this machine's own files" })
  const image = await ensureDemo(engine.images)
  progress.write({ status: `Digest: ${image.manifestDigest}` })
  progress.write({ status: 'Status: Image is up to date for demo:latest' })
  progress.end()
}

/** With `trace`, the lines tell of each HTTP request too. */
export async function push(exchange: Exchange, engine: Engine, options: { trace?: boolean } = {}): Promise<void> {
  const reference = pushedReference(exchange)
  const platform = parseAskedPlatform(exchange.query.get('platform'))
  const credentials = await requireAuth(exchange)
  await transfer(exchange, engine, credentials, options, (access, tell) =>
    pushImages(engine, { reference, platform, access, tell }),
  )
}

async function distribution(exchange: Exchange, engine: Engine): Promise<void> {
  const name = exchange.params['name'] ?? ''
  const reference = parseReference(name)
  const access = { credentials: readAuth(exchange.headers), signal: exchange.gone }
  exchange.json(200, await inspectDistribution(engine, reference, access))
}

async function search(exchange: Exchange, engine: Engine): Promise<void> {
  const { query, headers, gone } = exchange
  const access = { credentials: readAuth(headers), signal: gone }
  const filters = queryFilters(query, SEARCH_FILTERS)
  exchange.json(
    200,
    await searchImages(engine, { term: query.get('term') ?? '', limit: queryInteger(query, 'limit'), filters, access }),
  )
}

/** Without a tag, in the name or beside it, all tags are meant. @throws UserError `invalid`. */
export function pushedReference({ params, query }: Exchange): Reference {
  const name = parseName(params['name'] ?? '')
  const tag = query.get('tag') ?? ''
  return tag === '' ? name : { ...name, tag: parseTag(tag) }
}

/** Runs a pull or a push for as long as its client stays, and tells it how that goes. */
async function transfer(
  exchange: Exchange,
  engine: Engine,
  credentials: Credentials | undefined,
  { trace = false }: { trace?: boolean },
  work: (access: Access, tell: (message: ProgressMessage) => void) => Promise<void>,
): Promise<void> {
  const progress = new Progress(exchange)
  const tell = (message: ProgressMessage): void => progress.write(message)
  try {
    await engine.transfers.run(exchange.gone, (signal) =>
      work({ credentials, signal, ...(trace && { trace: (request) => tell({ trace: request }) }) }, tell),
    )
    progress.end()
  } catch (error) {
    if (exchange.gone.aborted) return
    // Behind the first line nobody else would hear of a mistake of ours.
    if (progress.begun && !(error instanceof UserError))
      engine.log(error instanceof Error ? `${error.stack}` : String(error))
    progress.fail(transferFailure(error))
  }
}

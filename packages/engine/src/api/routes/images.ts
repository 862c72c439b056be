/** /images: what is in the store, and the archives that go in and out of it. */
import {
  describeLoaded,
  familiarReference,
  hexOf,
  history,
  importRootfs,
  loadArchive,
  parseReference,
  saveArchive,
  type Image,
} from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import * as path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type { Engine } from '../../engine.ts'
import { ensureDemo, isDemo } from '../../images/demo.ts'
import { filterImages, IMAGE_FILTERS } from '../../images/filter.ts'
import { imageInspect, imageSummary } from '../../images/json.ts'
import { pruneImages } from '../../images/prune.ts'
import { refuseInUse } from '../../images/use.ts'
import type { Exchange } from '../exchange.ts'
import { Progress } from '../progress.ts'
import { queryFilters, queryFlag } from '../query.ts'
import type { Routes } from '../router.ts'

export const imageRoutes: Routes<Engine> = {
  'GET /images/json': (exchange, engine) => {
    const filters = queryFilters(exchange.query, IMAGE_FILTERS)
    const images = filterImages(engine.images.list(), filters, (name) => engine.images.resolve(name))
    exchange.json(200, images.map(imageSummary))
  },
  'POST /images/load': load,
  'GET /images/get': (exchange, engine) => save(exchange, engine, exchange.query.getAll('names')),
  'POST /images/create': create,
  'POST /images/prune': async (exchange, engine) => {
    exchange.json(
      200,
      await pruneImages(engine, queryFilters(exchange.query, ['dangling', 'label', 'label!', 'until'])),
    )
  },
  'GET /images/{name*}/get': (exchange, engine) => save(exchange, engine, [exchange.params['name'] ?? '']),
  'GET /images/{name*}/json': (exchange, engine) => {
    const image = find(engine, exchange.params['name'] ?? '')
    const dirs = image.layers
      .map(({ chainID }) => path.join(engine.images.layersDir, hexOf(chainID), 'diff'))
      .toReversed()
    exchange.json(200, imageInspect(image, dirs))
  },
  'GET /images/{name*}/history': (exchange, engine) =>
    exchange.json(200, history(engine.images, find(engine, exchange.params['name'] ?? ''))),
  'POST /images/{name*}/tag': tag,
  'DELETE /images/{name*}': remove,
}

/** @throws UserError `not-found`: `No such image: x:latest`. */
function find(engine: Engine, name: string): Image {
  const image = engine.images.resolve(name)
  if (image === undefined) throw new UserError('not-found', `No such image: ${familiarReference(parseReference(name))}`)
  return image
}

async function tag(exchange: Exchange, engine: Engine): Promise<void> {
  const image = find(engine, exchange.params['name'] ?? '')
  const name = targetName(exchange.query)
  await engine.images.tag(image, parseReference(name))
  engine.events.emit('image', 'tag', image.id, {
    ...image.config.config?.Labels,
    name: familiarReference(parseReference(name)),
  })
  exchange.empty(201)
}

function targetName(query: URLSearchParams): string {
  const [repo, tagName] = [query.get('repo') ?? '', query.get('tag') ?? '']
  return tagName === '' ? repo : `${repo}:${tagName}`
}

async function remove(exchange: Exchange, engine: Engine): Promise<void> {
  const name = exchange.params['name'] ?? ''
  const force = queryFlag(exchange.query, 'force')
  const image = find(engine, name)
  refuseInUse(engine, image, name, force)
  const events = await engine.images.remove(name, { force })
  for (const event of events) {
    if ('Untagged' in event) engine.events.emit('image', 'untag', image.id, { name: image.id })
    else if (event.Deleted === image.id) engine.events.emit('image', 'delete', image.id, { name: image.id })
  }
  exchange.json(200, events)
}

async function load(exchange: Exchange, engine: Engine): Promise<void> {
  if (exchange.query.has('platform'))
    throw new UserError('not-built', 'loading one platform of several is not built yet')
  const loaded = await loadArchive(engine.images, exchange.body)
  const progress = new Progress(exchange)
  for (const one of loaded) {
    engine.events.emit('image', 'load', one.image.id, { name: one.image.id })
    for (const line of describeLoaded(one)) progress.write({ stream: `${line}\n` })
  }
  progress.end()
}

async function save(exchange: Exchange, engine: Engine, names: string[]): Promise<void> {
  if (names.length === 0) throw new UserError('invalid', 'no image to save: give at least one name')
  const archive = saveArchive(engine.images, names)
  await pipeline(Readable.from(archive), exchange.stream(200, { 'Content-Type': 'application/x-tar' }))
}

/** Import with `fromSrc`, pull with `fromImage`. */
async function create(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange
  const source = query.get('fromSrc')
  if (source === null || source === '') return pull(exchange, engine)
  if (source !== '-')
    throw new UserError('not-built', `importing from ${source} is not built yet`, {
      hint: 'pipe the archive in: docker import -',
    })
  const image = await importRootfs(engine.images, exchange.body, {
    repo: query.get('repo') ?? '',
    tag: query.get('tag') ?? '',
    message: query.get('message') ?? '',
    changes: query.getAll('changes'),
  })
  engine.events.emit('image', 'import', image.id, { name: image.id })
  const progress = new Progress(exchange)
  progress.write({ status: image.id })
  progress.end()
}

/** Registries come later; `demo` needs none. */
async function pull(exchange: Exchange, engine: Engine): Promise<void> {
  const name = `${exchange.query.get('fromImage') ?? ''}${exchange.query.get('tag') ? `:${exchange.query.get('tag')}` : ''}`
  if (name === '') throw new UserError('invalid', 'no image to pull')
  if (!isDemo(name)) {
    throw new UserError('not-built', `pulling ${name} from a registry is not built yet`, {
      hint: 'use the image demo, or docker load an archive',
    })
  }
  const progress = new Progress(exchange)
  progress.write({ status: "Making demo:latest from this machine's own files" })
  const image = await ensureDemo(engine.images)
  progress.write({ status: `Digest: ${image.manifestDigest}` })
  progress.write({ status: 'Status: Image is up to date for demo:latest' })
  progress.end()
}

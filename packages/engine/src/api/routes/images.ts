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
import { filterImages, IMAGE_FILTERS } from '../../images/filter.ts'
import { imageInspect, imageSummary } from '../../images/json.ts'
import { manifestSummaries } from '../../images/manifests.ts'
import { parseAskedPlatform, requirePlatform } from '../../images/platform.ts'
import { pruneImages } from '../../images/prune.ts'
import { refuseInUse } from '../../images/use.ts'
import type { Exchange } from '../exchange.ts'
import { Progress } from '../progress.ts'
import { queryFilters, queryFlag } from '../query.ts'
import type { Routes } from '../router.ts'
import { pull } from './registry.ts'

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
    const image = findForPlatform(exchange, engine)
    const dirs = image.layers
      .map(({ chainID }) => path.join(engine.images.layersDir, hexOf(chainID), 'diff'))
      .toReversed()
    const Manifests = queryFlag(exchange.query, 'manifests')
      ? { Manifests: manifestSummaries(image, containersOf(engine, image)) }
      : {}
    exchange.json(200, { ...imageInspect(image, dirs), ...Manifests })
  },
  'GET /images/{name*}/history': (exchange, engine) =>
    exchange.json(200, history(engine.images, findForPlatform(exchange, engine))),
  'POST /images/{name*}/tag': tag,
  'DELETE /images/{name*}': remove,
}

/** @throws UserError `not-found`: `No such image: x:latest`. */
function find(engine: Engine, name: string): Image {
  const image = engine.images.resolve(name)
  if (image === undefined) throw new UserError('not-found', `No such image: ${familiarReference(parseReference(name))}`)
  return image
}

/** Of those that the path means: the one, if it is for the platform that was asked for. */
function findForPlatform(exchange: Exchange, engine: Engine): Image {
  const name = exchange.params['name'] ?? ''
  const image = find(engine, name)
  requirePlatform(image, name, parseAskedPlatform(exchange.query.get('platform')))
  return image
}

function containersOf(engine: Engine, { id }: Image): string[] {
  return engine.containers.all().flatMap((container) => (container.record.imageId === id ? [container.id] : []))
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
  const [platform, another] = exchange.query.getAll('platform').map(parseAskedPlatform)
  if (another !== undefined)
    throw new UserError('not-built', 'the store keeps one platform of an image', {
      hint: 'load one platform at a time',
    })
  const loaded = await loadArchive(engine.images, exchange.body, { ...(platform !== undefined && { platform }) })
  const progress = new Progress(exchange)
  for (const one of loaded) {
    engine.events.emit('image', 'load', one.image.id, { name: one.image.id })
    for (const line of describeLoaded(one)) progress.write({ stream: `${line}\n` })
  }
  progress.end()
}

async function save(exchange: Exchange, engine: Engine, names: string[]): Promise<void> {
  const platforms = exchange.query.getAll('platform').map(parseAskedPlatform)
  for (const platform of platforms) for (const name of names) requirePlatform(find(engine, name), name, platform)
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

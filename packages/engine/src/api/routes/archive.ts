/** Files of a container: /containers/{id}/archive, export, changes; and /commit. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import { commitContainer } from '../../archive/commit.ts'
import type { PathStat } from '../../archive/place.ts'
import { exportContainer, readPath, statPath, type Archive } from '../../archive/read.ts'
import { writePath } from '../../archive/write.ts'
import { changesForApi } from '../../containers/changes.ts'
import type { Container } from '../../containers/model.ts'
import type { Engine } from '../../engine.ts'
import type { Exchange, Headers } from '../exchange.ts'
import { queryFlag } from '../query.ts'
import type { Handler, Routes } from '../router.ts'

function of(
  handler: (exchange: Exchange, engine: Engine, container: Container) => Promise<void> | void,
): Handler<Engine> {
  return (exchange, engine) => handler(exchange, engine, engine.containers.find(exchange.params['id'] ?? ''))
}

export const archiveRoutes: Routes<Engine> = {
  'HEAD /containers/{id}/archive': of(async (exchange, engine, container) => {
    exchange.send(200, statHeader(await statPath(engine, container, pathOf(exchange))), '')
  }),
  'GET /containers/{id}/archive': of(async (exchange, engine, container) => {
    const path = pathOf(exchange)
    await using archive = await readPath(engine, container, path)
    await send(exchange, archive, { 'Content-Type': 'application/x-tar', ...statHeader(archive.stat) })
  }),
  'PUT /containers/{id}/archive': of(async (exchange, engine, container) => {
    await writePath(engine, container, pathOf(exchange), exchange.body, {
      keepKinds: queryFlag(exchange.query, 'noOverwriteDirNonDir'),
      ownedByUser: queryFlag(exchange.query, 'copyUIDGID'),
    })
    exchange.empty(200)
  }),
  'GET /containers/{id}/export': of(async (exchange, engine, container) => {
    await using archive = await exportContainer(engine, container)
    await send(exchange, archive, { 'Content-Type': 'application/octet-stream' })
  }),
  'GET /containers/{id}/changes': of((exchange, engine, container) => {
    const changes = changesForApi(engine, container)
    exchange.json(200, changes.length === 0 ? null : changes)
  }),
  'POST /commit': commit,
}

async function commit(exchange: Exchange, engine: Engine): Promise<void> {
  const { query } = exchange
  const container = engine.containers.find(query.get('container') ?? '')
  const config = await exchange.readJson(z.looseObject({}).nullish())
  if (Object.keys(config ?? {}).length > 0)
    throw new UserError('not-built', 'a container config in the body of a commit is not built yet', {
      hint: 'say it with changes=, as docker commit --change does',
    })
  const image = await commitContainer(engine, container, {
    repo: query.get('repo') ?? '',
    tag: query.get('tag') ?? '',
    comment: query.get('comment') ?? '',
    author: query.get('author') ?? '',
    changes: query.getAll('changes'),
    pause: queryFlag(query, 'pause', true),
  })
  exchange.json(201, { Id: image.id })
}

function pathOf({ query }: Exchange): string {
  const path = query.get('path') ?? ''
  if (path === '') throw new UserError('invalid', 'bad parameter: Parameter "path" cannot be empty')
  if (path.includes('\0')) throw new UserError('invalid', 'a path cannot hold a NUL byte')
  return path
}

function statHeader(stat: PathStat): Headers {
  return { 'X-Docker-Container-Path-Stat': Buffer.from(JSON.stringify(stat)).toString('base64') }
}

/** With backpressure: the tar is made as fast as the client takes it. Ends when the client leaves, or the container is removed. */
async function send(exchange: Exchange, { tar, aborted }: Archive, headers: Headers): Promise<void> {
  try {
    await pipeline(Readable.from(tar, { objectMode: false }), exchange.stream(200, headers), { signal: aborted })
  } catch (error) {
    if (!exchange.gone.aborted) throw error
  }
}

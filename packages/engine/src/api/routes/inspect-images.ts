/** /x/images/…/tree and …/diff: what is in images, from their layers' tars. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { imageDiff, readImageTree, type TreeEvent } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../../engine.ts'
import type { Exchange } from '../exchange.ts'
import type { Routes } from '../router.ts'

export const inspectImageRoutes: Routes<Engine> = {
  'GET /x/images/{name*}/tree': tree,
  'GET /x/images/{name*}/diff': async (exchange, engine) => {
    const other = exchange.query.get('with') ?? ''
    if (other === '') throw new UserError('invalid', 'no image to compare with: ?with=NAME')
    const [a, b] = [engine.images.get(exchange.params['name'] ?? ''), engine.images.get(other)]
    exchange.json(200, await imageDiff(engine.images, a, b))
  },
}

/** What cannot be told by a status any more, since the head is out. */
export type TreeFailure = { kind: 'error'; message: string }

/** `TreeEvent`s as NDJSON, as they are read: a client draws the layers while their files are still coming. */
async function tree(exchange: Exchange, engine: Engine): Promise<void> {
  const events = readImageTree(engine.images, engine.images.get(exchange.params['name'] ?? ''))
  const response = exchange.stream(200, { 'Content-Type': 'application/x-ndjson' })
  try {
    for await (const event of events) {
      if (exchange.gone.aborted) return
      await send(response, event, exchange.gone)
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    await send(response, { kind: 'error', message: error.message }, exchange.gone)
  }
  response.end()
}

/** Waits where the client is slower than the disk. */
async function send(response: ServerResponse, event: TreeEvent | TreeFailure, gone: AbortSignal): Promise<void> {
  if (!response.write(`${JSON.stringify(event)}\n`))
    await once(response, 'drain', { signal: gone }).catch(() => undefined)
}

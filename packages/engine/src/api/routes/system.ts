/** /_ping, /version, /info, /events, /system/df. */
import type { Engine } from '../../engine.ts'
import { diskUsage } from '../../system/disk-usage.ts'
import { EVENT_FILTERS, formatEvent, matchEvent, type EngineEvent } from '../../system/events.ts'
import { infoJson, versionJson } from '../../system/version.ts'
import type { Exchange } from '../exchange.ts'
import { queryFilters, queryTime } from '../query.ts'
import type { Routes } from '../router.ts'

const NO_CACHE = {
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  'Content-Type': 'text/plain; charset=utf-8',
}

export const systemRoutes: Routes<Engine> = {
  'HEAD /_ping': (exchange) => exchange.send(200, { ...NO_CACHE, 'Builder-Version': '1', Swarm: 'inactive' }, ''),
  'GET /_ping': (exchange) => exchange.send(200, { ...NO_CACHE, 'Builder-Version': '1', Swarm: 'inactive' }, 'OK'),
  'GET /version': (exchange, engine) => exchange.json(200, versionJson(engine)),
  'GET /info': (exchange, engine) => exchange.json(200, infoJson(engine)),
  'GET /events': events,
  'GET /system/df': async (exchange, engine) => exchange.json(200, await diskUsage(engine)),
}

/** A client that does not read its events loses them, rather than the daemon its memory. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/** Those since `since`, then those that come, until `until` or until the client goes. */
async function events(exchange: Exchange, engine: Engine): Promise<void> {
  const filters = queryFilters(exchange.query, EVENT_FILTERS)
  const since = queryTime(exchange.query, 'since')
  const until = queryTime(exchange.query, 'until')
  const response = exchange.stream(200, { 'Content-Type': 'application/json' })
  const send = (event: EngineEvent): void => {
    if (until !== undefined && event.timeNs > until) return
    if (matchEvent(event, filters)) response.write(formatEvent(event))
    if (response.writableLength > MAX_WAITING_BYTES) response.destroy()
  }
  if (since !== undefined) for (const event of engine.events.recent()) if (event.timeNs >= since) send(event)
  const leftMs = until === undefined ? undefined : Number(until / 1_000_000n) - Date.now()
  if (leftMs === undefined || leftMs > 0) {
    const stop = engine.events.listen(send)
    await gone(exchange.gone, leftMs)
    stop()
  }
  response.end()
}

/** Resolves when the client is gone or the time is over. */
function gone(signal: AbortSignal, milliseconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    // setTimeout counts in 32 bits.
    const timer = milliseconds === undefined ? undefined : setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1))
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}

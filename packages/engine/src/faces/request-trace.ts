/**
 * The trace of requests, whatever they are. A client opens `GET /x/traces/{token}`, gives the token with each of its requests in the header
 * `X-Mini-Docker-Trace`, and ends the trace with `DELETE /x/traces/{token}`: then all has been sent.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { tell } from '@mini-docker/syscall'
import type { Exchange } from '../api/exchange.ts'
import type { Routes } from '../api/router.ts'
import type { Engine } from '../engine.ts'
import type { TraceEvent, Tracer } from '../runtime-port.ts'
import { tracing } from './tracing.ts'

export const TRACE_HEADER = 'x-mini-docker-trace'
const REQUEST = 'daemon.request'

export const traceRoutes: Routes<Engine> = {
  'GET /x/traces/{token}': open,
  'DELETE /x/traces/{token}': (exchange, engine) => {
    const listeners = engine.tracers.get(keyOf(exchange.params['token'] ?? ''))
    listeners?.forEach((send) => send({ type: 'exit' }))
    exchange.empty(204)
  },
}

/** Does the work of a request; what it does is told to the trace that the request names, if that is open. */
export async function traced(
  engine: Pick<Engine, 'tracers'>,
  { headers, method, path }: { headers: IncomingHttpHeaders; method: string; path: string },
  work: () => Promise<void> | void,
): Promise<void> {
  const token = headers[TRACE_HEADER]
  const listeners = typeof token === 'string' ? engine.tracers.get(keyOf(token)) : undefined
  if (listeners === undefined) return work()
  const send: Tracer = (event) => listeners.forEach((listener) => listener(event))
  // The clock of the trace begins with the request.
  send({ type: 'step', id: REQUEST, where: 'host', startNs: process.hrtime.bigint().toString() })
  await tracing(send, () =>
    tell(
      REQUEST,
      () => `${method} ${path}`,
      async () => work(),
    ),
  )
}

/** Events as NDJSON, until the trace is ended or the client is gone. */
async function open(exchange: Exchange, engine: Engine): Promise<void> {
  const key = keyOf(exchange.params['token'] ?? '')
  const response = exchange.stream(200, { 'Content-Type': 'application/x-ndjson' })
  const { promise, resolve } = Promise.withResolvers<void>()
  const listeners = engine.tracers.get(key) ?? new Set()
  engine.tracers.set(key, listeners)
  const listener = (event: TraceEvent): void => {
    response.write(`${JSON.stringify(event)}\n`)
    if (event.type === 'exit') resolve()
  }
  listeners.add(listener)
  exchange.gone.addEventListener('abort', () => resolve(), { once: true })
  await promise
  listeners.delete(listener)
  if (listeners.size === 0) engine.tracers.delete(key)
  response.end()
}

/** Traces of starts have the container's id as key. */
function keyOf(token: string): string {
  return `request/${token}`
}

/**
 * Traces of what the daemon does: system calls of the launcher and of its own, programs of the host, files that change. One request is told to the one
 * who asked for it, whatever else goes on; what follows it later, when a container has ended, too.
 */
import { currentListener, listening, type Listener, type Work } from '@mini-docker/syscall'
import type { Tracer } from '../runtime-port.ts'
import { traceEvent } from '../runtime.ts'

/** Runs `body`, and sends what is done in it as events of a trace. Without `send` nothing changes. */
export function tracing<T>(send: Tracer | undefined, body: () => T): T {
  if (send === undefined) return body()
  return listening({ work: (work) => send(workEvent(work)), launch: (event) => send(traceEvent(event)) }, body)
}

function workEvent({ startNs, ...work }: Work) {
  return { type: 'call' as const, where: 'host', ...work, startNs: startNs.toString() }
}

/** Who wants to hear what the end of a container takes with it. */
const waiting = new WeakMap<object, Set<Listener>>()

/** The request that ends a container, or waits for its end, also hears of what is undone then. */
export function hearOfEnd(container: object): void {
  const listener = currentListener()
  if (listener === undefined) return
  const listeners = waiting.get(container) ?? new Set()
  listeners.add(listener)
  waiting.set(container, listeners)
}

/** What a container's end takes with it, told to those who wait for it. */
export function tellOfEnd<T>(container: object, body: () => T): T {
  const listeners = waiting.get(container)
  if (listeners === undefined) return body()
  waiting.delete(container)
  const all = [...listeners]
  return listening(
    {
      work: (work) => all.forEach((listener) => listener.work(work)),
      launch: (event) => all.forEach((listener) => listener.launch(event)),
    },
    body,
  )
}

/** `run --trace`: the system calls of the setup on stderr, while the container runs. */
import type { Engine } from '../client/engine.ts'
import { textLines } from '../client/json-stream.ts'
import type { Terminal } from '../cli/terminal.ts'
import { TraceFormatter, type TraceEvent } from '../faces/trace.ts'

/**
 * Begins to listen and returns once the daemon has the listener, so that the start which follows is seen whole.
 * `started` resolves when the container's process runs (or the trace has ended), `done` with the container's end.
 */
export async function openTrace(
  engine: Engine,
  id: string,
  json: boolean,
  terminal: Terminal,
): Promise<{ started: Promise<void>; done: Promise<void> }> {
  const answer = await engine.stream('GET', `/x/containers/${id}/trace`)
  const formatter = new TraceFormatter()
  const { promise: started, resolve } = Promise.withResolvers<void>()
  const follow = async () => {
    for await (const line of textLines(answer.body())) {
      const event = JSON.parse(line) as TraceEvent
      const text = json ? line : formatter.line(event)
      if (text !== undefined) terminal.err(`${text}\n`)
      if (event.type === 'exec') resolve()
    }
  }
  const done = follow()
    .catch((error: unknown) => terminal.err(`trace: ${error instanceof Error ? error.message : String(error)}\n`))
    .finally(resolve)
  return { started, done }
}

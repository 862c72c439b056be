/** Joins a hijacked connection to a running process: output in frames one way, typed bytes the other. Used by attach and by exec. */
import type { Readable, Writable } from 'node:stream'
import type { Hijacked } from '../api/exchange.ts'
import type { Monitor } from '../runtime-port.ts'
import { DetachFilter } from './detach-keys.ts'
import { frameHeader, type StreamNumber } from './frames.ts'
import type { Client } from './streams.ts'

export type ConnectionOptions = {
  tty: boolean
  stdin: boolean
  stdout: boolean
  stderr: boolean
  /** The end of the client's input ends the process's. */
  closesStdin: boolean
  /** Only with a tty. */
  detachKeys: Buffer | undefined
  /** The client let go with the keys. */
  onDetach(): void
}

/** A client for `Streams` made of a raw connection. */
export function connectionClient({ input, output }: Hijacked, options: ConnectionOptions): Client {
  let ended = false
  const end = (): void => {
    if (ended) return
    ended = true
    output.end()
    // Input that nobody will read any more must not keep the socket half open.
    input.resume()
  }
  return {
    stdout: options.stdout,
    stderr: options.stderr,
    write: (stream: StreamNumber, chunk: Buffer) => writeAll(output, chunk, options.tty ? undefined : stream),
    started: (monitor) => {
      if (options.stdin) void pump(input, monitor, options, end)
      else input.resume()
    },
    end,
  }
}

/** Resolves at once, or when the connection has room again or is gone. */
function writeAll(output: Writable, bytes: Buffer, stream: StreamNumber | undefined): Promise<void> | void {
  if (output.destroyed || send(output, bytes, stream)) return
  return new Promise((resolve) => {
    const done = (): void => {
      output.off('drain', done)
      output.off('close', done)
      resolve()
    }
    output.on('drain', done)
    output.on('close', done)
  })
}

/** Header and payload leave in one writev(2): a copy of every payload would cost as much as the write itself. */
function send(output: Writable, bytes: Buffer, stream: StreamNumber | undefined): boolean {
  if (stream === undefined) return output.write(bytes)
  output.cork()
  output.write(frameHeader(stream, bytes.length))
  const room = output.write(bytes)
  output.uncork()
  return room
}

async function pump(input: Readable, monitor: Monitor, options: ConnectionOptions, end: () => void): Promise<void> {
  const filter = options.tty && options.detachKeys !== undefined ? new DetachFilter(options.detachKeys) : undefined
  try {
    for await (const chunk of input.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const { data, detached } = filter?.push(chunk) ?? { data: chunk, detached: false }
      if (data.length > 0) await monitor.writeStdin(data)
      if (!detached) continue
      options.onDetach()
      return end()
    }
    if (options.closesStdin) await monitor.closeStdin()
  } catch {
    // The connection broke or the process is gone: output and exit tell the rest.
    input.resume()
  }
}

/** Commands run in containers by `docker exec`. They live only in the daemon's memory, as docker's do. */
import { randomBytes } from 'node:crypto'
import { UserError } from '@mini-docker/syscall'
import type { ExecCreateBody } from '../api/bodies.ts'
import { Streams } from '../attach/streams.ts'
import type { Container } from '../containers/model.ts'
import type { Monitor } from '../runtime-port.ts'

export type Exec = {
  id: string
  container: Container
  request: ExecCreateBody
  streams: Streams
  monitor: Monitor | undefined
  pid: number
  /** Started once; a second start is refused. */
  started: boolean
  running: boolean
  exitCode: number | null
}

/** A client may ask for the exit code of an ended exec for so long. */
const KEPT_MS = 5 * 60_000

export class ExecStore {
  readonly #execs = new Map<string, Exec>()

  add(container: Container, request: ExecCreateBody): Exec {
    const id = randomBytes(32).toString('hex')
    const exec: Exec = {
      id,
      container,
      request,
      streams: new Streams(),
      monitor: undefined,
      pid: 0,
      started: false,
      running: false,
      exitCode: null,
    }
    this.#execs.set(id, exec)
    container.execs.add(id)
    return exec
  }

  /** @throws UserError `not-found`, in docker's words. */
  find(id: string): Exec {
    const exec = this.#execs.get(id)
    if (exec === undefined) throw new UserError('not-found', `No such exec instance: ${id}`)
    return exec
  }

  get(id: string): Exec | undefined {
    return this.#execs.get(id)
  }

  delete(id: string): void {
    const exec = this.#execs.get(id)
    exec?.container.execs.delete(id)
    this.#execs.delete(id)
  }

  /** Ended: forgotten after a while. */
  expire(exec: Exec): void {
    exec.container.execs.delete(exec.id)
    setTimeout(() => this.delete(exec.id), KEPT_MS).unref()
  }
}

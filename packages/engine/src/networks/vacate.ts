/** Addresses of containers that have just ended: taken until no rule leads there any more, which takes nft a moment. */
import { UserError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import type { Engine } from '../engine.ts'
import type { SandboxState } from './sandbox.ts'

export class Departing {
  readonly #sandboxes = new Set<SandboxState>()
  #vacated: Promise<unknown> = Promise.resolve()

  /** Until `gone` is settled. */
  add(sandbox: SandboxState, gone: Promise<void>): void {
    this.#sandboxes.add(sandbox)
    this.#vacated = Promise.all([this.#vacated, gone.finally(() => this.#sandboxes.delete(sandbox))])
  }

  [Symbol.iterator](): Iterator<SandboxState> {
    return this.#sandboxes.values()
  }

  /** Resolves when all that left until now are gone; undefined where nobody is leaving. */
  get vacated(): Promise<unknown> | undefined {
    return this.#sandboxes.size === 0 ? undefined : this.#vacated
  }
}

/** Draws addresses; where none is left, or the wanted one is taken, once more when those who are leaving have left. `draw` is synchronous. */
export async function whenVacated<T>({ networks }: Pick<Engine, 'networks'>, draw: () => T): Promise<T> {
  try {
    return draw()
  } catch (error) {
    const taken = error instanceof StatusError || (error instanceof UserError && error.code === 'denied')
    const vacated = networks.departing.vacated
    if (!taken || vacated === undefined) throw error
    await vacated
    return draw()
  }
}

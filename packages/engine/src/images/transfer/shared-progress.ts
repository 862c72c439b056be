/** Of pulls that need the same layer one fetches it and the others wait; here they all hear how far it is. */
import type { CopyEvent } from '@mini-docker/image'

type Hear = (event: CopyEvent) => void

export class SharedProgress {
  readonly #pulls = new Set<Hear>()

  /** Takes part until it is disposed. `tell` reaches `hear` itself, and what is of interest to others reaches them. */
  join(hear: Hear): Disposable & { tell: Hear } {
    this.#pulls.add(hear)
    return {
      tell: (event) => {
        if (isShared(event)) for (const pull of this.#pulls) pull(event)
        else hear(event)
      },
      [Symbol.dispose]: () => void this.#pulls.delete(hear),
    }
  }
}

function isShared(event: CopyEvent): boolean {
  if (event.kind !== 'blob') return false
  return ['transferring', 'verifying', 'transferred', 'unpacking'].includes(event.progress.state)
}

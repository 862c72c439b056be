/**
 * The host's ends of containers that have ended, removed by launchers: the kernel takes tens of milliseconds for one, in which this process would
 * answer nobody. What comes while one is at work goes together with the next.
 */
import { deleteLink, openSocketCall, requestCalls } from '@mini-docker/net'
import type { Step } from '@mini-docker/syscall'

const SOCKET = 'network.host'

export class Unplugger {
  readonly #run: (steps: Step[]) => Promise<void>
  readonly #failed: (error: unknown) => void
  readonly #waiting = new Set<string>()
  #working: Promise<void> | undefined

  constructor(run: (steps: Step[]) => Promise<void>, failed: (error: unknown) => void) {
    this.#run = run
    this.#failed = failed
  }

  /** Removes links by name, soon. What is gone already is fine; what cannot be removed is left to gc. */
  unplug(names: readonly string[]): void {
    for (const name of names) this.#waiting.add(name)
    if (this.#waiting.size > 0) this.#working ??= this.#work().finally(() => (this.#working = undefined))
  }

  /** Resolves when all that was asked for is done. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  async #work(): Promise<void> {
    while (this.#waiting.size > 0) {
      const names = [...this.#waiting]
      this.#waiting.clear()
      await this.#run([planUnplug(names)]).catch(this.#failed)
    }
  }
}

function planUnplug(names: readonly string[]): Step {
  return {
    id: 'network.unplug',
    stage: 'network',
    where: 'host',
    calls: [openSocketCall(SOCKET), ...names.flatMap((name) => requestCalls(SOCKET, deleteLink(name), ['ENODEV']))],
    shell: names.map((name) => `ip link del ${name}`),
    man: ['ip-link(8)'],
  }
}

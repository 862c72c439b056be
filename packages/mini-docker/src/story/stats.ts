/** What a container uses, once a second, from docker's stats API: the numbers of the charts. */
import type { ToldEvent } from '@mini-docker/story'
import type { Engine } from '../client/engine.ts'
import { jsonLines } from '../client/json-stream.ts'
import { measure, type StatsMessage } from '../format/stats.ts'

export type StatsNumbers = Omit<Extract<ToldEvent, { type: 'stats' }>, 'type' | 't'>

/** Calls `tell` with each reading until it is disposed, or the container is gone. */
export function followStats(engine: Engine, id: string, tell: (numbers: StatsNumbers) => void): Disposable {
  let isOver = false
  let close = (): void => {}
  const follow = async (): Promise<void> => {
    const answer = await engine.stream('GET', `/containers/${id}/stats`, { query: { stream: true } })
    close = () => answer.close()
    if (isOver) return close()
    for await (const message of jsonLines<StatsMessage>(answer.body())) {
      const { usage } = measure(message, id)
      if (isOver) return
      if (usage === undefined) continue
      const { cpuPercent, memory, memoryLimit, pids, read, written } = usage
      tell({ cpuPercent, memory, memoryLimit, pids, read, written })
    }
  }
  // Charts are no reason to fail a run.
  follow().catch(() => {})
  return {
    [Symbol.dispose]() {
      isOver = true
      close()
    },
  }
}

/** docker restart. */
import { containerEvent, type Engine } from '../engine.ts'
import type { Container } from './model.ts'
import { startLocked } from './start.ts'
import { stopRunning, type StopOptions } from './stop.ts'

/** Stop and start as one thing: nobody gets in between. */
export function restartContainer(engine: Engine, container: Container, options: StopOptions): Promise<void> {
  return container.lock.run(async () => {
    // --rm would take it away at the stop.
    const { hostConfig } = container.record
    container.record = { ...container.record, hostConfig: { ...hostConfig, AutoRemove: false } }
    try {
      await stopRunning(engine, container, options)
    } finally {
      container.record = { ...container.record, hostConfig }
    }
    await startLocked(engine, container)
    containerEvent(engine, container, 'restart')
  })
}

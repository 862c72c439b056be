/** docker restart. */
import { containerEvent, type Engine } from '../engine.ts'
import type { Container } from './model.ts'
import { startLocked } from './start.ts'
import { stopRunning, type StopOptions } from './stop.ts'

/** Stop and start as one thing: nobody gets in between. One that is half-made is taken back, and made anew without anybody who steps through it. */
export function restartContainer(engine: Engine, container: Container, options: StopOptions): Promise<void> {
  engine.stories.giveUp(container, 'the container was restarted')
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

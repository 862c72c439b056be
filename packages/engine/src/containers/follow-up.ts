/** What the engine does by itself after a container ended: the restart its policy asks for, or the removal of `--rm`. */
import type { Engine } from '../engine.ts'
import type { Container } from './model.ts'
import { removeContainer } from './remove.ts'
import { nextDelayMs } from './restart-policy.ts'
import { startContainer } from './start.ts'

export type FollowUp = { kind: 'restart'; ranMs: number } | { kind: 'remove' }

/** Returns at once; failures go to the log. */
export function followUp(engine: Engine, container: Container, next: FollowUp): void {
  const failed = (error: unknown): void => engine.log(`${next.kind} of container ${container.id}: ${String(error)}`)
  switch (next.kind) {
    case 'remove':
      removeContainer(engine, container, { force: true, volumes: true }).catch(failed)
      return
    case 'restart':
      container.restartDelayMs = nextDelayMs(container.restartDelayMs, next.ranMs)
      container.restartTimer = setTimeout(() => {
        container.restartTimer = undefined
        if (container.state.status !== 'restarting') return
        container.change({ restartCount: container.state.restartCount + 1 })
        startContainer(engine, container, { byPolicy: true }).catch(failed)
      }, container.restartDelayMs)
  }
}

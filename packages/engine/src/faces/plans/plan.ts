/** What a request would do, as steps, by the functions that do it where they plan, and in the shell's words where they only move files. */
import type { Stage, Step } from '@mini-docker/syscall'
import type { Exchange } from '../../api/exchange.ts'
import type { Engine } from '../../engine.ts'

/** `answer`: what the client gets in the place of the daemon's answer. Left out where nothing can stand for it: then the command ends there. */
export type Plan = { steps: Step[]; answer?: unknown }
/** By the route's own key: `'POST /containers/{id}/stop'`. The request is the same, too. @throws what the request would be refused with */
export type Planner = (exchange: Exchange, engine: Engine) => Promise<Plan> | Plan

/** A step on the host that no list of calls makes. */
export function byHand(id: string, stage: Stage, shell: string[], man: string[]): Step {
  return { id, stage, where: 'host', calls: [], shell, man }
}

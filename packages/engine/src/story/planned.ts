/** Steps as they are told: their texts. */
import type { PlannedStep } from '@mini-docker/story'
import { formatCall, type Step } from '@mini-docker/syscall'

export function plannedSteps(steps: readonly Step[], marks: readonly (string | undefined)[] = []): PlannedStep[] {
  return steps.map(({ id, stage, where, calls, shell, man, undo = [] }, i) => {
    const faulty = marks[i]
    return {
      id,
      stage,
      where,
      calls: calls.map(formatCall),
      shell: [...shell],
      man: [...man],
      undo: undo.map(formatCall),
      ...(faulty === undefined ? {} : { faulty }),
    }
  })
}

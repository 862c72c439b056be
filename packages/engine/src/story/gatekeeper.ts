/** Where a start stops, and what a command means there. Pure. */
import type { StoryCommand } from '@mini-docker/story'

export type Command = StoryCommand['do']

/** Before which steps the gate is shut. */
type Rule =
  | { stop: 'everywhere' }
  | { stop: 'nowhere' }
  /** Where another stage begins. */
  | { stop: 'after-stage'; stage: string }
  | { stop: 'from'; index: number }

export class Gatekeeper {
  #rule: Rule

  constructor(options: { step: boolean }) {
    this.#rule = { stop: options.step ? 'everywhere' : 'nowhere' }
  }

  /** Whether the start stops before this step. */
  isShut(index: number, stage: string): boolean {
    switch (this.#rule.stop) {
      case 'everywhere':
        return true
      case 'nowhere':
        return false
      case 'after-stage':
        return stage !== this.#rule.stage
      case 'from':
        return index >= this.#rule.index
    }
  }

  /** What becomes of a start that waits before this step. `again`: nothing; there is nothing before the first step. */
  obey(command: Command, index: number, stage: string): 'open' | 'back' | 'abort' | 'again' {
    switch (command) {
      case 'next':
        this.#rule = { stop: 'everywhere' }
        return 'open'
      case 'stage':
        this.#rule = { stop: 'after-stage', stage }
        return 'open'
      case 'continue':
        this.#rule = { stop: 'nowhere' }
        return 'open'
      case 'back':
        if (index === 0) return 'again'
        this.#rule = { stop: 'from', index: index - 1 }
        return 'back'
      case 'abort':
        return 'abort'
    }
  }
}

/**
 * A story as lines, for those who cannot or do not want to see a screen: a pipe, a dumb terminal, a screen reader. No cursor is moved and no
 * colour carries a meaning. Pure: events in, lines out.
 */
import { printable } from '@mini-docker/image/inspect'
import { changesBetween, type Facts, type ToldEvent } from '@mini-docker/story'
import type { Language } from '../faces/explain.ts'
import { wrap } from '../format/wrap.ts'
import { valueOf } from '../tui/run/views/detail.ts'
import { clock, microseconds, titleOf } from '../tui/run/views/text.ts'
import { RUN_WORDS } from '../tui/run/words.ts'

type EventOf<T extends ToldEvent['type']> = Extract<ToldEvent, { type: T }>

const WIDTH = 100

export class PlainStory {
  readonly #language: Language
  #words: EventOf<'words'>['steps'] = {}
  #run: EventOf<'plan'>['steps'] = []
  #teardown: EventOf<'teardown'>['steps'] = []
  #facts: Facts | undefined
  /** The step whose changes the next reading tells. */
  #last: string | undefined
  #undone = 0

  constructor(language: Language) {
    this.#language = language
  }

  /** The lines for an event; none for what another one tells. */
  lines(event: ToldEvent): string[] {
    const words = RUN_WORDS[this.#language]
    switch (event.type) {
      case 'head':
        return [
          `# ${event.command.map(printable).join(' ')}`,
          `# ${printable(event.container.name)} ${event.container.id.slice(0, 12)} ${printable(event.container.image)}`,
        ]
      case 'words':
        this.#words = { ...this.#words, ...event.steps }
        return []
      case 'plan':
        this.#run = event.steps
        this.#facts = undefined
        return event.attempt === 1 ? [] : ['', `# ${event.attempt}`]
      case 'teardown':
        this.#teardown = event.steps
        this.#facts = undefined
        return event.steps.length === 0 ? [] : ['', `# ${words.teardown}`]
      case 'step':
        return this.#step(event)
      case 'call':
        return [`    ${this.#call(event)}`]
      case 'facts':
        return this.#changes(event.sections)
      case 'waiting': {
        const step = this.#run[event.index]
        return [
          '',
          step === undefined ? words.begins : words.waitsBefore(this.#title(step.id)),
          ...(step === undefined ? [] : this.#why(step.id)),
        ]
      }
      case 'undo':
        this.#undone++
        return [
          `  < ${printable(event.text)} ${event.error === undefined ? `= ${event.result}` : `= -1 ${printable(event.error)}`}`,
        ]
      case 'undone': {
        const count = this.#undone
        this.#undone = 0
        return [
          `${words.takenBack} (${count}): ${words.reasons[event.reason]}${event.message === undefined ? '' : `: ${printable(event.message)}`}`,
        ]
      }
      case 'started':
        return ['', `${words.isRunning} (PID ${event.pid})`, '']
      case 'exit':
        return ['', event.error === undefined ? words.exited(event.exitCode) : words.failedWith(printable(event.error))]
      case 'output':
      case 'stats':
      case 'resize':
        return []
    }
  }

  #step({ phase, index, t }: EventOf<'step'>): string[] {
    const words = RUN_WORDS[this.#language]
    const step = (phase === 'teardown' ? this.#teardown : this.#run)[index]
    if (step === undefined) return []
    this.#last = step.id
    const total = (phase === 'teardown' ? this.#teardown : this.#run).length
    const faulty =
      step.faulty === undefined
        ? []
        : [`  ! ${step.faulty === 'left-out' ? words.leftOut : words.brokenBy(step.faulty)}`]
    return [
      '',
      `${index + 1}/${total} ${this.#title(step.id)} (${words.where[step.where] ?? step.where}, ${clock(t)})`,
      ...faulty,
    ]
  }

  #call({ text, result, error, failed, durationNs }: EventOf<'call'>): string {
    const end = error === undefined ? `= ${result}` : `= -1 ${printable(error)}`
    return `${printable(text)} ${end} <${microseconds(durationNs)}>${failed === true ? ` ${RUN_WORDS[this.#language].statuses.failed}` : ''}`
  }

  #changes(sections: Facts): string[] {
    const before = this.#facts
    this.#facts = { ...before, ...sections }
    if (before === undefined || this.#last === undefined) return []
    return changesBetween(before, this.#facts).map((change) => {
      const sign = { added: '+', removed: '-', changed: '~' }[change.kind]
      return `  ${sign} ${change.section} ${printable(change.key)}  ${printable(valueOf(change))}`
    })
  }

  #why(id: string): string[] {
    const text = this.#words[id]?.[this.#language].why
    return text === undefined ? [] : wrap(printable(text), WIDTH - 4).map((line) => `    ${line}`)
  }

  #title(id: string): string {
    return titleOf(id, { words: this.#words, language: this.#language })
  }
}

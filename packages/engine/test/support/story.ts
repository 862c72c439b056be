/** A client of a story, for tests: keeps all it was told, and waits for what is to come. */
import type { StoryCommand, StoryEvent } from '@mini-docker/story'
import { eventually } from '../../../../test/harness/eventually.ts'
import type { Api, Answer, Hijack } from './api.ts'

export type EventOf<T extends StoryEvent['type']> = Extract<StoryEvent, { type: T }>

export class StoryClient {
  readonly #hijack: Hijack
  readonly #events: StoryEvent[] = []
  #read = 0

  private constructor(hijack: Hijack) {
    this.#hijack = hijack
  }

  static async open(api: Api, id: string, query = 'step=1&facts=1'): Promise<StoryClient> {
    const hijack = await api.hijack(`/x/containers/${id}/story?${query}`)
    if (!hijack.head.startsWith('HTTP/1.1 101')) {
      await hijack.ended
      throw new Error(`${hijack.head}\n${hijack.raw.toString()}`)
    }
    return new StoryClient(hijack)
  }

  get events(): StoryEvent[] {
    const { raw } = this.#hijack
    const end = raw.lastIndexOf('\n') + 1
    for (const line of raw.toString('utf8', this.#read, end).split('\n'))
      if (line !== '') this.#events.push(JSON.parse(line) as StoryEvent)
    this.#read = end
    return this.#events
  }

  all<T extends StoryEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type)
  }

  /** The last plan. */
  get plan(): EventOf<'plan'> {
    const plan = this.all('plan').at(-1)
    if (plan === undefined) throw new Error('no plan yet')
    return plan
  }

  /** Waits for the `count`th event of a kind. */
  async heard<T extends StoryEvent['type']>(type: T, count = 1): Promise<EventOf<T>> {
    return eventually(
      `${count} events of kind ${type}`,
      () => {
        const found = this.all(type)[count - 1]
        if (found === undefined) throw new Error(`heard ${this.events.map((event) => event.type).join(' ')}`)
        return found
      },
      { timeoutMs: 30_000, everyMs: 5 },
    )
  }

  /** Where it waits now: after `count` times in all. */
  waiting(count: number): Promise<EventOf<'waiting'>> {
    return this.heard('waiting', count)
  }

  send(command: StoryCommand['do']): void {
    this.#hijack.socket.write(`${JSON.stringify({ do: command })}\n`)
  }

  write(text: string): void {
    this.#hijack.socket.write(text)
  }

  /** As a client that is killed. */
  cut(): void {
    this.#hijack.socket.destroy()
  }

  /** Reads nothing more. */
  deafen(): void {
    this.#hijack.socket.pause()
  }

  get ended(): Promise<void> {
    return this.#hijack.ended
  }

  get end(): EventOf<'exit'> | undefined {
    return this.all('exit')[0]
  }
}

/** Registers for the story and starts; `started` is the answer of the start. */
export async function begin(
  api: Api,
  id: string,
  query?: string,
): Promise<{ story: StoryClient; started: Promise<Answer> }> {
  const story = await StoryClient.open(api, id, query)
  const started = api.request('POST', `/containers/${id}/start`)
  // Looked at when the test wants to know; a daemon that is killed answers nothing.
  started.catch(() => {})
  return { story, started }
}

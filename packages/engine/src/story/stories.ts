/** Who wants to hear the story of a container's next start: at most one client for each container. */
import { UserError } from '@mini-docker/syscall'
import type { Container } from '../containers/model.ts'
import type { Story } from './story.ts'

export class Stories {
  readonly #stories = new Map<string, Story>()
  /** All connections, also of those whose story is at its end but not read yet. */
  readonly #open = new Set<Story>()

  /** @throws UserError `conflict` when somebody else tells this container's story, or it runs already */
  check(container: Container): void {
    const name = container.record.name
    if (this.#stories.has(container.id))
      throw new UserError('conflict', `the story of container ${name} is told to another client already`)
    if (container.running)
      throw new UserError('conflict', `container ${name} is running: the story of a start begins before it`, {
        hint: 'stop it first',
      })
    if (container.lock.busy)
      throw new UserError(
        'conflict',
        `container ${name} is being started, stopped or removed: its story has begun without you`,
      )
  }

  add(id: string, story: Story): void {
    this.#stories.set(id, story)
    this.#open.add(story)
  }

  /** Its connection is gone. */
  closed(story: Story): void {
    this.#open.delete(story)
  }

  delete(id: string, story: Story): void {
    if (this.#stories.get(id) === story) this.#stories.delete(id)
  }

  of({ id }: Pick<Container, 'id'>): Story | undefined {
    return this.#stories.get(id)
  }

  /** Somebody wants the container to stop: one that is half-made is taken back. True when it was. Returns at once; who holds its lock next finds it done. */
  giveUp(container: Pick<Container, 'id'>, why: string): boolean {
    return this.#stories.get(container.id)?.giveUp(why) === true
  }

  /** The daemon ends: what is half-made is taken back, and nobody is told anything any more. */
  giveUpAll(why: string): void {
    for (const story of this.#stories.values()) story.giveUp(why)
  }

  /** Cuts the connections. */
  close(): void {
    for (const story of this.#open) story.close()
    this.#stories.clear()
  }
}

/** The story of a container's next start, on a connection of its own: events come as JSON lines, commands go back the same way. */
import type { StoryCommand, StoryEvent } from '@mini-docker/story'
import type { Engine } from '../client/engine.ts'
import { textLines } from '../client/json-stream.ts'

export type StoryOptions = {
  /** Wait before each step for a command. */
  step: boolean
  /** Read what the kernel says before each step. */
  facts: boolean
  without: readonly string[]
  /** Together with `without`: whoever asks has said `--i-know`. */
  faults: readonly string[]
}

export type Story = {
  /** Ends with the connection: after `exit`, or when the daemon is gone. */
  events: AsyncGenerator<StoryEvent>
  send: (command: StoryCommand['do']) => void
  /** While the container is half-made, everything is then undone. */
  close: () => void
}

/** Registers with the daemon; the start that follows is told whole. */
export async function openStory(
  engine: Engine,
  id: string,
  { step, facts, without, faults }: StoryOptions,
): Promise<Story> {
  const { socket, head } = await engine.hijack(`/x/containers/${id}/story`, {
    query: { step, facts, without, break: faults, iKnow: without.length + faults.length > 0 },
  })
  async function* chunks(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head
    yield* socket as AsyncIterable<Buffer>
  }
  async function* events(): AsyncGenerator<StoryEvent> {
    try {
      for await (const line of textLines(chunks())) yield JSON.parse(line) as StoryEvent
    } catch (error) {
      // A daemon that dies resets the connection: the end of the story, which whoever reads it sees without an exit.
      if (
        !['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'].includes(
          (error as NodeJS.ErrnoException).code ?? '',
        )
      )
        throw error
    }
  }
  return {
    events: events(),
    send: (command) => void (socket.destroyed || socket.write(`${JSON.stringify({ do: command })}\n`)),
    close: () => socket.destroy(),
  }
}

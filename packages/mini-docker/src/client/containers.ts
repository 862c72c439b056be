/** The exchanges that run, start and attach share. */
import type { Engine } from './engine.ts'

/** A container's exit, as `wait` tells it. */
export type Exit = { statusCode: number; error?: string }

/**
 * Opens a wait and returns once the daemon has it, so that no exit can be missed; `exit` resolves when the container is gone.
 * `next-exit` and `removed` count from now on, `not-running` may be over already.
 */
export async function openWait(
  engine: Engine,
  id: string,
  condition?: 'next-exit' | 'removed',
): Promise<{ exit: Promise<Exit>; close: () => void }> {
  const answer = await engine.stream('POST', `/containers/${id}/wait`, { query: { condition } })
  const exit = answer.text().then((text): Exit => {
    const body = JSON.parse(text) as { StatusCode: number; Error?: { Message: string } | null }
    return body.Error === null || body.Error === undefined
      ? { statusCode: body.StatusCode }
      : { statusCode: 125, error: body.Error.Message }
  })
  // Whoever asks for the exit sees a failure; until then it must not end the process.
  exit.catch(() => {})
  return { exit, close: answer.close }
}

/** What inspect tells that the commands here look at. */
export type ContainerInspect = {
  Id: string
  Name: string
  State: { Status: string; Running: boolean; Paused: boolean; Restarting: boolean; ExitCode: number }
  Config: {
    Tty: boolean
    OpenStdin: boolean
    AttachStdin: boolean
    AttachStdout: boolean
    AttachStderr: boolean
    Image: string
  }
  HostConfig: { AutoRemove: boolean }
}

/** Names may hold characters that a path may not. */
export function containerPath(name: string, action = ''): string {
  return `/containers/${encodeURIComponent(name)}${action === '' ? '' : `/${action}`}`
}

/** The end of all commands that exec runs in a container: before a half-made one is taken back, since its cgroup must be empty. */
import { SIGKILL } from '@mini-docker/syscall'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'

/** SIGKILL, and waits until they are gone: two seconds at most, the cgroup tells then. */
export async function endExecs(engine: Engine, container: Container): Promise<void> {
  const running = [...container.execs].flatMap((id) => engine.execs.get(id)?.monitor ?? [])
  if (running.length === 0) return
  for (const monitor of running) monitor.signal(SIGKILL)
  const gone = Promise.allSettled(running.map(({ exited }) => exited))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => (timer = setTimeout(resolve, 2000)))
  await Promise.race([gone, late])
  clearTimeout(timer)
}

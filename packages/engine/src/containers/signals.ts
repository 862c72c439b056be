/** Signals as docker's clients write them: `KILL`, `SIGKILL`, `kill`, `9`, `RTMIN+3`. See signal(7). */
import { SIGNALS, UserError } from '@mini-docker/syscall'

/** @throws UserError `invalid`: `invalid signal: FOO`. */
export function parseSignal(text: string): number {
  const name = text.trim().toUpperCase()
  if (/^\d{1,2}$/.test(name)) {
    const number = Number(name)
    if (number >= 1 && number <= SIGNALS.SIGRTMAX) return number
  }
  const known: Record<string, number> = SIGNALS
  const full = name.startsWith('SIG') ? name : `SIG${name}`
  const realtime = /^SIGRTM(IN\+|AX-)(\d{1,2})$/.exec(full)
  const number = realtime === null ? known[full] : realtimeSignal(realtime[1] === 'IN+', Number(realtime[2]))
  if (number === undefined) throw new UserError('invalid', `invalid signal: ${text}`)
  return number
}

function realtimeSignal(fromLowest: boolean, offset: number): number | undefined {
  const number = fromLowest ? SIGNALS.SIGRTMIN + offset : SIGNALS.SIGRTMAX - offset
  return number >= SIGNALS.SIGRTMIN && number <= SIGNALS.SIGRTMAX ? number : undefined
}

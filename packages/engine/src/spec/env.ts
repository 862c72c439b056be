/** The environment of a container's process, in docker's order. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export type EnvRequest = { hostname: string; tty: boolean; home: string; env: string[] }

/** PATH, HOSTNAME and TERM first, each replaced where `env` has it, then the rest; HOME as the user database says when nobody gave it. */
export function containerEnv({ hostname, tty, home, env }: EnvRequest): string[] {
  const base = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])]
  const all = overrideEnv(base, env)
  return all.some((entry) => entry.startsWith('HOME=')) ? all : [...all, `HOME=${home}`]
}

/** `NAME=value` replaces an earlier one of the same name in its place; a bare `NAME` takes it away. */
export function overrideEnv(base: string[], overrides: string[]): string[] {
  const byName = new Map(base.map((entry) => [entry.slice(0, entry.indexOf('=')), entry]))
  for (const entry of overrides) {
    const equals = entry.indexOf('=')
    if (equals === -1) byName.delete(entry)
    else byName.set(entry.slice(0, equals), entry)
  }
  return [...byName.values()]
}

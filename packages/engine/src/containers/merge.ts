/** What create asks for, completed by what the image says; docker's rules (moby daemon/commit.go, merge). */
import { UserError } from '@mini-docker/syscall'
import type { Image } from '@mini-docker/image'
import type { Config } from '../api/bodies.ts'

type RunConfig = NonNullable<Image['config']['config']>

/**
 * The complete configuration. The image's command only counts when the caller gave neither command nor entrypoint.
 * @throws UserError `invalid` when there is nothing to run.
 */
export function mergeConfig(asked: Config, image: RunConfig): Config {
  const noEntrypoint = (asked.Entrypoint ?? []).length === 0
  const noCommand = (asked.Cmd ?? []).length === 0
  const config: Config = {
    ...asked,
    User: asked.User || (image.User ?? ''),
    ExposedPorts: { ...setOf(image.ExposedPorts), ...asked.ExposedPorts },
    Env: mergeEnv(asked.Env ?? [], image.Env ?? []),
    Entrypoint: noEntrypoint && asked.Entrypoint === null ? (image.Entrypoint ?? null) : asked.Entrypoint,
    Cmd: noEntrypoint && noCommand ? (image.Cmd ?? asked.Cmd) : asked.Cmd,
    Volumes: { ...setOf(image.Volumes), ...asked.Volumes },
    WorkingDir: asked.WorkingDir || (image.WorkingDir ?? ''),
    Labels: { ...image.Labels, ...asked.Labels },
    StopSignal: asked.StopSignal || (image.StopSignal ?? ''),
    Shell: asked.Shell ?? image.Shell ?? null,
  }
  // `--entrypoint ""` arrives as [""]: it takes the image's entrypoint away.
  if (config.Entrypoint?.length === 1 && config.Entrypoint[0] === '') config.Entrypoint = null
  if (commandLine(config).length === 0) throw new UserError('invalid', 'no command specified')
  return config
}

/** Entrypoint and command as one list. */
export function commandLine(config: Pick<Config, 'Entrypoint' | 'Cmd'>): string[] {
  return [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]
}

/** The caller's variables, then those of the image whose names it did not use. */
function mergeEnv(asked: string[], image: string[]): string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? ''
  const names = new Set(asked.map(nameOf))
  return [...asked, ...image.filter((entry) => !names.has(nameOf(entry)))]
}

function setOf(set: Record<string, unknown> | null | undefined): Record<string, object> {
  return Object.fromEntries(Object.keys(set ?? {}).map((key) => [key, {}]))
}

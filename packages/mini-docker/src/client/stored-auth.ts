/** The user's credentials for registries: docker's own config.json, and the helpers that it names. */
import { credentialsFrom, DockerConfig, encodeRegistryAuth } from '@mini-docker/image/credentials'
import type { Terminal } from '../cli/terminal.ts'
import { configPath } from './places.ts'

/** The configuration, with the helper that docker would find on this PATH when none is named. */
export function openDockerConfig({ env }: Terminal): DockerConfig {
  return new DockerConfig(configPath(env), optionsFor(env))
}

/** Asked for each host; what is broken is told on stderr, and the host then asked without a name. */
export function storedCredentials(terminal: Terminal): ReturnType<typeof credentialsFrom> {
  const onProblem = (problem: unknown) =>
    terminal.err(`WARNING: no credentials: ${problem instanceof Error ? problem.message : String(problem)}\n`)
  return credentialsFrom(configPath(terminal.env), { ...optionsFor(terminal.env), onProblem })
}

/** The credentials for `server` as `X-Registry-Auth` has them. */
export async function encodeStoredAuth(server: string, terminal: Terminal): Promise<string> {
  return encodeRegistryAuth(server, await storedCredentials(terminal)(server))
}

function optionsFor(env: Terminal['env']): { env: Terminal['env']; detectOn: string } {
  return { env, detectOn: env['PATH'] ?? '' }
}

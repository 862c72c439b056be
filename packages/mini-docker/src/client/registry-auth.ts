/** The user's credentials for registries: docker's own config.json, and the helpers that it names. */
import { credentialsFrom, DockerConfig, encodeRegistryAuth } from '@mini-docker/image/credentials'
import type { Terminal } from '../cli/terminal.ts'
import { configPath } from './places.ts'

/** The configuration, with the helper that docker would find on this PATH when none is named. */
export function openDockerConfig({ env }: Terminal): DockerConfig {
  return new DockerConfig(configPath(env), { env, detectOn: env['PATH'] ?? '' })
}

/**
 * The header that hands the credentials for `server` to the daemon; `{}` in it when there are none. A configuration or a
 * helper that is broken is told on stderr, and keeps no public image away.
 */
export async function registryAuth(server: string, terminal: Terminal): Promise<{ 'X-Registry-Auth': string }> {
  const onProblem = (problem: unknown) =>
    terminal.err(
      `WARNING: no credentials for ${server}: ${problem instanceof Error ? problem.message : String(problem)}\n`,
    )
  const read = credentialsFrom(configPath(terminal.env), {
    env: terminal.env,
    detectOn: terminal.env['PATH'] ?? '',
    onProblem,
  })
  return { 'X-Registry-Auth': encodeRegistryAuth(server, await read(server)) }
}

/** The user's credentials for registries: docker's own config.json, and the helpers that it names. */
import { credentialsFrom, DockerConfig, encodeRegistryAuth } from '@mini-docker/image/credentials'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Terminal } from '../cli/terminal.ts'

/** Where docker keeps its configuration: `--config` and DOCKER_CONFIG, or ~/.docker. */
export function configPath(env: Terminal['env']): string {
  return join(env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json')
}

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

/** Which socket the client speaks to: MINI_DOCKER_HOST (where `-H` is put), DOCKER_HOST, or the default place. */
import { CliError } from '../cli/errors.ts'

/** Where the daemon listens when nobody says otherwise; only here the client starts a daemon by itself. */
export const DEFAULT_SOCKET = '/run/mini-docker/docker.sock'

/** The socket's path, and whether it is the default one. Throws for hosts that are not unix sockets. */
export function daemonSocket(env: Record<string, string | undefined>): { path: string; isDefault: boolean } {
  const host = env['MINI_DOCKER_HOST'] || env['DOCKER_HOST'] || undefined
  if (host === undefined) return { path: DEFAULT_SOCKET, isDefault: true }
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1]
  if (path === undefined) {
    throw new CliError(
      `the host ${JSON.stringify(host)} is not built yet: only unix sockets (unix:///run/…/docker.sock) are`,
      125,
    )
  }
  return { path, isDefault: path === DEFAULT_SOCKET }
}

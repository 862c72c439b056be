/** Where docker's client keeps what it knows of registries. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Docker's config.json of this user: in the directory of `--config` and DOCKER_CONFIG, or in ~/.docker. */
export function configPath(env: Record<string, string | undefined>): string {
  return join(env['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json')
}

/** Certificates of registries: `DIR/host:port/*.crt`, and `*.cert` with its `*.key`. The first directory that has the host counts. */
export const CERTS_DIRS = ['/etc/mini-docker/certs.d', '/etc/docker/certs.d']

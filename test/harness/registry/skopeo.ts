/** skopeo(1) on a registry: the other implementation that ours must get along with. */
import { must } from '../command.ts'
import type { Registry } from './registry.ts'

/** Copies an image into the registry: `docker-archive:FILE`, `oci:DIR:name` … to `name` (`team/app:1`). */
export async function pushBySkopeo(
  registry: Registry,
  source: string,
  name: string,
  ...options: string[]
): Promise<void> {
  const to = `docker://${registry.host}/${name}`
  await must([...COPY, ...options, ...flags(registry, 'dest-'), source, to], SLOW)
}

/** Copies an image out of it: to `oci:DIR:name`, `docker-archive:FILE:name`, `dir:DIR` … */
export async function pullBySkopeo(
  registry: Registry,
  name: string,
  target: string,
  ...options: string[]
): Promise<void> {
  const from = `docker://${registry.host}/${name}`
  await must([...COPY, ...options, ...flags(registry, 'src-'), from, target], SLOW)
}

/** What `skopeo inspect` says of an image there. @throws Error when skopeo does not take it. */
export async function inspectBySkopeo(
  registry: Registry,
  name: string,
  ...options: string[]
): Promise<Record<string, unknown>> {
  const words = ['skopeo', 'inspect', ...options, ...flags(registry, ''), `docker://${registry.host}/${name}`]
  return JSON.parse(await must(words)) as Record<string, unknown>
}

const COPY = ['skopeo', '--insecure-policy', 'copy', '--quiet']
const SLOW = { timeoutMs: 300_000 }

/** `side` is `src-` or `dest-` for copy, nothing for inspect. */
function flags(registry: Registry, side: string): string[] {
  const { credentials, certificates, certsDir, host } = registry
  const trust = certificates ? [`--${side}cert-dir=${certsDir}/${host}`] : [`--${side}tls-verify=false`]
  return credentials === undefined
    ? trust
    : [...trust, `--${side}creds=${credentials.username}:${credentials.password}`]
}

/** What `doctor` looks at for images: room for them, and what pulls and logins need of this machine. No registry is asked. */
import { CERTS_DIRS } from '../client/places.ts'
import type { Finding, Machine } from './checks.ts'

const DATA_ROOT = '/var/lib/mini-docker'
const GIGABYTE = 1e9
/** A Debian has about 10,000 files. */
const FEW_INODES = 50_000

/** All findings about images. */
export function examineImages(machine: Machine): Finding[] {
  return [disk(machine), certificates(machine), credentials(machine), clock(machine)]
}

function disk({ free, exists }: Machine): Finding {
  const place = [DATA_ROOT, '/var/lib', '/'].find((path) => exists(path)) ?? '/'
  const found = free(place)
  if (found === undefined)
    return { name: 'disk', verdict: 'limited', detail: `cannot tell how much is free in ${place}` }
  const room = `${(found.bytes / GIGABYTE).toFixed(1)} GB free in ${place}`
  const mend = 'mini-docker image prune -a, or make room'
  if (found.bytes < GIGABYTE) return { name: 'disk', verdict: 'limited', detail: room, mend }
  // Some file systems make inodes as they need them, and say 0.
  if (found.inodes > 0 && found.inodes < FEW_INODES)
    return { name: 'disk', verdict: 'limited', detail: `${room}, but room for ${found.inodes} files only`, mend }
  return { name: 'disk', verdict: 'ok', detail: room }
}

function certificates({ list, read }: Machine): Finding {
  const hosts = CERTS_DIRS.flatMap((directory) => (list(directory) ?? []).map((host) => `${directory}/${host}`))
  if (hosts.length === 0) return { name: 'certificates', verdict: 'ok', detail: 'none of registries of one’s own' }
  const problem = hosts.map((host) => problemWith(host, list(host) ?? [], read)).find((found) => found !== undefined)
  if (problem !== undefined) return { name: 'certificates', verdict: 'limited', ...problem }
  return { name: 'certificates', verdict: 'ok', detail: `for ${hosts.map(nameOf).join(' ')}` }
}

function problemWith(
  directory: string,
  files: readonly string[],
  read: Machine['read'],
): { detail: string; mend: string } | undefined {
  const relevant = files.filter((file) => /\.(crt|cert|key)$/.test(file))
  const unreadable = relevant.find((file) => read(`${directory}/${file}`) === undefined)
  if (unreadable !== undefined)
    return { detail: `cannot read ${directory}/${unreadable}`, mend: `chmod a+r ${directory}/${unreadable}` }
  const alone = relevant.find((file) => file.endsWith('.cert') && !files.includes(file.replace(/cert$/, 'key')))
  if (alone === undefined) return undefined
  return {
    detail: `${directory}/${alone} has no key beside it`,
    mend: `put the key into ${directory}/${alone.replace(/cert$/, 'key')}; an authority’s certificate ends in .crt`,
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function credentials({ read, exists, which, dockerConfig }: Machine): Finding {
  const text = read(dockerConfig)
  if (text === undefined) {
    if (!exists(dockerConfig)) return { name: 'logins', verdict: 'ok', detail: `none: there is no ${dockerConfig}` }
    const mend = `chmod u+r ${dockerConfig}`
    return { name: 'logins', verdict: 'limited', detail: `cannot read ${dockerConfig}`, mend }
  }
  const config = parseConfig(text)
  if (config === undefined) {
    const mend = 'mend it by hand, or move it away and log in again'
    return { name: 'logins', verdict: 'limited', detail: `${dockerConfig} is not JSON`, mend }
  }
  const helpers = [...new Set([config.credsStore, ...Object.values(config.credHelpers ?? {})])].filter(isName)
  const lacking = helpers.find((helper) => which(`docker-credential-${helper}`) === undefined)
  if (lacking !== undefined) {
    const detail = `docker-credential-${lacking}, which ${dockerConfig} names, is not installed`
    return { name: 'logins', verdict: 'limited', detail, mend: 'install it, or take its name out of that file' }
  }
  const kept = helpers.length === 0 ? '' : ` (kept by ${helpers.join(', ')})`
  return {
    name: 'logins',
    verdict: 'ok',
    detail: `${Object.keys(config.auths ?? {}).length} in ${dockerConfig}${kept}`,
  }
}

type DockerConfig = { auths?: object | null; credsStore?: unknown; credHelpers?: Record<string, unknown> | null }

function parseConfig(text: string): DockerConfig | undefined {
  try {
    const config: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    return typeof config === 'object' && config !== null ? config : undefined
  } catch {
    return undefined
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Before this there was no such program. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000

/** A wrong clock makes every certificate look expired, or not yet valid. */
function clock({ nowMs, modifiedMs }: Machine): Finding {
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z')
  const mend = 'set it: timedatectl set-ntp true, or date -s'
  const detail = `it is ${now}, they say`
  if (nowMs < EARLIEST_MS) return { name: 'clock', verdict: 'limited', detail: `${detail}: TLS will not work`, mend }
  const written = modifiedMs(`${DATA_ROOT}/index.json`)
  if (written === undefined || written < nowMs + DAY_MS) return { name: 'clock', verdict: 'ok', detail: now }
  return { name: 'clock', verdict: 'limited', detail: `${detail}, but images were added after that`, mend }
}

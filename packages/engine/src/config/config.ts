/**
 * The daemon's configuration: docker's daemon.json, the flags of the same names, and the proxies of its environment. Read once, by the
 * command `daemon`; everything below is told what it needs.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { parseConfigFile, refuseTooSmall, type ConfigValues } from './options.ts'
import { parseInsecure, parseMirror } from './registries.ts'

export type DaemonConfig = {
  /** Mirrors of Docker Hub, asked in this order before it: `https://mirror.example/`. */
  registryMirrors: string[]
  /** `host`, `host:port` or `10.0.0.0/8`: plain HTTP and unknown certificates are taken. Loopback always counts, and is not listed. */
  insecureRegistries: string[]
  /** As the environment has them; empty for none. */
  proxies: { http: string; https: string; no: string }
  /** Layers of one pull that come at once; 0 for all. */
  maxConcurrentDownloads: number
  maxConcurrentUploads: number
  /** How often a layer is asked for before the pull fails. */
  maxDownloadAttempts: number
  /** Where certificates of registries lie, `DIR/host:port/{ca.crt,client.cert,client.key}`; the first that has some wins. */
  certsDirs: string[]
  /** The network of containers that name none. */
  defaultNetwork: 'bridge' | 'none'
}

export const DEFAULT_CONFIG_FILE = '/etc/mini-docker/daemon.json'

const CERTS_DIRS = ['/etc/mini-docker/certs.d', '/etc/docker/certs.d']

/** What a daemon has without file, flags and environment. */
export const DEFAULT_CONFIG: DaemonConfig = {
  registryMirrors: [],
  insecureRegistries: [],
  proxies: { http: '', https: '', no: '' },
  maxConcurrentDownloads: 3,
  maxConcurrentUploads: 5,
  maxDownloadAttempts: 5,
  certsDirs: CERTS_DIRS,
  defaultNetwork: 'bridge',
}

export type ConfigSources = {
  /** The file that was asked for: it must be there. Without it, the default one is read when it is there. */
  file?: string | undefined
  flags?: ConfigValues
  /** For HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in capitals or not. */
  env?: Record<string, string | undefined>
}

/** Puts the three together. @throws UserError `invalid` as dockerd refuses to start. */
export function readDaemonConfig({ file, flags = {}, env = {} }: ConfigSources): DaemonConfig {
  const used = file ?? DEFAULT_CONFIG_FILE
  refuseTooSmall(flags)
  const values = { ...flags, ...readFile(used, file !== undefined, flags) }
  const fromEnv = (name: string): string => env[name] || env[name.toLowerCase()] || ''
  return {
    registryMirrors: (values['registry-mirrors'] ?? []).map(parseMirror),
    insecureRegistries: (values['insecure-registries'] ?? []).map(parseInsecure),
    proxies: {
      http: values['http-proxy'] || fromEnv('HTTP_PROXY'),
      https: values['https-proxy'] || fromEnv('HTTPS_PROXY'),
      no: values['no-proxy'] || fromEnv('NO_PROXY'),
    },
    maxConcurrentDownloads: values['max-concurrent-downloads'] ?? DEFAULT_CONFIG.maxConcurrentDownloads,
    maxConcurrentUploads: values['max-concurrent-uploads'] ?? DEFAULT_CONFIG.maxConcurrentUploads,
    maxDownloadAttempts: values['max-download-attempts'] ?? DEFAULT_CONFIG.maxDownloadAttempts,
    certsDirs: [...new Set([path.join(path.dirname(path.resolve(used)), 'certs.d'), ...CERTS_DIRS])],
    defaultNetwork: parseBridge(values.bridge),
  }
}

/** docker's `bridge`: `none` for no default network. */
function parseBridge(value: string | undefined): 'bridge' | 'none' {
  if (value === 'none') return 'none'
  if (value === undefined || value === '') return 'bridge'
  throw new UserError(
    'not-built',
    `a bridge of one's own as default network ("bridge": ${JSON.stringify(value)}) is not built yet`,
    {
      hint: 'it can be "none"; or make a network with -o com.docker.network.bridge.name',
    },
  )
}

function readFile(file: string, required: boolean, flags: ConfigValues): ConfigValues {
  try {
    const text = required || fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '{}'
    const values = parseConfigFile(text)
    refuseConflicts(values, flags)
    return values
  } catch (cause) {
    const { message, code, hint } = cause as Error & { code?: string; hint?: string }
    const reason = code === 'ENOENT' ? `open ${file}: no such file or directory` : message
    throw new UserError('invalid', `unable to configure the Docker daemon with file ${file}: ${reason}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

/** Nobody could tell which of the two was meant. */
function refuseConflicts(file: ConfigValues, flags: ConfigValues): void {
  const shown = (value: unknown): string => (Array.isArray(value) ? `[${value.join(' ')}]` : String(value))
  const both = Object.entries(file).filter(([name]) => flags[name as keyof ConfigValues] !== undefined)
  if (both.length === 0) return
  const words = both.map(
    ([name, value]) => `${name}: (from flag: ${shown(flags[name as keyof ConfigValues])}, from file: ${shown(value)})`,
  )
  throw new UserError(
    'invalid',
    `the following directives are specified both as a flag and in the configuration file: ${words.join(', ')}`,
  )
}

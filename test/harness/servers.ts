/** The image with real servers: a Debian made by mmdebstrap from the machine's own sources. Less than a minute, once. */
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDockerArchive } from './archive.ts'
import { cached, isCached } from './cache.ts'
import { must } from './command.ts'

export const SERVERS = 'servers:test'

const PACKAGES = ['nginx-light', 'redis-server', 'postgresql', 'dnsmasq-base', 'iperf3']

/** What nobody reads or runs here: the compiler of PostgreSQL's queries alone is as large as all else together. */
const LEFT_OUT = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/locale/*',
  '/usr/share/i18n/*',
  '/usr/lib/*/libLLVM*',
  '/usr/lib/postgresql/*/lib/bitcode/*',
]

/** One worker, since the load generator needs a processor as well; no log, since writing it would be measured. */
const NGINX_CONF = [
  'worker_processes 1;',
  'events { worker_connections 1024; }',
  'http { access_log off; keepalive_requests 1000000; server { listen 80; root /var/www/html; index index.nginx-debian.html; } }',
  '',
].join('\n')

/** What starts nginx in the foreground. */
export const NGINX = ['nginx', '-c', '/etc/nginx/one.conf', '-g', 'daemon off;']

/** What starts PostgreSQL, as the user `postgres`, on the cluster that its package made in /var/lib/postgresql; `psql -h /tmp` talks to it. */
export const POSTGRES = [
  'sh',
  '-c',
  'exec /usr/lib/postgresql/*/bin/postgres -D /var/lib/postgresql/*/main -k /tmp -c config_file="$(echo /etc/postgresql/*/main/postgresql.conf)"',
]

/** The path of a docker-archive for `load`. */
export function serversArchive(): Promise<string> {
  return cached(MAKERS, ARCHIVE, async (path) => {
    const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-servers-'))
    try {
      const [rootfs, config] = [join(scratch, 'rootfs.tar'), join(scratch, 'one.conf')]
      writeFileSync(config, NGINX_CONF)
      const options = [
        '--variant=essential',
        '--quiet',
        `--include=${PACKAGES.join(',')}`,
        ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
        `--customize-hook=upload ${config} /etc/nginx/one.conf`,
      ]
      await must(['mmdebstrap', ...options, debianRelease(), rootfs, ...aptSources()], { timeoutMs: 600_000 })
      writeDockerArchive(path, SERVERS, [readFileSync(rootfs)], {
        Cmd: ['sh'],
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      })
    } finally {
      rmSync(scratch, { recursive: true })
    }
  })
}

/** Whether the image is there or can be made: its packages come from the machine's mirror, which may be out of reach. */
export function canHaveServers(): boolean {
  return isCached(MAKERS, ARCHIVE) || mirrorAnswers()
}

const MAKERS = [import.meta.filename]
const ARCHIVE = 'servers.docker.tar'

/** Asks as apt would, by its proxies, for the first file that it would ask for. */
function mirrorAnswers(): boolean {
  const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-mirror-'))
  try {
    const uris = execFileSync('apt-get', ['--print-uris', 'update'], { encoding: 'utf8', timeout: 10_000 })
    const first = /^'([^']+)'/.exec(uris)?.[1]
    if (first === undefined) return false
    const options = { stdio: 'ignore', timeout: 20_000 } as const
    execFileSync('/usr/lib/apt/apt-helper', ['download-file', first, join(scratch, 'file')], options)
    return true
  } catch {
    return false
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function debianRelease(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable'
}

function aptSources(): string[] {
  return globSync(['/etc/apt/sources.list', '/etc/apt/sources.list.d/*.list', '/etc/apt/sources.list.d/*.sources'])
}

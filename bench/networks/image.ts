/** The image with real servers: a Debian with nginx and iperf3, made by mmdebstrap from the machine's own sources. Half a minute, once. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDockerArchive } from '../../test/harness/archive.ts'
import { must } from '../../test/harness/command.ts'
import { cached } from '../cache.ts'

export const SERVERS = 'bench/servers:latest'

/** One worker, since the load generator needs a processor as well; no log, since writing it would be measured. */
const NGINX_CONF = [
  'worker_processes 1;',
  'events { worker_connections 1024; }',
  'http { access_log off; keepalive_requests 1000000; server { listen 80; root /var/www/html; index index.nginx-debian.html; } }',
  '',
].join('\n')

/** What starts nginx in the foreground. */
export const NGINX = ['nginx', '-c', '/etc/nginx/bench.conf', '-g', 'daemon off;']

/** The path of a docker-archive for `load`. */
export function serversArchive(): Promise<string> {
  return cached([import.meta.filename], 'servers.docker.tar', async (path) => {
    const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-bench-'))
    try {
      const [rootfs, config] = [join(scratch, 'rootfs.tar'), join(scratch, 'bench.conf')]
      writeFileSync(config, NGINX_CONF)
      const words = ['--variant=essential', '--quiet', '--include=nginx-light,iperf3']
      const upload = `--customize-hook=upload ${config} /etc/nginx/bench.conf`
      await must(['mmdebstrap', ...words, upload, debianRelease(), rootfs, ...aptSources()], { timeoutMs: 600_000 })
      writeDockerArchive(path, SERVERS, [readFileSync(rootfs)], {
        Cmd: ['sh'],
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      })
    } finally {
      rmSync(scratch, { recursive: true })
    }
  })
}

function debianRelease(): string {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable'
}

function aptSources(): string[] {
  return globSync(['/etc/apt/sources.list', '/etc/apt/sources.list.d/*.list', '/etc/apt/sources.list.d/*.sources'])
}

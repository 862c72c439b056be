/** `daemon`: the process that owns containers and images and answers the Docker Engine API. The only command that loads the engine. */
import type { ConfigValues } from '@mini-docker/engine'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import type { Flags } from '../cli/flags.ts'
import { CLIENT_VERSION } from '../cli/version.ts'
import { DEFAULT_SOCKET } from '../client/host.ts'

/**
 * A daemon lives long and computes little: a small young generation, one malloc arena, and garbage that is collected when it is at rest keep it at 82 MB
 * with 50 containers, where Node's defaults take 143 MB (docs/performance.md).
 */
const NODE_FLAGS = ['--max-semi-space-size=1', '--expose-gc']

const DATA_ROOT = '/var/lib/mini-docker'
const RUN_ROOT = '/run/mini-docker'

export const command: Command = {
  name: 'daemon',
  usage: '[OPTIONS]',
  about: 'Run the daemon',
  flags: [
    { name: 'data-root', kind: 'string', help: `Where images and containers are kept (default ${DATA_ROOT})` },
    { name: 'run-root', kind: 'string', help: `Where sockets and the journal are, on a tmpfs (default ${RUN_ROOT})` },
    {
      name: 'socket',
      kind: 'string',
      help: `Where clients connect (default ${DEFAULT_SOCKET}, or docker.sock in --run-root)`,
    },
    {
      name: 'idle-timeout',
      kind: 'int',
      help: 'End after so many seconds without a request and without a running container (default: never)',
    },
    {
      name: 'config-file',
      kind: 'string',
      help: 'Daemon configuration file (default /etc/mini-docker/daemon.json, when it is there)',
    },
    { name: 'registry-mirror', kind: 'list', help: 'Preferred registry mirror of Docker Hub' },
    { name: 'insecure-registry', kind: 'list', help: 'Registry that may go without TLS: host, host:port or CIDR' },
    { name: 'http-proxy', kind: 'string', help: 'HTTP proxy URL for pulls and pushes' },
    { name: 'https-proxy', kind: 'string', help: 'HTTPS proxy URL for pulls and pushes' },
    { name: 'no-proxy', kind: 'string', help: 'Hosts that are asked without a proxy, separated by commas' },
    { name: 'max-concurrent-downloads', kind: 'int', help: 'Layers of a pull that come at once (default 3)' },
    { name: 'max-concurrent-uploads', kind: 'int', help: 'Layers of a push that go at once (default 5)' },
    { name: 'max-download-attempts', kind: 'int', help: 'How often a layer is asked for (default 5)' },
  ],
  words: { exactly: 0 },
  async run(flags, _words, terminal) {
    if (process.getuid?.() !== 0) {
      throw new CliError(
        'the daemon needs root: it makes mounts, cgroups and namespaces for containers (rootless mode comes with a later part); try: sudo mini-docker daemon',
      )
    }
    beFrugal()
    const runRoot = flags.string('run-root') ?? RUN_ROOT
    const socketPath = flags.string('socket') ?? `${runRoot}/docker.sock`
    const idleSeconds = flags.int('idle-timeout')
    const log = (line: string) => terminal.err(`${new Date().toISOString()} ${line}\n`)
    const { readDaemonConfig, startDaemon } = await import('@mini-docker/engine')
    const config = readDaemonConfig({ file: flags.string('config-file'), flags: configFlags(flags), env: process.env })
    await using daemon = await startDaemon({
      root: flags.string('data-root') ?? DATA_ROOT,
      runRoot,
      socketPath,
      version: CLIENT_VERSION,
      config,
      log,
      // For the tests of what a crash leaves behind.
      ...(process.env['MINI_DOCKER_TEST_KILL_AT'] === undefined
        ? {}
        : { killBefore: process.env['MINI_DOCKER_TEST_KILL_AT'] }),
      ...(idleSeconds === undefined ? {} : { idleTimeoutMs: idleSeconds * 1000 }),
    })
    log(`listening on unix://${daemon.socketPath}`)
    const { promise: asked, resolve } = Promise.withResolvers<string>()
    for (const signal of ['SIGTERM', 'SIGINT'] as const) terminal.on(signal, () => resolve(signal))
    // A closed terminal takes down no containers.
    terminal.on('SIGHUP', () => log('SIGHUP ignored'))
    log(`ending: ${await Promise.race([asked, daemon.closed])}; containers keep running`)
  },
}

/** Those flags that daemon.json has too, as far as they were given. */
function configFlags(flags: Flags): ConfigValues {
  const given: Record<string, unknown> = {
    'registry-mirrors': flags.has('registry-mirror') ? flags.list('registry-mirror') : undefined,
    'insecure-registries': flags.has('insecure-registry') ? flags.list('insecure-registry') : undefined,
  }
  for (const name of ['http-proxy', 'https-proxy', 'no-proxy']) given[name] = flags.string(name)
  for (const name of ['max-concurrent-downloads', 'max-concurrent-uploads', 'max-download-attempts'])
    given[name] = flags.int(name)
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** Becomes the same program again with NODE_FLAGS, which only count from the start. Same process, same descriptors. See execve(2). */
function beFrugal(): void {
  if (NODE_FLAGS.every((flag) => process.execArgv.includes(flag))) return
  const [, ...words] = process.argv
  const args = [process.argv0, ...NODE_FLAGS, ...process.execArgv, '--', ...words]
  process.execve?.(process.execPath, args, { ...process.env, MALLOC_ARENA_MAX: '1' })
}

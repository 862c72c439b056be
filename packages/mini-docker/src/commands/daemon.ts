/** `daemon`: the process that owns containers and images and answers the Docker Engine API. The only command that loads the engine. */
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { CLIENT_VERSION } from '../cli/version.ts'
import { DEFAULT_SOCKET } from '../client/host.ts'

/**
 * A daemon lives long and computes little: a small young generation and one malloc arena keep it at 100 MB with 50 containers, where
 * Node's defaults take 143 MB (docs/performance.md).
 */
const NODE_FLAGS = ['--optimize-for-size', '--max-semi-space-size=1']

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
    const { startDaemon } = await import('@mini-docker/engine')
    await using daemon = await startDaemon({
      root: flags.string('data-root') ?? DATA_ROOT,
      runRoot,
      socketPath,
      version: CLIENT_VERSION,
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

/** Becomes the same program again with NODE_FLAGS, which only count from the start. Same process, same descriptors. See execve(2). */
function beFrugal(): void {
  if (NODE_FLAGS.every((flag) => process.execArgv.includes(flag))) return
  const [, ...words] = process.argv
  const args = [process.argv0, ...NODE_FLAGS, ...process.execArgv, '--', ...words]
  process.execve?.(process.execPath, args, { ...process.env, MALLOC_ARENA_MAX: '1' })
}

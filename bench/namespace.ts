/**
 * Network and mount namespaces for the bench and all that it starts. The network has `lo` and nothing else: there the registry is on everybody's
 * loopback, also on that of dockerd, and nobody comes to it by another way than the others. What is mounted goes with the bench.
 */
import { spawnSync } from 'node:child_process'

const MARK = 'MINI_DOCKER_BENCH_NAMESPACE'

/** Runs this program once more, inside, and ends with its exit code; returns where it is inside already. Root. */
export function enterOwnNamespaces(): void {
  if (process.env[MARK] !== undefined) return
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status, error } = spawnSync(
    'unshare',
    ['--net', '--mount', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...words],
    { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } },
  )
  if (error !== undefined) throw error
  process.exit(status ?? 1)
}

/**
 * A network namespace for the bench and all that it starts, with `lo` and nothing else. There the registry is on everybody's loopback, also on
 * that of dockerd, whose bridge and firewall rules touch nothing outside; nobody comes to the registry by another way than the others.
 */
import { spawnSync } from 'node:child_process'

const MARK = 'MINI_DOCKER_BENCH_NAMESPACE'

/** Runs this program once more, inside, and ends with its exit code; returns where it is inside already. Root. */
export function enterOwnNetwork(): void {
  if (process.env[MARK] !== undefined) return
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status, error } = spawnSync(
    'unshare',
    ['--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...words],
    { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } },
  )
  if (error !== undefined) throw error
  process.exit(status ?? 1)
}

/**
 * Runs a command with an OCI runtime, in the root directory of chapter 03: `bin/node tutorials/tools/oci-run.ts runc ls /`. The config is the runtime's own
 * (`runc spec`), with this command, no terminal, a name for the host and the limits of chapters 10 to 12. So `verify` can look at runc and crun.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Config = {
  process: { args: string[]; terminal: boolean }
  root: { path: string }
  hostname?: string
  linux: { resources: object }
}

const [runtime = 'runc', ...command] = process.argv.slice(2)
const bundle = mkdtempSync(join(tmpdir(), 'oci-run-'))
try {
  execFileSync('sh', ['-c', `${runtime} spec`], { cwd: bundle })
  const file = join(bundle, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as Config
  config.process.args = command
  config.process.terminal = false
  config.root.path = join(import.meta.dirname, '../work/root')
  config.hostname = 'box'
  config.linux.resources = {
    ...config.linux.resources,
    pids: { limit: 20 },
    memory: { limit: 64 * 1024 * 1024 },
    cpu: { quota: 20_000, period: 100_000 },
  }
  writeFileSync(file, JSON.stringify(config))
  const { status } = spawnSync('sh', ['-c', `${runtime} run course-${process.pid}`], { cwd: bundle, stdio: 'inherit' })
  process.exitCode = status ?? 255
} finally {
  rmSync(bundle, { recursive: true })
}

/**
 * Real tools that tests compare with. Where one is missing, its tests are skipped and say so; under CI that is a failure for the
 * tools that are Debian packages (docker's client of today is none).
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'

/** `describe` if all tools are installed. */
export function describeWith(tools: readonly string[], title: string, body: () => void): void {
  const missing = tools.filter((tool) => spawnSync('which', [tool]).status !== 0)
  if (missing.some((tool) => tool !== 'docker') && process.env['CI'])
    throw new Error(`${title}: under CI there must be ${missing.join(', ')}`)
  if (missing.length > 0) console.warn(`skipped: ${title}: needs ${missing.join(', ')}`)
  describe.skipIf(missing.length > 0)(`${title} (with ${tools.join(', ')})`, body)
}

/** Runs a tool. @throws Error with its stderr when it fails. */
export function run(tool: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

/** A real image lent to the tests, beside the repository; undefined in a plain clone. */
export function sharedImage(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../../../shared/images/${name}`, import.meta.url))
  return existsSync(path) ? path : undefined
}

/**
 * What a test needs of the machine. A suite that cannot run says so in its own name, `[needs skopeo]`, which every reporter
 * shows; under CI a missing thing that `scripts/debian-packages` installs is a failure instead.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { canHaveServers } from './servers.ts'

const root = join(import.meta.dirname, '../..')

/** `root`, `built`, `docker` (the client), `vm-run`, `shared-images`, `servers-image` (the image with real servers), or the name of a program. */
export type Need = string

/** `describe`, when all that is needed is there. */
export function describeWith(needs: readonly Need[], name: string, body: () => void): void {
  const missing = needs.filter((need) => !has(need))
  if (missing.length === 0) {
    describe(name, body)
    return
  }
  const expected = missing.filter((need) => process.env['CI'] !== undefined && isExpectedInCi(need))
  if (expected.length > 0) throw new Error(`CI must have ${expected.join(', ')}: see scripts/debian-packages`)
  describe.skip(`${name} [needs ${missing.join(', ')}]`, body)
}

/** Whether the machine has it. For a choice inside a test; whole suites use `describeWith`. */
export function has(need: Need): boolean {
  if (need === 'root') return process.getuid?.() === 0
  if (need === 'vm-run') return existsSync(vmRun)
  if (need === 'shared-images') return existsSync(sharedImages)
  if (need === 'built') return existsSync(join(root, 'dist/main.js'))
  if (need === 'servers-image') return canHaveServers()
  return findProgram(need) !== undefined
}

/** Where the tool lies when the project has its shared folder beside it. */
export const vmRun = join(root, '../shared/tools/vm-run')
export const sharedImages = join(root, '../shared/images')

/**
 * The path of a program, also in the directories of the system administrator, which a user's PATH may lack, and in the one where peers
 * (dockerd and what it needs) were unpacked.
 */
export function findProgram(name: string): string | undefined {
  return peerPath()
    .split(':')
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

/** PATH with the administrator's directories, and those of unpacked peers: `MINI_DOCKER_PEERS` names where. */
export function peerPath(): string {
  const peers = process.env['MINI_DOCKER_PEERS'] ?? ''
  const own = peers === '' ? '' : `${peers}/usr/bin:${peers}/usr/sbin:`
  return `${process.env['PATH'] ?? ''}:${own}/usr/local/sbin:/usr/sbin:/sbin`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Programs whose packages `npm test` installs, by the words of the list and its comments. */
function isExpectedInCi(need: Need): boolean {
  if (need === 'root' || need === 'built') return true
  const list = readFileSync(join(root, 'scripts/debian-packages'), 'utf8')
  return new RegExp(`(^|[\\s,])${need.replaceAll(/[^a-z0-9-]/g, '.')}($|[\\s,:])`, 'm').test(list)
}

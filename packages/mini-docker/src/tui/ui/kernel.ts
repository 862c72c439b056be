/** The steps and the cross-section of a container that runs, as the kernel of this machine tells them: by `mini-docker anatomy`, a program of its own. */
import { spawn } from 'node:child_process'
import { between } from '../shared/layout.ts'
import { harmlessLog } from './harmless.ts'
import { layoutOf } from './layout.ts'
import type { UiState } from './state.ts'

const MOST_BYTES = 1024 * 1024

/** Its lines. Rejects with what the command says: no root, another machine, a container that does not run. */
export async function anatomyOf(
  socketPath: string,
  id: string,
  state: UiState | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const width = state === undefined ? [] : ['--width', String(between(60, layoutOf(state).detailColumns, 250))]
  const words = ['anatomy', '--lang', state?.language ?? 'en', ...width, id]
  const child = spawn(process.execPath, selfArguments(words), {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What is drawn on this screen is UTF-8 in any case.
    env: { ...process.env, MINI_DOCKER_HOST: `unix://${socketPath}`, LC_ALL: 'C.UTF-8' },
    signal,
  })
  const [out, err] = [[], []] as [Buffer[], Buffer[]]
  child.stdout.on('data', (bytes: Buffer) => void (total(out) < MOST_BYTES && out.push(bytes)))
  child.stderr.on('data', (bytes: Buffer) => void (total(err) < MOST_BYTES && err.push(bytes)))
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => resolve(status ?? 1))
  })
  const linesOf = (chunks: Buffer[]): string[] =>
    Buffer.concat(chunks).toString().trimEnd().split('\n').map(harmlessLog)
  if (code !== 0) throw new Error(linesOf(err)[0] ?? 'anatomy failed')
  return linesOf(out)
}

/** The arguments with which this program is started once more, with another command. */
export function selfArguments(words: readonly string[]): string[] {
  return [...process.execArgv, '--', process.argv[1] ?? '', ...words]
}

function total(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}

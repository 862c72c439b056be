/** Starts `pull-program.ts`: a pull in another process. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Registry as TestRegistry } from '../../../../test/harness/registry/index.ts'
import type { Credentials } from '../../src/registry/index.ts'

export type ProgramArguments = {
  root: string
  name: string
  certsDir?: string | undefined
  insecure?: string[]
  credentials?: Credentials | undefined
  retry?: { tries: number; firstMs: number }
}

export type ProgramResult = {
  names?: string[]
  failure?: { kind: string; code: string | undefined; message: string; hint: string | undefined }
  maxRssBytes: number
}

const PROGRAM = join(import.meta.dirname, 'pull-program.ts')

/** `before` are words that run it: `unshare --mount sh -c 'mount … && exec "$@"' sh`. */
export function startPull(parameters: ProgramArguments, before: readonly string[] = []): ChildProcess {
  const [program, ...args] = [...before, process.execPath, PROGRAM, JSON.stringify(parameters)]
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs it to its end. @throws Error with its stderr when it did not print a result. */
export async function runPull(parameters: ProgramArguments, before: readonly string[] = []): Promise<ProgramResult> {
  const child = startPull(parameters, before)
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout!.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk))
  await once(child, 'close')
  try {
    return JSON.parse(Buffer.concat(output).toString()) as ProgramResult
  } catch {
    throw new Error(`the pull printed no result:\n${Buffer.concat(errors).toString()}`)
  }
}

/** Kills it with SIGKILL, as a power cut or the kernel would. */
export async function kill(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

export function argumentsFor(registry: TestRegistry, root: string, name: string): ProgramArguments {
  return { root, name, certsDir: registry.certsDir, credentials: registry.credentials }
}

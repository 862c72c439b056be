/** Runs a program to its end and tells all three: what it printed, where, and how it ended. */
import { spawn } from 'node:child_process'

export type Result = {
  stdout: string
  stderr: string
  /** As a shell tells it: 128 + signal when a signal ended the program. */
  exitCode: number
  durationMs: number
}

export type CommandOptions = {
  /** Written to standard input, which is then closed. Without it standard input is empty. */
  input?: string | Uint8Array
  env?: Record<string, string | undefined>
  cwd?: string
  /** Killed with SIGKILL after so long; the result then says 137. Default one minute. */
  timeoutMs?: number
}

const SIGNAL_NUMBERS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
}

/** Never rejects for a bad exit code: tests look at it. Rejects when the program cannot be started. */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<Result> {
  const [program, ...args] = argv
  if (program === undefined) throw new Error('run: an empty command')
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'pipe' })
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    // A program that ends without reading its input is no error of ours.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        exitCode: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
        durationMs: performance.now() - began,
      })
    })
  })
}

/** For setting things up: throws with all the output when the program fails. Returns its standard output. */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(argv, options)
  if (result.exitCode !== 0) {
    throw new Error(`${argv.join(' ')}: exit code ${result.exitCode}\n${result.stdout}${result.stderr}`)
  }
  return result.stdout
}

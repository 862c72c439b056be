/** One call of a credential helper: no shell, a time limit, no more output than credentials can have. */
import { spawn, type ChildProcess } from 'node:child_process'
import { UserError } from '@mini-docker/syscall'

export type HelperOptions = {
  /** Of the helper; the environment of this process by default. Its PATH is where helpers are looked for. */
  env?: Readonly<Record<string, string | undefined>>
  /** Killed after so long. A helper may ask a person for a passphrase: two minutes by default. */
  timeoutMs?: number
}

export type HelperResult = {
  output: string
  /** What it wrote to standard error. */
  complaint: string
  /** How it failed, in Go's words: `exit status 1`. */
  failure: string | undefined
}

const TIMEOUT_MS = 120_000
const OUTPUT_BYTES_MAX = 1024 * 1024

/**
 * Runs `program ACTION` with `input`.
 * @throws UserError `unavailable` when it cannot be started, takes too long or says too much.
 */
export function runHelper(
  program: string,
  action: string,
  input: string,
  { env, timeoutMs = TIMEOUT_MS }: HelperOptions,
): Promise<HelperResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [action], { stdio: 'pipe', ...(env && { env: { ...env } }) })
    const giveUp = (error: UserError): void => {
      clearTimeout(timer)
      end(child)
      reject(error)
    }
    const timer = setTimeout(() => giveUp(tooSlow(program, action, timeoutMs)), timeoutMs)
    const tooMuch = (): void => giveUp(new UserError('unavailable', `${program} ${action} prints more than 1 MiB`))
    const output = collect(child.stdout, tooMuch)
    const complaint = collect(child.stderr, tooMuch)
    // A helper may end without reading its input.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (error: NodeJS.ErrnoException) => giveUp(notStarted(program, action, error)))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const failure = code === 0 ? undefined : code === null ? `signal: ${signal}` : `exit status ${code}`
      resolve({ output: text(output), complaint: text(complaint), failure })
    })
  })
}

function collect(stream: NodeJS.ReadableStream, tooMuch: () => void): Buffer[] {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > OUTPUT_BYTES_MAX) tooMuch()
    else chunks.push(chunk)
  })
  return chunks
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString()
}

/** A child of the helper may live on with its pipes, which would keep this process from ending. */
function end(child: ChildProcess): void {
  child.kill('SIGKILL')
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
}

function notStarted(program: string, action: string, cause: NodeJS.ErrnoException): UserError {
  const why =
    cause.code === 'ENOENT' ? `"${program}": executable file not found in $PATH` : `"${program}": ${cause.code}`
  const doing = { get: 'getting', store: 'storing', erase: 'erasing' }[action] ?? 'listing'
  return new UserError('unavailable', `error ${doing} credentials - err: exec: ${why}, out: \`\``, {
    cause,
    hint: 'config.json names it in credsStore or credHelpers: install it, or take the name out',
  })
}

function tooSlow(program: string, action: string, timeoutMs: number): UserError {
  return new UserError('unavailable', `${program} ${action} did not end within ${timeoutMs / 1000} seconds`)
}

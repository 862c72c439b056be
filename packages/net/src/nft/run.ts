/** The program nft(8): commands in as one transaction, listings out as JSON (libnftables-json(5)). */
import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { tell, UserError } from '@mini-docker/syscall'
import { noTables } from '../nfnetlink/batch.ts'
import { inNetworkNamespace } from '../rtnetlink/socket.ts'

export type NftOptions = {
  /** `/proc/PID/ns/net` or `/run/netns/NAME`; undefined for this process's own. */
  namespace?: string | undefined
}

/** What nft refused, with its own sentence as message. */
export class NftError extends Error {
  override readonly name = 'NftError'
  /** The kernel's errno where the sentence is one. */
  readonly code: 'ENOENT' | 'EEXIST' | 'EPERM' | undefined
  readonly hint: string | undefined

  constructor(sentence: string, command: string) {
    super(`nft ${command}: ${sentence}`)
    this.code = CODES.find(([words]) => sentence.includes(words))?.[1]
    this.hint = this.code === 'EPERM' ? 'needs CAP_NET_ADMIN: are you root?' : undefined
  }
}

const CODES = [
  ['No such file or directory', 'ENOENT'],
  ['File exists', 'EEXIST'],
  ['Operation not permitted', 'EPERM'],
] as const

/** The directories of the administrator are looked in whatever the PATH is. */
const DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/bin', '/bin', '/usr/local/bin']

/** The path of nft, or undefined where it is not installed. */
export function findNft(directories: readonly string[] = DIRECTORIES): string | undefined {
  return directories
    .map((directory) => `${directory}/nft`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/**
 * Runs commands as one transaction: all of them or none.
 * @throws UserError `unavailable` without nft, or without nf_tables in the kernel; NftError
 */
export async function runNft(commands: readonly string[], options: NftOptions = {}): Promise<void> {
  if (commands.length > 0) await run(['-f', '-'], `${commands.join('\n')}\n`, options)
}

export type NftListed = { readonly [kind: string]: NftListedObject }
export type NftListedObject = {
  readonly family?: string
  readonly table?: string
  readonly chain?: string
  readonly name?: string
  readonly handle?: number
  readonly comment?: string
  readonly hook?: string
  readonly type?: unknown
  readonly policy?: string
  readonly elem?: readonly unknown[]
  readonly expr?: readonly unknown[]
}

/** `nft -j list WHAT`, without the first object, which describes nft. @throws UserError `unavailable`; NftError */
export async function listNft(what: readonly string[], options: NftOptions = {}): Promise<NftListed[]> {
  const text = await run(['-j', 'list', ...what], '', options)
  const { nftables } = JSON.parse(text) as { nftables: NftListed[] }
  return nftables.filter((object) => object['metainfo'] === undefined)
}

async function run(args: readonly string[], input: string, { namespace }: NftOptions): Promise<string> {
  const path = findNft()
  if (path === undefined)
    throw new UserError('unavailable', 'nft is not installed: no address translation and no published ports', {
      hint: 'install the package nftables',
    })
  return tell(
    'network.nft',
    () => `nft ${args.join(' ')}${input === '' ? '' : ` <<< ${JSON.stringify(shortened(input))}`}`,
    () => runProgram(path, args, input, namespace),
  )
}

/** One line of a trace; the whole table is what --explain shows. */
function shortened(input: string): string {
  const lines = input.trim().split('\n')
  return lines.length <= 3 ? lines.join('; ') : `${lines.slice(0, 2).join('; ')}; … ${lines.length - 2} more`
}

async function runProgram(
  path: string,
  args: readonly string[],
  input: string,
  namespace: string | undefined,
): Promise<string> {
  const start = (): ChildProcess => spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'], env: {}, cwd: '/' })
  const child = namespace === undefined ? start() : inNetworkNamespace(namespace, start)
  const output: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk))
  // When nft has ended before it read all, its sentence tells why.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return Buffer.concat(output).toString()
  throw refusal(Buffer.concat(errors).toString(), args.join(' '))
}

/** `/dev/stdin:1:5-9: Error: …`, then the line of the input, then marks below it. */
function refusal(stderr: string, args: string): NftError | UserError {
  const lines = stderr.split('\n')
  const at = lines.findIndex((line) => line.includes('Error: '))
  const sentence = lines[at]?.replace(/^.*?Error: /, '').trim() ?? (stderr.trim() || 'failed')
  if (sentence.includes('Operation not supported')) return noTables()
  return new NftError(sentence, lines[at + 1]?.trim() || args)
}

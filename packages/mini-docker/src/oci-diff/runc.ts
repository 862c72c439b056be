/** The same container under runc: its config, with a root, a group and a network of its own, in a mount namespace that goes away with it. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CliError, PROGRAM } from '../cli/errors.ts'

const START_MS = 20_000

/** What this needs of the OCI config that the daemon gives. */
export type Config = {
  process: { args: string[]; terminal?: boolean }
  root: { path: string; readonly?: boolean }
  mounts?: { destination: string; subpath?: string }[]
  linux: {
    namespaces: { type: string; path?: string }[]
    cgroupsPath?: string
    maskedPaths?: string[]
    readonlyPaths?: string[]
  }
}

/** A container of runc whose command runs. Disposed of, it is killed, and nothing of it stays. */
export type RuncContainer = AsyncDisposable & { pid: number; id: string }

/** What `runc --version` says first. @throws CliError where there is no runc */
export function runcVersion(): string {
  const { status, stdout } = spawnSync('runc', ['--version'], { encoding: 'utf8' })
  if (status !== 0) throw new CliError(`${PROGRAM}: runc is not installed\nhint: apt-get install runc, and ask again`)
  return stdout.split('\n')[0]?.trim() ?? ''
}

/** Starts it, and waits until its command runs. @throws CliError with what runc printed */
export async function startRunc(config: Config, layers: readonly string[], id: string): Promise<RuncContainer> {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-runc-'))
  for (const name of ['upper', 'work', 'rootfs', 'state']) mkdirSync(join(directory, name))
  writeFileSync(join(directory, 'config.json'), JSON.stringify(forRunc(config, id)))
  const [root, pidFile] = [join(directory, 'state'), join(directory, 'pid')]
  const overlay = `lowerdir=${layers.join(':')},upperdir=${directory}/upper,workdir=${directory}/work`
  const script =
    'mount -t overlay overlay -o "$1" "$2/rootfs" && exec runc --root "$3" run --bundle "$2" --pid-file "$4" "$5"'
  const words = ['--mount', 'sh', '-c', script, 'sh', overlay, directory, root, pidFile, id]
  // Its input stays open, so that a shell waits.
  const child = spawn('unshare', words, { stdio: ['pipe', 'ignore', 'pipe'] })
  const complaints: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  const dispose = async (): Promise<void> => {
    spawnSync('runc', ['--root', root, 'delete', '--force', id])
    child.kill()
    await ended
    rmSync(directory, { recursive: true })
  }
  const until = Date.now() + START_MS
  while (child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const pid = Number(textOf(pidFile))
    if (pid > 0 && runs(pid, config.process.args)) return { pid, id, [Symbol.asyncDispose]: dispose }
    await delay(10)
  }
  await dispose()
  const said = Buffer.concat(complaints).toString().trim()
  throw new CliError(`${PROGRAM}: under runc the command ended before it could be looked at${said && `: ${said}`}`)
}

/** True when the process is the command already, and not yet the runtime that becomes it. */
export function runs(pid: number, args: readonly string[]): boolean {
  const words = textOf(`/proc/${pid}/cmdline`).split('\0').slice(0, -1)
  // A script's interpreter stands before its words.
  return words.length >= args.length && args.every((arg, i) => words[words.length - args.length + i] === arg)
}

function forRunc(config: Config, id: string): Config {
  return {
    ...config,
    root: { ...config.root, path: 'rootfs' },
    linux: {
      ...config.linux,
      cgroupsPath: `/mini-docker/${id}`,
    },
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

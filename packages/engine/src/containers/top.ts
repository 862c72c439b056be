/** GET /containers/{id}/top: the host's ps(1), with the lines of this container's processes. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as cgroup from '@mini-docker/cgroup'
import { UserError } from '@mini-docker/syscall'
import type { Engine } from '../engine.ts'
import type { Container } from './model.ts'

export type Top = { Titles: string[]; Processes: string[][] }

/** @throws UserError `conflict` when it does not run, `unavailable` without a ps, `invalid` for its refusal. */
export async function topContainer(engine: Engine, container: Container, psArgs: string): Promise<Top> {
  if (!container.alive) throw new UserError('conflict', `container ${container.id} is not running`)
  const words = (psArgs === '' ? '-ef' : psArgs).trim().split(/\s+/)
  // Docker's words for what a shell would make of it.
  if (words.some((word) => /^-*w+$/.test(word) || /[^\w\s,=:%+-]/.test(word)))
    throw new UserError('invalid', `fails to parse ps args: ${psArgs}`)
  const output = await runPs(words)
  return selectProcesses(output, new Set(cgroup.processes(engine.cgroups, container.cgroupPath)))
}

async function runPs(words: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', words, {
      maxBuffer: 16 * 1024 * 1024,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', COLUMNS: '4096' },
    })
    return stdout
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    if (code === 'ENOENT')
      throw new UserError('unavailable', 'error running ps: exec: "ps": executable file not found in $PATH', {
        hint: 'install procps',
        cause: error,
      })
    throw new UserError('invalid', `error running ps: ${(stderr ?? '').trim() || String(error)}`, { cause: error })
  }
}

/** Columns of `ps`'s output; the last one keeps its spaces. @throws UserError `invalid` without a PID column. */
export function selectProcesses(output: string, pids: Set<number>): Top {
  const [head = '', ...lines] = output.split('\n').filter((line) => line.trim() !== '')
  const titles = head.trim().split(/\s+/)
  const pidColumn = titles.indexOf('PID')
  if (pidColumn === -1) throw new UserError('invalid', "Couldn't find PID field in ps output")
  const rows = lines.map((line) => columns(line, titles.length)).filter((row) => pids.has(Number(row[pidColumn])))
  return { Titles: titles, Processes: rows }
}

function columns(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/)
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')]
}

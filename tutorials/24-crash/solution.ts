/** Runs a command, and first takes away what killed runs have left: `bin/node tutorials/24-crash/solution.ts date`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  AT_FDCWD,
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  executeCalls,
  MS_PRIVATE,
  MS_REC,
  newProcess,
  writeFileCalls,
} from '@mini-docker/syscall'

const journal = join(import.meta.dirname, '../work/journal')
const tree = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids'
const group = `${tree}/course-${process.pid}`
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

mkdirSync(journal, { recursive: true })
for (const entry of readdirSync(journal)) if (nameOf(entry.split('-')[0]) !== entry) await undo(entry)
// First the entry, then what it is about.
const mine = nameOf(process.pid)
writeFileSync(`${journal}/${mine}`, group)
process.exitCode = await newProcess({
  flags: CLONE_NEWNS | CLONE_NEWPID,
  before: [call('mkdirat', [AT_FDCWD, group, 0o755])],
  child: [
    ...writeFileCalls(`${group}/cgroup.procs`, '0'),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', ['proc', '/proc', 'proc', 0, null]),
    ...executeCalls(command, env),
  ],
})
await undo(mine)

/** `4711-83220`: a process number can be given again, but not with the same time of birth. See proc_pid_stat(5). */
function nameOf(pid: number | string = ''): string {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
  return `${pid}-${stat.slice(stat.lastIndexOf(')')).split(' ')[20]}`
}

async function undo(entry: string): Promise<void> {
  const left = readFileSync(`${journal}/${entry}`, 'utf8')
  for (; existsSync(left); await delay(10)) {
    try {
      const pids = readFileSync(`${left}/cgroup.procs`, 'utf8').split('\n').slice(0, -1)
      if (pids.length === 0) rmdirSync(left)
      for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
  rmSync(`${journal}/${entry}`)
}

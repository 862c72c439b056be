/** Starts a command that runs on alone, and prints the directory of its `log`, `pid` and `exit`: `bin/node tutorials/23-detach-logs-stop/solution.ts date`. */
import { spawn } from 'node:child_process'
import { existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  newProcess,
} from '@mini-docker/syscall'

const work = join(import.meta.dirname, '../work')
const root = `${work}/root`
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']
const given = process.env['BOX']
await (given === undefined ? detach(`${work}/box-${process.pid}`) : monitor(given))

/** Starts this program again as the monitor: in a session of its own, with the log as its output. */
async function detach(box: string): Promise<void> {
  mkdirSync(box)
  const log = openSync(`${box}/log`, 'a')
  const options = { detached: true, stdio: ['ignore', log, log] as ['ignore', number, number] }
  const child = spawn(process.execPath, process.argv.slice(1), { ...options, env: { ...process.env, BOX: box } })
  while (!existsSync(`${box}/pid`) && child.exitCode === null) await delay(10)
  child.unref()
  console.log(box)
}

async function monitor(box: string): Promise<void> {
  const exitCode = await newProcess({
    onEvent: (event) => event.type === 'started' && writeFileSync(`${box}/pid`, String(event.pid)),
    flags: CLONE_NEWNS | CLONE_NEWPID,
    child: [
      call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
      call('mount', [root, root, null, MS_BIND | MS_REC, null]),
      call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
      call('chdir', [root]),
      call('pivot_root', ['.', '.']),
      call('umount2', ['.', MNT_DETACH]),
      call('chdir', ['/']),
      ...executeCalls(command, env),
    ],
  })
  // The name `exit` appears when the number is on the disk, not before.
  const file = openSync(`${box}/exit.new`, 'w')
  writeFileSync(file, `${exitCode}\n`)
  fsyncSync(file)
  renameSync(`${box}/exit.new`, `${box}/exit`)
}

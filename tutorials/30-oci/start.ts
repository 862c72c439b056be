/** Runs a command as config.json says. To do: rlimits, no new privileges, masked and read-only paths. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  AT_FDCWD,
  call,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUTS,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
  MS_PRIVATE,
  MS_REC,
  newProcess,
  O_CLOEXEC,
  O_CREAT,
} from '@mini-docker/syscall'

type Config = {
  hostname: string
  root: { path: string }
  process: { cwd: string; env: string[] }
  mounts: { destination: string; type: string; source: string }[]
  linux: { namespaces: { type: string }[] }
}

const {
  hostname,
  process: wanted,
  mounts,
  linux,
  ...config
} = JSON.parse(readFileSync(join(import.meta.dirname, '../30-oci/config.json'), 'utf8')) as Config
const root = join(import.meta.dirname, '../30-oci', config.root.path)
const flags: Record<string, number> = { mount: CLONE_NEWNS, uts: CLONE_NEWUTS, pid: CLONE_NEWPID, ipc: CLONE_NEWIPC }

process.exitCode = await newProcess({
  flags: linux.namespaces.reduce((sum, { type }) => sum | (flags[type] ?? 0), 0),
  child: [
    call('sethostname', [hostname, hostname.length]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    ...mounts.map(({ source, destination, type }) => call('mount', [source, root + destination, type, 0, null])),
    call('openat', [AT_FDCWD, `${root}/dev/null`, O_CREAT | O_CLOEXEC, 0o666]),
    call('mount', ['/dev/null', `${root}/dev/null`, null, MS_BIND, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', [wanted.cwd]),
    ...executeCalls(process.argv.slice(2), wanted.env),
  ],
})

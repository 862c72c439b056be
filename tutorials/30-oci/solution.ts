/** Runs a command as config.json says: `bin/node tutorials/30-oci/solution.ts sh -c 'ulimit -n'`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as kernel from '@mini-docker/syscall'
import { call, MS_BIND, MS_RDONLY, MS_REMOUNT, struct } from '@mini-docker/syscall'

type Limit = { type: string; soft: number; hard: number }
type Config = {
  hostname: string
  root: { path: string }
  process: { cwd: string; env: string[]; noNewPrivileges: boolean; rlimits: Limit[] }
  mounts: { destination: string; type: string; source: string }[]
  linux: { namespaces: { type: string }[]; maskedPaths: string[]; readonlyPaths: string[] }
}

const {
  hostname,
  process: wanted,
  mounts,
  linux,
  ...config
} = JSON.parse(readFileSync(join(import.meta.dirname, '../30-oci/config.json'), 'utf8')) as Config
const root = join(import.meta.dirname, '../30-oci', config.root.path)
const flags: Record<string, number> = {
  mount: kernel.CLONE_NEWNS,
  uts: kernel.CLONE_NEWUTS,
  pid: kernel.CLONE_NEWPID,
  ipc: kernel.CLONE_NEWIPC,
}
const resources: Record<string, number> = { RLIMIT_NOFILE: 7 }

process.exitCode = await kernel.newProcess({
  flags: linux.namespaces.reduce((sum, { type }) => sum | (flags[type] ?? 0), 0),
  child: [
    call('sethostname', [hostname, hostname.length]),
    call('mount', [null, '/', null, kernel.MS_REC | kernel.MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | kernel.MS_REC, null]),
    ...mounts.map(({ source, destination, type }) => call('mount', [source, root + destination, type, 0, null])),
    call('openat', [kernel.AT_FDCWD, `${root}/dev/null`, kernel.O_CREAT | kernel.O_CLOEXEC, 0o666]),
    call('mount', ['/dev/null', `${root}/dev/null`, null, MS_BIND, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', kernel.MNT_DETACH]),
    call('chdir', [wanted.cwd]),
    // Not every kernel has every one of them.
    ...linux.maskedPaths.map((path) => call('mount', ['/dev/null', path, null, MS_BIND, null], { allow: ['ENOENT'] })),
    ...linux.readonlyPaths.flatMap((path) => [
      call('mount', [path, path, null, MS_BIND, null]),
      call('mount', [null, path, null, MS_BIND | MS_REMOUNT | MS_RDONLY, null]),
    ]),
    ...wanted.rlimits.map(({ type, soft, hard }) =>
      call('prlimit64', [0, resources[type] ?? -1, struct('rlimit64', { cur: BigInt(soft), max: BigInt(hard) }), null]),
    ),
    ...(wanted.noNewPrivileges ? [call('prctl', [kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])] : []),
    ...kernel.executeCalls(process.argv.slice(2), wanted.env),
  ],
})

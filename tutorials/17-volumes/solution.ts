/** Runs a command with a directory of the machine, in DIR, at /data and read-only at /fixed, and with a volume at /etc. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as linux from '@mini-docker/syscall'
import { call, executeCalls, newProcess } from '@mini-docker/syscall'

const lower = join(import.meta.dirname, '../work/root')
const box = join(import.meta.dirname, `../work/box-${process.pid}`)
const volume = join(import.meta.dirname, '../work/volumes/etc')
const directory = process.env['DIR'] ?? join(import.meta.dirname, '../work/volumes/data')
const [upper, work, root] = [`${box}/upper`, `${box}/work`, `${box}/root`]
// The places that are mounted on have to be there; made in the upper directory, the image does not change.
for (const path of [work, root, `${upper}/data`, `${upper}/fixed`, volume, directory]) {
  mkdirSync(path, { recursive: true })
}
// An empty volume begins with what the image has there.
if (readdirSync(volume).length === 0) execFileSync('cp', ['-a', `${lower}/etc/.`, volume])
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']
const { MS_BIND, MS_RDONLY, MS_REC, MS_REMOUNT } = linux

process.exitCode = await newProcess({
  flags: linux.CLONE_NEWNS | linux.CLONE_NEWPID,
  child: [
    call('mount', [null, '/', null, MS_REC | linux.MS_PRIVATE, null]),
    call('mount', ['overlay', root, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`]),
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    call('mount', [directory, `${root}/data`, null, MS_BIND | MS_REC, null]),
    call('mount', [directory, `${root}/fixed`, null, MS_BIND, null]),
    // The kernel takes MS_RDONLY of a bind mount only in a second call.
    call('mount', [null, `${root}/fixed`, null, MS_BIND | MS_REMOUNT | MS_RDONLY, null]),
    call('mount', [volume, `${root}/etc`, null, MS_BIND, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', linux.MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
rmSync(box, { recursive: true })

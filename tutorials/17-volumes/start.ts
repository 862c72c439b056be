/** Runs a command whose changes are thrown away. To do: the directory in DIR at /data, and read-only at /fixed, and a volume at /etc. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as linux from '@mini-docker/syscall'
import { call, executeCalls, newProcess } from '@mini-docker/syscall'

const lower = join(import.meta.dirname, '../work/root')
const box = join(import.meta.dirname, `../work/box-${process.pid}`)
const [upper, work, root] = [`${box}/upper`, `${box}/work`, `${box}/root`]
for (const path of [upper, work, root]) mkdirSync(path, { recursive: true })
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  flags: linux.CLONE_NEWNS | linux.CLONE_NEWPID,
  child: [
    call('mount', [null, '/', null, linux.MS_REC | linux.MS_PRIVATE, null]),
    call('mount', ['overlay', root, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`]),
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', linux.MNT_DETACH]),
    call('chdir', ['/']),
    ...executeCalls(command, env),
  ],
})
rmSync(box, { recursive: true })

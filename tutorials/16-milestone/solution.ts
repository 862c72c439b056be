/** Runs an image of the store: `IMAGE=demo bin/node tutorials/16-milestone/solution.ts ls -l /dev`. */
import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ImageStore } from '@mini-docker/image'
import * as linux from '@mini-docker/syscall'
import { call, executeCalls, newProcess, writeFileCalls } from '@mini-docker/syscall'

// 14 and 15: an image, and its layers, the topmost first. The store keeps them unpacked, once for all containers.
const store = await ImageStore.open(join(import.meta.dirname, '../work/store'))
const image = store.get(process.env['IMAGE'] ?? 'demo')
const layers = await store.unpack(image)
const lower = layers.toReversed().map((chainID) => join(store.layersDir, store.shortLink(chainID)))
const { Env, Cmd, WorkingDir } = image.config.config ?? {}
const words = process.argv.slice(2)
// 13: where this container's changes go.
const name = `course-${process.pid}`
const box = join(import.meta.dirname, `../work/${name}`)
const [upper, work, root] = [`${box}/upper`, `${box}/work`, `${box}/root`]
for (const directory of [upper, work, root]) mkdirSync(directory, { recursive: true })
const overlay = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`
// 10 and 11: what it may take.
const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
const groups = (isV2 ? [''] : ['pids/', 'memory/']).map((tree) => `/sys/fs/cgroup/${tree}${name}`)
const [pids = '', memory = pids] = groups
const memoryMax = `${memory}/${isV2 ? 'memory.max' : 'memory.limit_in_bytes'}`
// What programs expect in /dev, and the numbers of these devices: 0x103 is 1:3. See null(4), random(4), tty(4).
const devices = { null: 0x103, zero: 0x105, full: 0x107, random: 0x108, urandom: 0x109, tty: 0x500 }

process.exitCode = await newProcess({
  flags: linux.CLONE_NEWNS | linux.CLONE_NEWPID | linux.CLONE_NEWUTS | linux.CLONE_NEWIPC,
  before: [
    ...groups.map((group) => call('mkdirat', [linux.AT_FDCWD, group, 0o755])),
    ...writeFileCalls(`${pids}/pids.max`, '20'),
    ...writeFileCalls(memoryMax, String(64 * 1024 * 1024)),
  ],
  child: [
    ...groups.flatMap((group) => writeFileCalls(`${group}/cgroup.procs`, '0')),
    call('sethostname', ['box', 3]),
    call('mount', [null, '/', null, linux.MS_REC | linux.MS_PRIVATE, null]),
    call('mount', ['overlay', root, 'overlay', 0, overlay]),
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    call('mount', ['tmpfs', `${root}/dev`, 'tmpfs', linux.MS_NOSUID, 'mode=755']),
    call('umask', [0]),
    ...Object.entries(devices).map(([device, number]) =>
      call('mknodat', [linux.AT_FDCWD, `${root}/dev/${device}`, linux.S_IFCHR | 0o666, number]),
    ),
    call('umask', [0o022]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', linux.MNT_DETACH]),
    call('chdir', [WorkingDir || '/']),
    ...executeCalls(words.length === 0 ? (Cmd ?? []) : words, Env ?? []),
  ],
})
for (const group of groups) rmdirSync(group)
rmSync(box, { recursive: true })

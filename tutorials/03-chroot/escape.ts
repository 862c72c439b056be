/** Walks out of a chroot. Root is all it takes: `bin/node tutorials/03-chroot/escape.ts ls /`. */
import { join } from 'node:path'
import { AT_FDCWD, call, executeCalls, newProcess } from '@mini-docker/syscall'

const root = join(import.meta.dirname, '../work/root')
const command = process.argv.slice(2)
const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']

process.exitCode = await newProcess({
  child: [
    // The prison: this is what the program of this chapter does.
    call('chroot', [root]),
    call('chdir', ['/']),
    // The way out. The root moves below the current directory, which is then outside of it …
    call('mkdirat', [AT_FDCWD, 'tmp/door', 0o700], { allow: ['EEXIST'] }),
    call('chroot', ['tmp/door']),
    // … so that nothing stops `..` any more.
    call('chdir', ['../'.repeat(20)]),
    call('chroot', ['.']),
    ...executeCalls(command, env),
  ],
})

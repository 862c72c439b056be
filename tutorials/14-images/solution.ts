/** Runs a command as an image says: `IMAGE=tutorials/work/image bin/node tutorials/14-images/solution.ts env`. */
import { createHash } from 'node:crypto'
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

const root = join(import.meta.dirname, '../work/root')
const image = process.env['IMAGE'] ?? join(import.meta.dirname, '../work/image')
const index = JSON.parse(readFileSync(`${image}/index.json`, 'utf8'))
const manifest = blob(index.manifests[0].digest)
const { Env, Cmd, WorkingDir } = blob(manifest.config.digest).config
const words = process.argv.slice(2)

process.exitCode = await newProcess({
  flags: CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC,
  child: [
    call('sethostname', ['box', 3]),
    call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
    call('mount', [root, root, null, MS_BIND | MS_REC, null]),
    call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
    // A shell wants /dev/null for what it starts in the background.
    call('openat', [AT_FDCWD, `${root}/dev/null`, O_CREAT | O_CLOEXEC, 0o666]),
    call('mount', ['/dev/null', `${root}/dev/null`, null, MS_BIND, null]),
    call('chdir', [root]),
    call('pivot_root', ['.', '.']),
    call('umount2', ['.', MNT_DETACH]),
    call('chdir', [WorkingDir || '/']),
    ...executeCalls(words.length === 0 ? Cmd : words, Env),
  ],
})

function blob(digest: string) {
  const bytes = readFileSync(`${image}/blobs/${digest.replace(':', '/')}`)
  const sum = createHash('sha256').update(bytes).digest('hex')
  if (digest !== `sha256:${sum}`) throw new Error(`${digest} has other bytes: ${sum}`)
  return JSON.parse(bytes.toString())
}

/** Runs a command in the files of an image, which tar unpacks one over the other. To do: layers are more than tars, and strangers made them. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  executeCalls,
  MNT_DETACH,
  MS_PRIVATE,
  MS_REC,
  newProcess,
} from '@mini-docker/syscall'

const image = process.env['IMAGE'] ?? join(import.meta.dirname, '../work/image')
const index = JSON.parse(readFileSync(`${image}/index.json`, 'utf8'))
const manifest = JSON.parse(blob(index.manifests[0].digest).toString())
const { Env, Cmd, WorkingDir } = JSON.parse(blob(manifest.config.digest).toString()).config
const words = process.argv.slice(2)

const box = join(import.meta.dirname, `../work/box-${process.pid}`)
const [upper, work, root] = [`${box}/upper`, `${box}/work`, `${box}/root`]
for (const directory of [upper, work, root]) mkdirSync(directory, { recursive: true })
try {
  const lower = `${box}/lower`
  mkdirSync(lower)
  for (const { digest } of manifest.layers) execFileSync('tar', ['-C', lower, '-xf', '-'], { input: blob(digest) })
  process.exitCode = await newProcess({
    flags: CLONE_NEWNS | CLONE_NEWPID,
    child: [
      call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
      call('mount', ['overlay', root, 'overlay', 0, `lowerdir=${lower},upperdir=${upper},workdir=${work}`]),
      call('mount', ['proc', `${root}/proc`, 'proc', 0, null]),
      call('chdir', [root]),
      call('pivot_root', ['.', '.']),
      call('umount2', ['.', MNT_DETACH]),
      call('chdir', [WorkingDir || '/']),
      ...executeCalls(words.length === 0 ? Cmd : words, Env),
    ],
  })
} finally {
  rmSync(box, { recursive: true })
}

function blob(digest: string): Buffer {
  const bytes = readFileSync(`${image}/blobs/${digest.replace(':', '/')}`)
  if (digest !== `sha256:${createHash('sha256').update(bytes).digest('hex')}`) throw new Error(`${digest}: other bytes`)
  return bytes
}

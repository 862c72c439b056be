/** Runs a command in the files of an image, layer by layer: `IMAGE=tutorials/work/image bin/node tutorials/15-layers/solution.ts ls /`. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { applyLayer, inheritDirectories } from '@mini-docker/image'
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
  // The topmost first, as the kernel wants them.
  const lower: string[] = []
  for (const { digest } of manifest.layers) {
    const directory = `${box}/layer-${lower.length}`
    mkdirSync(directory)
    const { implied } = await applyLayer(Readable.from([blob(digest)]), directory)
    inheritDirectories(directory, implied, lower)
    lower.unshift(directory)
  }
  process.exitCode = await newProcess({
    flags: CLONE_NEWNS | CLONE_NEWPID,
    child: [
      call('mount', [null, '/', null, MS_REC | MS_PRIVATE, null]),
      call('mount', ['overlay', root, 'overlay', 0, `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`]),
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

/** Makes the recordings in docs/recordings anew, from real runs with a daemon of their own: `node scripts/record-examples.ts`, as root. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startDaemon } from '../test/harness/daemon.ts'
import { BUSYBOX, busyboxArchive } from '../test/harness/images.ts'

const directory = join(import.meta.dirname, '../docs/recordings')
const MOST_BYTES = 100_000

/** What is run; `words` are those of `run`. */
const EXAMPLES: { name: string; words: string[] }[] = [
  {
    name: 'hello',
    words: ['--rm', '--network', 'none', '--memory', '64m', '--pids-limit', '20', BUSYBOX, 'echo', 'hello'],
  },
  {
    name: 'terminal',
    words: [
      '--rm',
      '-t',
      '--network',
      'none',
      BUSYBOX,
      'sh',
      '-c',
      'id; hostname; ps; for i in 1 2 3 4 5 6; do echo "会議 $i"; sleep 0.7; done; exit 3',
    ],
  },
  { name: 'broken', words: ['--rm', '--network', 'none', '--i-know', '--break', 'host-proc', BUSYBOX, 'ls', '/proc'] },
]

mkdirSync(directory, { recursive: true })
await using daemon = await startDaemon()
await daemon.ok('load', '-q', '-i', busyboxArchive())
for (const { name, words } of EXAMPLES) {
  const file = join(directory, `${name}.jsonl`)
  rmSync(file, { force: true })
  const { exitCode, stderr } = await daemon.cli(['record', file, 'run', ...words])
  const packed = `${file}.gz`
  writeFileSync(packed, gzipSync(readFileSync(file), { level: 9 }))
  rmSync(file)
  const { size } = statSync(packed)
  process.stderr.write(`${name}: exit ${exitCode}, ${size} bytes ${stderr}\n`)
  if (size > MOST_BYTES) throw new Error(`${name} has ${size} bytes: more than ${MOST_BYTES}`)
}

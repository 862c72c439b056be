/** `npm run bench`: ours and every installed peer side by side, and the project's targets. See README.md here. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MEASUREMENTS, type Table } from './measurements.ts'
import { startPeers } from './peers.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})
const names = values.only ?? Object.keys(MEASUREMENTS)
const unknown = names.filter((name) => MEASUREMENTS[name] === undefined)
const rounds = Number(values.rounds)
if (unknown.length > 0) fail(`no measurement ${unknown.join(', ')}: there are ${Object.keys(MEASUREMENTS).join(', ')}`)
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds ${values.rounds}: not a positive number`)
if (process.getuid?.() !== 0) fail('the bench needs root: it runs containers with every peer')

const scratch = mkdtempSync(join(tmpdir(), 'mini-docker-bench-'))
const tables: Table[] = []
try {
  await using peers = await startPeers(scratch)
  if (peers.missing.length > 0) console.error(`not installed, not measured: apt-get install ${peers.missing.join(' ')}`)
  for (const name of names) {
    const result = await MEASUREMENTS[name]!({ peers, scratch, rounds })
    tables.push(result)
    if (!values.json) console.log(format(result))
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
if (values.json) console.log(JSON.stringify(tables, undefined, 2))
const missed = tables.flatMap(({ targets }) => targets).filter(({ holds }) => holds === false)
console.error(missed.length === 0 ? 'every measured target is met' : `${missed.length} targets are missed`)
// dockerd's children may hold pipes of ours.
process.exit(0)

function format({ title, unit, results, targets }: Table): string {
  const first = results[0]?.median ?? Number.NaN
  const rows = results.map(({ name, median, samples, error }) =>
    error === undefined
      ? `  ${name.padEnd(30)}${median.toFixed(1).padStart(10)} ${unit.padEnd(6)}${(median / first).toFixed(2).padStart(8)} ×   min ${Math.min(...samples).toFixed(1)}  n ${samples.length}`
      : `  ${name.padEnd(30)}  failed: ${error}`,
  )
  const marks = targets.map(({ text, holds }) => `  ${holds === undefined ? '?' : holds ? '✓' : '✗'} ${text}`)
  return ['', title, ...rows, ...marks].join('\n')
}

function fail(message: string): never {
  console.error(`bench: ${message}`)
  process.exit(2)
}

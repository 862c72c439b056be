/** `npm run bench`: ours and every installed peer side by side, and the project's targets. See README.md here. */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { mountDisk } from './disk.ts'
import { RECIPES } from './images/recipes.ts'
import { MEASUREMENTS } from './measurements.ts'
import { enterOwnNamespaces } from './namespace.ts'
import { startPeers } from './peers.ts'
import { formatTable, type Table } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    image: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})
const names = values.only ?? Object.keys(MEASUREMENTS)
const rounds = Number(values.rounds)
requireKnown('measurement', names, Object.keys(MEASUREMENTS))
requireKnown(
  'image',
  values.image ?? [],
  RECIPES.map(({ name }) => name),
)
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds ${values.rounds}: not a positive number`)
if (process.getuid?.() !== 0) fail('the bench needs root: it runs containers with every peer')
enterOwnNamespaces()

const tables: Table[] = []
await measure(tables)
if (values.json) console.log(JSON.stringify(tables, undefined, 2))
const missed = tables.flatMap(({ targets }) => targets).filter(({ holds }) => holds === false)
console.error(missed.length === 0 ? 'every measured target is met' : `${missed.length} targets are missed`)
// dockerd's children may hold pipes of ours.
process.exit(0)

async function measure(tables: Table[]): Promise<void> {
  using disk = mountDisk()
  if (!values.json) console.log(`on ${disk.description}`)
  await using peers = await startPeers(disk.directory)
  if (peers.missing.length > 0) console.error(`not installed, not measured: apt-get install ${peers.missing.join(' ')}`)
  const bench = { peers, scratch: disk.directory, rounds, images: values.image }
  for (const name of names) {
    for await (const one of MEASUREMENTS[name]!(bench)) {
      tables.push(one)
      if (!values.json) console.log(`${formatTable(one)}\n  load average ${loadavg()[0]!.toFixed(1)}`)
    }
  }
}

function requireKnown(what: string, wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length > 0) fail(`no ${what} ${unknown.join(', ')}: there are ${known.join(', ')}`)
}

function fail(message: string): never {
  console.error(`bench: ${message}`)
  process.exit(2)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const TERMINAL = join(import.meta.dirname, '../src/cli/terminal.ts')

/** Writes 3 MB in pieces of all sizes, and tells how often its timer came meanwhile. */
const WRITER = `
import { processTerminal } from ${JSON.stringify(TERMINAL)}
const terminal = processTerminal()
let ticks = 0
setInterval(() => ticks++, 10).unref()
for (let at = 0, size = 1; at < 3_000_000; at += size, size = (size * 7) % 100_003)
  await terminal.write(1, Buffer.from(Array.from({ length: size }, (_, index) => (at + index) % 251)))
terminal.err(String(ticks))
process.exit(0)
`

test('a pipe whose reader stalls gets every byte in order, and signals and timers are served meanwhile', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER], { stdio: ['ignore', 'pipe', 'pipe'] })
  const cat = spawn('sh', ['-c', 'sleep 0.4; cat'], { stdio: [child.stdout, 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  let ticks = ''
  cat.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => (ticks += chunk.toString()))
  await once(cat, 'close')
  const all = Buffer.concat(chunks)
  expect(all.length).toBeGreaterThan(3_000_000)
  expect(all.findIndex((byte, index) => byte !== index % 251)).toBe(-1)
  expect(Number(ticks)).toBeGreaterThan(10)
})

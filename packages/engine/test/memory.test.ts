/** In a process of its own: what a test runner holds is its own business. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const MODULE = new URL('../src/system/memory.ts', import.meta.url).href
const PROGRAM = `
  const { giveBackMemory } = await import(${JSON.stringify(MODULE)})
  giveBackMemory()
  const rss = () => process.memoryUsage.rss()
  const before = rss()
  let held = Array.from({ length: 200_000 }, (_, i) => ({ name: 'garbage ' + i, more: [i, i] }))
  const full = rss()
  held = undefined
  giveBackMemory()
  const after = rss()
  giveBackMemory()
  console.log(JSON.stringify({ grown: full - before, kept: after - before }))
`

test('what was needed for a while is given back to the kernel', () => {
  const out = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', PROGRAM], {
    encoding: 'utf8',
  })
  const { grown, kept } = JSON.parse(out) as { grown: number; kept: number }
  expect(grown).toBeGreaterThan(15_000_000)
  expect(kept).toBeLessThan(grown / 2)
})

test('without --expose-gc nothing happens', () => {
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' })
  expect(JSON.parse(out)).toHaveProperty('kept')
})

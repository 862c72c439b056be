/** A client that does not read what it is told. */
import { Duplex, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { Teller } from '../src/story/teller.ts'

/** Takes nothing until it is told to. */
class Deaf extends Duplex {
  override _read(): void {}
  override _write(): void {}
}

const line = { type: 'undone', reason: 'abort', message: 'x'.repeat(64 * 1024) } as const

test('is cut off after 16 MB, once, and is told nothing more', () => {
  const output = new Deaf()
  let deaf = 0
  const teller = new Teller(output, () => deaf++)
  let told = 0
  while (!output.destroyed && told < 1000) {
    teller.tell(line)
    told++
  }
  expect(told).toBe(256)
  expect(deaf).toBe(1)
  teller.tell(line)
  teller.end({ type: 'exit', exitCode: 0 })
  expect(deaf).toBe(1)
})

test('is heard to the end when it reads', async () => {
  let read = 0
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      read += chunk.length
      done()
    },
  })
  const teller = new Teller(output as unknown as Duplex, () => expect.unreachable())
  for (let i = 0; i < 500; i++) teller.tell(line)
  teller.end({ type: 'exit', exitCode: 0 })
  await new Promise((resolve) => output.once('finish', resolve))
  expect(read).toBeGreaterThan(500 * 64 * 1024)
})

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Monitor } from '../src/index.ts'

function frame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header[0] = type
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

function exitFrame(code: number): Buffer {
  const payload = Buffer.alloc(24)
  payload.writeInt32LE(code << 8, 0)
  return frame(3, payload)
}

/** Something that speaks like a monitor: sends what it is given, in these pieces, to whoever connects. */
async function fakeMonitor(pieces: Buffer[]): Promise<{ path: string; close: () => void }> {
  const directory = mkdtempSync(join(tmpdir(), 'monitor-test-'))
  const path = join(directory, 'sock')
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {})
    for (const piece of pieces) socket.write(piece)
    socket.end()
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    path,
    close: () => {
      server.close()
      rmSync(directory, { recursive: true })
    },
  }
}

test('however the bytes are cut and however slow the listener, all output comes in order and the exit after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 2000 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
      async (chunks, cuts, slow) => {
        const wire = Buffer.concat([...chunks.map((chunk) => frame(1, Buffer.from(chunk))), exitFrame(7)])
        const pieces: Buffer[] = []
        for (let at = 0, i = 0; at < wire.length; i++) {
          const size = cuts[i % cuts.length] ?? 1
          pieces.push(wire.subarray(at, at + size))
          at += size
        }
        const fake = await fakeMonitor(pieces)
        const monitor = await Monitor.connect(fake.path)
        const heard: Buffer[] = []
        monitor.subscribe((_stream, chunk) => {
          heard.push(chunk)
          return slow[heard.length % slow.length] === true
            ? new Promise<void>((resolve) => setImmediate(resolve))
            : undefined
        })
        expect(await monitor.exited).toMatchObject({ exitCode: 7 })
        expect(Buffer.concat(heard).equals(Buffer.concat(chunks))).toBe(true)
        fake.close()
      },
    ),
    { numRuns: 60 },
  )
})

test('a connection that ends without an exit is an error, not a code', async () => {
  const fake = await fakeMonitor([frame(1, Buffer.from('half'))])
  const monitor = await Monitor.connect(fake.path)
  await expect(monitor.exited).rejects.toThrow('is gone')
  fake.close()
})

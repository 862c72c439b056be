import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OutputQueue } from '../src/client/output-queue.ts'

const NO_SOURCE = { pause: () => {}, resume: () => {} }

describe('the output queue', () => {
  test('writes everything in order, to the output it belongs to', async () => {
    const pieces = fc.array(fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.string({ minLength: 1 })))
    await fc.assert(
      fc.asyncProperty(fc.array(pieces), async (batches) => {
        const written: string[] = []
        const write = async (fd: 1 | 2, bytes: Uint8Array) => {
          await Promise.resolve()
          written.push(...Array.from(Buffer.from(bytes).toString(), (char) => `${fd}${char}`))
        }
        const queue = new OutputQueue({ write }, NO_SOURCE)
        for (const batch of batches) queue.push(batch.map(([fd, text]) => ({ fd, bytes: Buffer.from(text) })))
        await queue.done()
        expect(written).toEqual(batches.flat().flatMap(([fd, text]) => Array.from(text, (char) => `${fd}${char}`)))
      }),
    )
  })

  test('copies small pieces together, and big ones not at all', async () => {
    const written: Uint8Array[] = []
    const write = async (_fd: 1 | 2, bytes: Uint8Array) => {
      await Promise.resolve()
      written.push(bytes)
    }
    const queue = new OutputQueue({ write }, NO_SOURCE)
    const big = Buffer.alloc(60_000)
    const small = Buffer.from('small')
    queue.push([small, small, small, big, big].map((bytes) => ({ fd: 1, bytes })))
    await queue.done()
    expect(written[0]?.length).toBe(3 * small.length)
    expect(written.slice(1).map((bytes) => bytes === big)).toEqual([true, true])
  })

  test('holds the source back while the reader is slow, and lets it go on when there is room', async () => {
    const asked: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const source = { pause: () => asked.push('pause'), resume: () => asked.push('resume') }
    const queue = new OutputQueue({ write: () => promise }, source)
    for (let index = 0; index < 10; index += 1) queue.push([{ fd: 1, bytes: Buffer.alloc(60_000) }])
    expect(asked).toEqual(['pause', 'pause'])
    resolve()
    await queue.done()
    expect(asked.at(-1)).toBe('resume')
  })

  test('a failed write is told at once and stays told', async () => {
    const queue = new OutputQueue({ write: () => Promise.reject(new Error('gone')) }, NO_SOURCE)
    queue.push([{ fd: 1, bytes: Buffer.from('x') }])
    await expect(queue.done()).rejects.toThrow('gone')
    await expect(queue.done()).rejects.toThrow('gone')
  })
})

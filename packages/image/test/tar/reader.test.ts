import { expect, test } from 'vitest'
import { tarHeader, writeTar } from '../../src/tar/index.ts'
import { collect, readAll } from './archive.ts'

const hello = async () =>
  collect(writeTar([{ ...tarHeader({ path: 'a', type: 'file', size: 5 }), data: [Buffer.from('hello')] }]))

test('an archive that ends with its last byte of data, without padding or zero blocks, is whole', async () => {
  const [entry] = await readAll((await hello()).subarray(0, 512 + 5))
  expect(entry?.content.toString()).toBe('hello')
})

test('one byte less is an archive that was cut', async () => {
  await expect(readAll((await hello()).subarray(0, 512 + 4))).rejects.toThrow('ends in the middle of an entry')
})

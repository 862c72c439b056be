import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hexOf } from '../src/digest.ts'
import { ensureDemo } from '../src/ensure-demo.ts'
import { ImageStore } from '../src/store/store.ts'
import { temporaryDirectory } from './support/archives.ts'

const root = join(temporaryDirectory(), 'store')

test('demo:latest (made by three callers at once) is one image, whose shell runs', async () => {
  const store = await ImageStore.open(root)
  const [one, two, three] = await Promise.all([ensureDemo(store), ensureDemo(store), ensureDemo(store)])
  expect([two, three]).toEqual([one, one])
  expect(store.list()).toEqual([one])
  expect(one.names).toEqual(['demo:latest'])
  const [chainID] = await store.unpack(one)
  const tree = join(root, 'layers', hexOf(chainID!), 'diff')
  expect(execFileSync('chroot', [tree, '/bin/sh', '-c', 'echo hello; ls / >/dev/null && echo tools']).toString()).toBe(
    'hello\ntools\n',
  )
  expect((await ensureDemo(store)).id).toBe(one.id)
  expect(await store.verify()).toEqual([])
})

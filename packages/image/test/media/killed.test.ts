import { test } from 'vitest'
import { killLoads } from './killed.ts'

test('a load (killed with SIGKILL at any moment) leaves a store that verifies, and gc cleans up', async () => {
  await killLoads(8, '--no-unpack')
})

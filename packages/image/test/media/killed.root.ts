import { test } from 'vitest'
import { killLoads } from './killed.ts'

test('a load that unpacks (killed with SIGKILL at any moment) leaves a store that verifies, and gc cleans up', async () => {
  await killLoads(12)
})

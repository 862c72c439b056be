/** Random sequences of requests about networks, on real containers, against a model. `npm run soak` runs them for longer, with seeds of their own. */
import { expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { KillableDaemon } from './support/killable.ts'
import { checkNetworkSequences } from './support/network-commands.ts'

/** The same sequences each time: what CI finds is what somebody broke. */
const SEED = 4
const SECONDS = 20

describeWith(['root', 'ip', 'nft', 'nsenter', 'dig'], 'sequences of requests about networks', () => {
  test('are answered as the model says, and leave the kernel as it says', { timeout: 600_000 }, async () => {
    await using daemon = await KillableDaemon.start()
    expect(await checkNetworkSequences(daemon, { seed: SEED, seconds: SECONDS })).toBeGreaterThan(0)
  })
})

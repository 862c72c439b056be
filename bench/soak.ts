/**
 * `npm run soak -- [--minutes N] [--at-once N] [--seed N]`: containers come and go, some killed, some exec'd into; the daemon must not grow, and at the end
 * nothing may be left. Then, for as long, random sequences of requests about networks against a model. Exit code 1 when something is not as it should be. Root.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { KillableDaemon } from '../packages/engine/test/support/killable.ts'
import { checkNetworkSequences } from '../packages/engine/test/support/network-commands.ts'
import { startDaemon, type Daemon } from '../test/harness/daemon.ts'
import { BUSYBOX, busyboxArchive } from '../test/harness/images.ts'
import { assertNothingLeft, snapshot } from '../test/harness/kernel-state.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    'at-once': { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
})
const [minutes, atOnce, seed] = [Number(values.minutes), Number(values['at-once']), Number(values.seed)]
if (!(minutes > 0) || !Number.isInteger(atOnce) || atOnce < 1 || !Number.isInteger(seed))
  throw new Error('--minutes, --at-once and --seed want positive numbers')

/** What a leak would show: descriptors exactly, memory after the caches have filled. */
const FD_SLACK = 10
const RSS_SLACK_KB = 40 * 1024

const before = snapshot()
const daemon = await startDaemon()
let rounds = 0
let warm: Size | undefined
try {
  await daemon.ok('load', '-q', '-i', busyboxArchive())
  const deadline = Date.now() + minutes * 60_000
  const worker = async (number: number) => {
    while (Date.now() < deadline) await oneLife(daemon, `soak-${number}-${(rounds += 1)}`)
  }
  const report = setInterval(() => {
    const size = sizeOf(daemon.pid)
    // A tenth of the time is for warming up.
    if (warm === undefined && Date.now() > deadline - minutes * 54_000) warm = size
    console.log(`${rounds} lives, daemon ${Math.round(size.rssKb / 1024)} MB, ${size.descriptors} descriptors`)
  }, 5_000)
  await Promise.all(Array.from({ length: atOnce }, (_, number) => worker(number)))
  clearInterval(report)
  const end = sizeOf(daemon.pid)
  warm ??= end
  if (end.descriptors > warm.descriptors + FD_SLACK)
    throw new Error(`descriptors grew from ${warm.descriptors} to ${end.descriptors}`)
  if (end.rssKb > warm.rssKb + RSS_SLACK_KB) throw new Error(`memory grew from ${warm.rssKb} kB to ${end.rssKb} kB`)
} finally {
  await daemon[Symbol.asyncDispose]()
}
await assertNothingLeft(before)
console.log(`${rounds} lives, nothing left`)
await networkSequences()

async function networkSequences(): Promise<void> {
  console.log(`sequences of requests about networks, --seed ${seed}`)
  await using on = await KillableDaemon.start()
  const sequences = await checkNetworkSequences(on, { seed, seconds: minutes * 60 })
  console.log(`${sequences} sequences, all as the model says`)
}

/** Start, exec, then one of three ends. */
async function oneLife(on: Daemon, name: string): Promise<void> {
  await on.ok('run', '-d', '--name', name, '--network', 'none', BUSYBOX, 'sh', '-c', 'echo begin; sleep 100')
  await on.ok('exec', name, 'true')
  const end = Math.floor(Math.random() * 3)
  if (end === 0) await on.ok('kill', name)
  if (end === 1) await on.ok('stop', '-t', '0', name)
  await on.ok('logs', name)
  await on.ok('rm', '-f', name)
}

type Size = { rssKb: number; descriptors: number }

function sizeOf(pid: number): Size {
  return {
    rssKb: Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

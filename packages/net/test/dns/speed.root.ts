import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { DnsServer, NetworkNames } from '../../src/index.ts'
import { TestNamespace } from '../namespace.ts'
import type { LoadResult } from './load.ts'

const LOAD = join(import.meta.dirname, 'load.ts')

/** What the machine's other work takes away is not ours: the daemon's own processor time is counted, and the whole is printed beside it. */
test.each([
  { containers: 1, onTheirWay: 1 },
  { containers: 1, onTheirWay: 50 },
  { containers: 50, onTheirWay: 50 },
])(
  '$containers containers with $onTheirWay queries on their way: 10,000 answers and more cost one second',
  async (load) => {
    await using stack = new AsyncDisposableStack()
    const names = new NetworkNames('n1')
    const namespaces: TestNamespace[] = []
    for (let i = 0; i < load.containers; i++) {
      const namespace = stack.use(await TestNamespace.open())
      namespaces.push(namespace)
      namespace.run('ip', 'link', 'set', 'lo', 'up')
      names.set({ id: `${i}`, name: `web${i}`, aliases: ['www'], addresses: [`10.9.0.${i + 2}`] })
    }
    for (const { path } of namespaces) {
      const view = { networks: [{ names }], forwards: true, ndotsSet: false }
      stack.use(await DnsServer.open({ namespace: path, view, upstreams: [] }))
    }
    const generate = async (answers: number): Promise<LoadResult> => {
      const words = [LOAD, `${answers}`, `${load.onTheirWay}`, 'web0', ...namespaces.map(({ path }) => path)]
      return JSON.parse((await promisify(execFile)(process.execPath, words)).stdout) as LoadResult
    }
    await generate(2_000)
    const before = process.cpuUsage()
    const result = await generate(load.onTheirWay === 1 ? 5_000 : 30_000)
    const { user, system } = process.cpuUsage(before)
    const perCpuSecond = Math.round(result.answers / ((user + system) / 1e6))
    console.info(JSON.stringify({ ...load, ...result, perCpuSecond }))
    expect(result.lost).toBe(0)
    // One query at a time leaves the daemon sleeping in between, and each waking costs.
    expect(perCpuSecond).toBeGreaterThan(load.onTheirWay === 1 ? 5_000 : 10_000)
  },
)

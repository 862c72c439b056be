/** Taking turns: one sample of each contestant a round, so that what else the machine does is shared out fairly. */
import { spawn } from 'node:child_process'

/** One thing to measure; resolves to milliseconds, or another unit of its table. */
export type Contestant = { name: string; sample: () => Promise<number> }
export type Measured = { name: string; samples: number[]; median: number; error?: string }

export async function alternate(contestants: readonly Contestant[], rounds: number): Promise<Measured[]> {
  const results = contestants.map(({ name }) => ({ name, samples: [] as number[], median: Number.NaN, error: '' }))
  // Round -1 warms caches and is not counted.
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, { sample }] of contestants.entries()) {
      const result = results[index]!
      if (result.error !== '') continue
      try {
        const value = await sample()
        if (round >= 0) result.samples.push(value)
      } catch (error) {
        result.error = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
      }
    }
  }
  return results.map(({ error, ...result }) => ({
    ...result,
    median: median(result.samples),
    ...(error === '' ? {} : { error }),
  }))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** A whole process, from spawn to the end of its output. Throws when it fails: a peer that does nothing is quick. */
export function processMs(
  argv: readonly string[],
  env: Record<string, string> = {},
  input?: Uint8Array,
): Promise<number> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      env: { ...process.env, ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    let errors = ''
    child.stdout!.resume()
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.stdin?.end(input)
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve(performance.now() - began)
        : reject(new Error(`${argv.slice(0, 3).join(' ')}: exit code ${code}: ${errors.trim()}`)),
    )
  })
}

export async function timed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await body()
  return performance.now() - began
}

/** A measurement's result: medians, and what the project promised about them. */
import type { Measured } from './measure.ts'

export type Target = { text: string; holds: boolean | undefined }
export type Table = { name: string; title: string; unit: string; results: Measured[]; targets: Target[] }

/** What `who` must hold; `limit` is told the medians of the others. */
export type Claim = { who: string; sign: '≤' | '≥'; limit: (of: (name: string) => number) => number; text: string }

export function atMost(who: string, limit: Claim['limit'], text: string): Claim {
  return { who, sign: '≤', limit, text }
}

export function atLeast(who: string, limit: Claim['limit'], text: string): Claim {
  return { who, sign: '≥', limit, text }
}

export function table(name: string, title: string, unit: string, results: Measured[], claims: readonly Claim[]): Table {
  const of = (wanted: string) => results.find((result) => result.name === wanted)?.median ?? Number.NaN
  const targets = claims.map(({ who, sign, limit, text }) => {
    const [value, bound] = [of(who), limit(of)]
    const known = !Number.isNaN(value) && !Number.isNaN(bound)
    return {
      text: `${who} ${sign} ${text}${known ? `: ${value.toFixed(1)} ${sign} ${bound.toFixed(1)} ${unit}` : ': not measured'}`,
      holds: known ? (sign === '≤' ? value <= bound : value >= bound) : undefined,
    }
  })
  return { name, title, unit, results, targets }
}

/** For people. Ratios are to the first row, which is ours. */
export function formatTable({ title, unit, results, targets }: Table): string {
  const first = results[0]?.median ?? Number.NaN
  const ratio = (median: number) => (Number.isNaN(first) ? '' : `${(median / first).toFixed(2)} ×`)
  const rows = results.map(({ name, median, samples, error }) =>
    error === undefined
      ? `  ${name.padEnd(34)}${median.toFixed(1).padStart(10)} ${unit.padEnd(6)}${ratio(median).padStart(10)}   min ${Math.min(...samples).toFixed(1)}  n ${samples.length}`
      : `  ${name.padEnd(34)}  failed: ${error}`,
  )
  const marks = targets.map(({ text, holds }) => `  ${holds === undefined ? '?' : holds ? '✓' : '✗'} ${text}`)
  return ['', title, ...rows, ...marks].join('\n')
}

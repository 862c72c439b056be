/** Values of the command line, parsed once: sizes and counts as docker writes them. */
import { invalid } from './controllers/require.ts'

const UNITS: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 }

/** `64M`, `1.5g`, `512` as bytes; powers of 1024, as docker counts memory. `-1` is unlimited. */
export function parseSize(option: string, text: string): number {
  if (text === '-1') return -1
  const match = /^(\d+(?:\.\d+)?) ?([bkmgtp]?)(?:i?b)?$/i.exec(text)
  const bytes = match === null ? Number.NaN : Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!)
  if (!Number.isSafeInteger(bytes))
    throw invalid(`invalid size ${JSON.stringify(text)} for ${option}`, 'a number with b, k, m or g, like 64M')
  return bytes
}

/** `1.5` processors. */
export function parseCpus(text: string): number {
  const cpus = Number(text)
  if (!(cpus >= 0.01) || cpus > 8192)
    throw invalid(`invalid number of processors ${JSON.stringify(text)} for --cpus`, 'a number from 0.01 to 8192')
  return cpus
}

export function parseCount(option: string, text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw invalid(`invalid number ${JSON.stringify(text)} for ${option}`)
  return Number(text)
}

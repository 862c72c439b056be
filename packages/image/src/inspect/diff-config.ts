/** In what two images' configs differ: how they run, not how they came to be. */
import type { ImageConfig, RunConfig } from '../schema.ts'
import type { ConfigDifference } from './diff-model.ts'

/** Fields beside `config` that say what the image is for. `history` and `rootfs` are the layers, told elsewhere. */
const OUTER = ['architecture', 'os', 'variant', 'author'] as const

/** Field by field, in the order of the alphabet; variables, labels, ports and volumes one by one. */
export function diffConfig(a: ImageConfig, b: ImageConfig): ConfigDifference[] {
  const outer = OUTER.flatMap((field) => differ(field, undefined, a[field], b[field]))
  const [left, right] = [a.config ?? {}, b.config ?? {}]
  const fields = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...outer, ...[...fields].toSorted().flatMap((field) => diffField(field, left, right))]
}

function diffField(field: string, a: RunConfig, b: RunConfig): ConfigDifference[] {
  const [left, right] = [partsOf(field, a[field]), partsOf(field, b[field])]
  if (left === undefined || right === undefined) return differ(field, undefined, a[field], b[field])
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].toSorted().flatMap((key) => differ(field, key, left.get(key), right.get(key)))
}

/** The parts of a field that is a map, or is written as a list of `NAME=value`; undefined for one that is compared whole. */
function partsOf(field: string, value: unknown): Map<string, unknown> | undefined {
  if (value === undefined || value === null) return new Map()
  if (field === 'Env' && Array.isArray(value)) return new Map(value.map(variable))
  const isMap = field === 'Labels' || field === 'ExposedPorts' || field === 'Volumes'
  return isMap && typeof value === 'object' ? new Map(Object.entries(value)) : undefined
}

function variable(text: unknown): [string, string] {
  const [name = '', ...value] = String(text).split('=')
  return [name, value.join('=')]
}

function differ(field: string, key: string | undefined, a: unknown, b: unknown): ConfigDifference[] {
  const [left, right] = key === undefined ? [meaning(a), meaning(b)] : [a, b]
  if (JSON.stringify(left) === JSON.stringify(right)) return []
  return [
    {
      field,
      ...(key !== undefined && { key }),
      ...(left !== undefined && { a: left }),
      ...(right !== undefined && { b: right }),
    },
  ]
}

/** Go writes what is not set as null, '', [] or leaves it out: all one. */
function meaning(value: unknown): unknown {
  if (value === null || value === '' || value === false || value === 0) return undefined
  return Array.isArray(value) && value.length === 0 ? undefined : value
}

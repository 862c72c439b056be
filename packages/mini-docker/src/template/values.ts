/**
 * What a template works on. Go knows whether a value is a struct, a map or a list, and prints them differently:
 * `{a b}`, `map[k:v]`, `[a b]`. JSON does not, so the keys of the Engine API that hold maps stand here.
 */

/** Every file of the bundle stands alone, with its own copy of these classes: values are known by a brand that all copies share. */
const ROW: unique symbol = Symbol.for('mini-docker.row') as never
const GO_MAP: unique symbol = Symbol.for('mini-docker.go-map') as never

function isBranded(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value
}

/** A line of a table: fields by name, computed when asked for, and methods (`.Label "x"`). `goType` appears in errors. */
export class Row {
  static [Symbol.hasInstance](value: unknown): value is Row {
    return isBranded(value, ROW)
  }

  readonly [ROW] = true
  readonly goType: string
  readonly fields: Record<string, () => unknown>
  readonly methods: Record<string, (...values: unknown[]) => unknown>
  /** A field that is not there gives `<no value>` instead of an error. */
  readonly lenient: boolean

  constructor(goType: string, fields: Record<string, () => unknown>, methods: Row['methods'] = {}, lenient = false) {
    this.goType = goType
    this.fields = fields
    this.methods = methods
    this.lenient = lenient
  }

  /** `{{json .}}`: all fields, sorted by name, as docker's formatter gives them. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this.fields)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, get]) => [name, get()]),
    )
  }
}

/** A Go map: printed sorted, a missing key is no error. */
export class GoMap extends Map<string, unknown> {
  static override [Symbol.hasInstance](value: unknown): value is GoMap {
    return isBranded(value, GO_MAP)
  }

  readonly [GO_MAP] = true

  readonly isNil: boolean

  constructor(entries: Iterable<[string, unknown]>, isNil = false) {
    super(entries)
    this.isNil = isNil
  }

  toJSON(): Record<string, unknown> | null {
    return this.isNil ? null : Object.fromEntries(this)
  }
}

/** A list that JSON gave as null: empty for templates, null again in JSON. */
export class NilList extends Array<unknown> {
  toJSON(): null {
    return null
  }
}

const MAP_KEYS = new Set(
  'Labels Volumes ExposedPorts PortBindings Ports Networks Options Sysctls Tmpfs StorageOpt Annotations DriverOpts Data Runtimes Config.LogConfig IndexConfigs Details Attributes Containers AuxiliaryAddresses'.split(
    ' ',
  ),
)
const LIST_KEYS = new Set(
  'Args Env Cmd Entrypoint OnBuild Shell Binds VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links SecurityOpt Mounts ExecIDs Aliases DNSNames RepoTags RepoDigests Layers Warnings Labels.Info Devices DeviceCgroupRules DeviceRequests Ulimits MaskedPaths ReadonlyPaths BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps SecondaryIPAddresses SecondaryIPv6Addresses'.split(
    ' ',
  ),
)

/** A number with more digits than a JavaScript number keeps, as JSON.rawJSON holds it. */
type ExactNumber = { rawJSON: string }

function isExactNumber(value: unknown): value is ExactNumber {
  return typeof value === 'object' && value !== null && 'rawJSON' in value && typeof value.rawJSON === 'string'
}

/** JSON.parse that keeps every digit: what a JavaScript number would round stays text until it is printed. */
export function parseExact(text: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
      ? rawJSON(context.source)
      : value
  return JSON.parse(text, keep)
}

/** Turns the API's JSON into what Go's client would hold: maps where the type is a map, empty lists for null lists. */
export function goValue(value: unknown, key = '', parent = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => goValue(item, '', key))
  const isMap = MAP_KEYS.has(key) || MAP_KEYS.has(`${key}.${parent}`)
  if (value === null) {
    if (isMap) return new GoMap([], true)
    return LIST_KEYS.has(key) ? new NilList() : null
  }
  if (typeof value !== 'object' || isExactNumber(value)) return value
  const entries = Object.entries(value).map(([name, item]): [string, unknown] => [name, goValue(item, name, key)])
  return isMap ? new GoMap(entries) : withOmitted(Object.fromEntries(entries), parent)
}

/** Fields of a list's items that JSON leaves out when empty, and templates may still name: a network's `IPAM.Config`. */
const OMITTED: Record<string, readonly string[]> = { Config: ['Subnet', 'IPRange', 'Gateway'] }

function withOmitted(item: object, list: string): object {
  for (const name of OMITTED[list] ?? [])
    if (!(name in item)) Object.defineProperty(item, name, { value: '', enumerable: false })
  return item
}

/** Go's `%v`. `<nil>` for nothing. */
export function printValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (isExactNumber(value)) return value.rawJSON
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`
  if (value instanceof GoMap) {
    const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `map[${entries.map(([key, item]) => `${key}:${printValue(item)}`).join(' ')}]`
  }
  if (value instanceof Row) return printValue(new GoMap(Object.entries(value.toJSON())))
  if (typeof value === 'object') return `{${Object.values(value).map(printValue).join(' ')}}`
  return printScalar(value as string | number | boolean)
}

function printScalar(value: string | number | boolean): string {
  if (typeof value !== 'number' || Number.isInteger(value)) return String(value)
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  return exponent < -4 || exponent >= 21 ? value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2') : String(value)
}

/** JSON as docker's client writes it. Rows go through Go's json.Marshal, which escapes <, > and &; everything else does not. */
export function goJson(value: unknown, indent?: string): string {
  const text = JSON.stringify(value ?? null, undefined, indent)
  if (!(value instanceof Row)) return text.replace(/[\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Go's truth in templates: not zero, not empty, not nil. A struct is always true. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined) return false
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  return typeof value === 'object' ? true : Boolean(value)
}

/** The name of a value's type, as Go's errors would give it. */
export function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (value instanceof Row) return value.goType
  if (value instanceof GoMap) return 'map[string]interface {}'
  if (Array.isArray(value)) return '[]interface {}'
  return { string: 'string', number: 'int64', boolean: 'bool' }[typeof value as string] ?? 'struct'
}

/** The options of docker's daemon.json that this daemon knows, and what each may hold. The flags of the same names take the same. */
import { UserError } from '@mini-docker/syscall'

/** By docker's own names. The three of `proxies` stand in an object of that name in the file. */
export type ConfigValues = {
  'registry-mirrors'?: string[]
  'insecure-registries'?: string[]
  'http-proxy'?: string
  'https-proxy'?: string
  'no-proxy'?: string
  'max-concurrent-downloads'?: number
  'max-concurrent-uploads'?: number
  'max-download-attempts'?: number
  bridge?: string
}

type Name = keyof ConfigValues
/** Go's words for a type, as dockerd's messages have them. */
type Type = '[]string' | 'string' | 'int'

const OPTIONS: Record<Name, Type> = {
  'registry-mirrors': '[]string',
  'insecure-registries': '[]string',
  'http-proxy': 'string',
  'https-proxy': 'string',
  'no-proxy': 'string',
  'max-concurrent-downloads': 'int',
  'max-concurrent-uploads': 'int',
  'max-download-attempts': 'int',
  bridge: 'string',
}

/** Options that make no sense below this number. 0 at once means: no limit. */
const LEAST: Partial<Record<Name, number>> = {
  'max-concurrent-downloads': 0,
  'max-concurrent-uploads': 0,
  'max-download-attempts': 1,
}

/**
 * What the text of a daemon.json says.
 * @throws UserError `invalid`, in dockerd's words: no JSON, an unknown key, a wrong type, a number that cannot be.
 */
export function parseConfigFile(text: string): ConfigValues {
  const options = flatten(objectOf(text))
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(OPTIONS, name))
  if (unknown.length > 0)
    throw new UserError(
      'invalid',
      `the following directives don't match any configuration option: ${unknown.join(', ')}`,
      { hint: `the options are: proxies, ${Object.keys(OPTIONS).join(', ')}` },
    )
  for (const [name, type] of Object.entries(OPTIONS)) requireType(name, type, options[name])
  const values = options as ConfigValues
  refuseTooSmall(values, 'configuration validation from file failed: ')
  return values
}

/** The same check of numbers for what came by flags. @throws UserError `invalid`. */
export function refuseTooSmall(values: ConfigValues, prefix = ''): void {
  for (const [name, least] of Object.entries(LEAST)) {
    const value = values[name as Name]
    if (typeof value === 'number' && value < least)
      throw new UserError('invalid', `${prefix}invalid ${name.replaceAll('-', ' ')}: ${value}`)
  }
}

function objectOf(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UserError('invalid', (cause as Error).message, { cause })
  }
  if (!isObject(value)) throw new UserError('invalid', `json: cannot unmarshal ${kindOf(value)} into a configuration`)
  return value
}

function flatten({ proxies = {}, ...options }: Record<string, unknown>): Record<string, unknown> {
  if (!isObject(proxies)) throw wrongType('proxies', proxies, 'object')
  return { ...options, ...proxies }
}

function requireType(name: string, type: Type, value: unknown): void {
  if (value === undefined) return
  if (type === 'int' && !Number.isSafeInteger(value)) throw wrongType(name, value, type)
  if (type === 'string' && typeof value !== 'string') throw wrongType(name, value, type)
  if (type === '[]string' && !(Array.isArray(value) && value.every((item) => typeof item === 'string')))
    throw wrongType(name, value, type)
}

function wrongType(name: string, value: unknown, type: string): UserError {
  return new UserError(
    'invalid',
    `json: cannot unmarshal ${kindOf(value)} into Go struct field Config.${name} of type ${type}`,
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'array' : typeof value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

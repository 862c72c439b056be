/** Limits on what one process may use: setrlimit(2), and docker's `--ulimit name=soft[:hard]`. */
import { call, RLIM_INFINITY, RLIMITS, struct, UserError, type Step } from '@mini-docker/syscall'

/** As the API has it in `HostConfig.Ulimits` (with capitals there): -1 is unlimited. */
export type Ulimit = { name: string; soft: number; hard: number }

/** As an OCI config has it in `process.rlimits`: the kernel's name; -1 or 2⁶⁴-1 is unlimited. */
export type Rlimit = { type: string; soft: number | bigint; hard: number | bigint }

type Resource = keyof typeof RLIMITS

/** docker's names. It has no `as`: with an address space limit its own Go runtime could not start. */
const ULIMIT_NAMES: ReadonlyMap<string, Resource> = new Map(
  (Object.keys(RLIMITS) as Resource[])
    .filter((type) => type !== 'RLIMIT_AS')
    .map((type) => [type.slice('RLIMIT_'.length).toLowerCase(), type]),
)

/**
 * Reads `nofile=1024:2048`; one value is both limits. Numbers up to 2⁵³-1, -1 is unlimited.
 * @throws UserError `invalid` with docker's words.
 */
export function parseUlimit(text: string): Ulimit {
  const equals = text.indexOf('=')
  if (equals === -1) throw new UserError('invalid', `invalid ulimit argument: ${text}`, { hint: HINT })
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)]
  if (!ULIMIT_NAMES.has(name)) throw new UserError('invalid', `invalid ulimit type: ${name}`, { hint: HINT })
  const limits = value.split(':')
  if (limits.length > 2) {
    throw new UserError(
      'invalid',
      `too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``,
    )
  }
  // docker looks at the hard limit first: of two wrong ones, that is the one it names.
  const hard = limits[1] === undefined ? undefined : parseInteger(limits[1])
  const soft = parseInteger(limits[0] ?? '')
  const ulimit = { name, soft, hard: hard ?? soft }
  checkOrder(ulimit)
  return ulimit
}

/** `nofile=1024:2048`, as `docker inspect` and `docker info` print it. */
export function formatUlimit(ulimit: Ulimit): string {
  return `${ulimit.name}=${ulimit.soft}:${ulimit.hard}`
}

/**
 * A ulimit, from the command line or from an API body, as an OCI rlimit.
 * @throws UserError `invalid` for an unknown name or a soft limit above the hard one.
 */
export function rlimitFromUlimit(ulimit: Ulimit): Rlimit {
  const type = ULIMIT_NAMES.get(ulimit.name)
  if (type === undefined) throw new UserError('invalid', `invalid ulimit name ${ulimit.name}`, { hint: HINT })
  checkOrder(ulimit)
  return { type, soft: limitValue(ulimit.soft), hard: limitValue(ulimit.hard) }
}

/**
 * Sets each limit of the process itself; must stand before `security.bounding`, since raising a hard limit needs
 * CAP_SYS_RESOURCE in force.
 * @throws UserError `invalid` for an unknown or repeated type, or a soft limit above the hard one.
 */
export function planRlimits(rlimits: readonly Rlimit[]): Step {
  const seen = new Set<string>()
  const limits = rlimits.map(({ type, soft, hard }) => {
    if (!isResource(type)) throw new UserError('invalid', `invalid rlimit type: ${type}`)
    if (seen.has(type)) throw new UserError('invalid', `duplicated rlimit: ${type}`)
    seen.add(type)
    const limit = { type, cur: limitValue(soft), max: limitValue(hard) }
    if (limit.cur > limit.max) {
      throw new UserError('invalid', `soft limit of ${type} is above the hard limit: ${limit.cur} > ${limit.max}`)
    }
    return limit
  })
  return {
    id: 'security.rlimits',
    stage: 'security',
    where: 'container',
    calls: limits.map(({ type, cur, max }) =>
      call('prlimit64', [0, RLIMITS[type], struct('rlimit64', { cur, max }), null]),
    ),
    shell: limits.map(
      ({ type, cur, max }) =>
        `prlimit --${type.slice('RLIMIT_'.length).toLowerCase()}=${shellValue(cur)}:${shellValue(max)} --pid $$`,
    ),
    man: ['prlimit(2)'],
  }
}

const HINT = 'like --ulimit nofile=1024:2048; names: ' + [...ULIMIT_NAMES.keys()].join(', ')

/** The checks and words of docker's go-units. */
function checkOrder({ soft, hard }: Ulimit): void {
  for (const value of [soft, hard]) {
    if (!Number.isSafeInteger(value) || value < -1)
      throw new UserError('invalid', `invalid ulimit value: ${value}`, { hint: HINT })
  }
  if (hard === -1) return
  const words = 'ulimit soft limit must be less than or equal to hard limit'
  if (soft === -1) throw new UserError('invalid', `${words}: soft: -1 (unlimited), hard: ${hard}`)
  if (soft > hard) throw new UserError('invalid', `${words}: ${soft} > ${hard}`)
}

/** Go's strconv.ParseInt(text, 10, 64), whose errors docker prints. */
function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new UserError('invalid', `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`, { hint: HINT })
  }
  const value = Number(text)
  if (!Number.isSafeInteger(value)) {
    throw new UserError('invalid', `strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`, {
      hint: HINT,
    })
  }
  return value
}

function limitValue(value: number | bigint): bigint {
  const exact = BigInt(value)
  return exact === -1n ? RLIM_INFINITY : exact
}

function shellValue(value: bigint): string {
  return value === RLIM_INFINITY ? 'unlimited' : String(value)
}

function isResource(type: string): type is Resource {
  return Object.hasOwn(RLIMITS, type)
}

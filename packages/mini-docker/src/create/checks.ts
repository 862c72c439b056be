/** Values of create's flags: each parser refuses with docker's words. They are pure; files are read by the caller. */

/** Go-units' RAMInBytes: `64m`, `1.5g`, `512k`, `100` → bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)*) ?([kmgtp])?i?b?$/i.exec(text)
  if (match === null || !Number.isFinite(Number(match[1]))) throw new Error(`invalid size: '${text}'`)
  const power = ' kmgtp'.indexOf((match[2] ?? ' ').toLowerCase())
  return Math.trunc(Number(match[1]) * 1024 ** power)
}

/** `--memory-swap`: bytes, or -1 for no limit. */
export function parseSwapBytes(text: string): number {
  return text === '-1' ? -1 : parseBytes(text)
}

/** `--cpus 1.5` or `3/2` → billionths of a CPU. */
export function parseCpus(text: string): number {
  const match = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+))?$/i.exec(text)
  if (match === null || match[2] === '0') throw new Error(`failed to parse ${text} as a rational number`)
  const nano = (Number(match[1]) * 1e9) / Number(match[2] ?? 1)
  if (Math.abs(nano - Math.round(nano)) > 1e-6) throw new Error('value is too precise')
  return Math.round(nano)
}

/** One limit of `--ulimit`. -1 is unlimited. */
export type Ulimit = { Name: string; Hard: number; Soft: number }

const RLIMITS = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
)

/** `nofile=1024:2048`, `core=-1`. */
export function parseUlimit(text: string): Ulimit {
  const equals = text.indexOf('=')
  if (equals === -1) throw new Error(`invalid ulimit argument: ${text}`)
  const name = text.slice(0, equals)
  if (!RLIMITS.has(name)) throw new Error(`invalid ulimit type: ${name}`)
  const values = text.slice(equals + 1).split(':')
  if (values.length > 2)
    throw new Error(
      `too many limit value arguments - ${text.slice(equals + 1)}, can only have up to two, \`soft[:hard]\``,
    )
  const [soft = 0, hard = soft] = values.map(parseLimit)
  if (hard !== -1 && soft === -1) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`)
  }
  if (hard !== -1 && soft > hard)
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`)
  return { Name: name, Hard: hard, Soft: soft }
}

function parseLimit(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

/** `-e`: a name must stand before `=`. */
export function checkEnv(text: string): void {
  if (text === '' || text.startsWith('=')) throw new Error(`invalid environment variable: ${text}`)
}

/** `-l`: a name must stand before `=`. */
export function checkLabel(text: string): void {
  const name = (text.split('=')[0] ?? '').trimStart()
  if (name === '') throw new Error(`invalid label '${text}': empty name`)
  if (/\s/.test(name)) throw new Error(`label '${name}' contains whitespaces`)
}

/** `-a stdin|stdout|stderr`. */
export function checkAttach(text: string): void {
  if (!['stdin', 'stdout', 'stderr'].includes(text.toLowerCase()))
    throw new Error('valid streams are STDIN, STDOUT and STDERR')
}

/** `--sysctl net.core.somaxconn=512`: only sysctls that belong to a namespace. */
export function checkSysctl(text: string): void {
  const name = text.split('=')[0] ?? ''
  const single = [
    'kernel.msgmax',
    'kernel.msgmnb',
    'kernel.msgmni',
    'kernel.sem',
    'kernel.shmall',
    'kernel.shmmax',
    'kernel.shmmni',
    'kernel.shm_rmid_forced',
  ]
  if (!text.includes('=') || !(single.includes(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.'))) {
    throw new Error(`sysctl '${text}' is not allowed`)
  }
}

/** `--device /dev/fuse[:/dev/x[:rwm]]`. */
export function parseDevice(text: string): { PathOnHost: string; PathInContainer: string; CgroupPermissions: string } {
  const parts = text.split(':')
  if (parts.length > 3 || parts[0] === '') throw new Error(`bad format for path: ${text}`)
  const [host = '', second, third] = parts
  const secondIsMode = parts.length === 2 && second !== undefined && isDeviceMode(second)
  const inside = secondIsMode ? host : (second ?? host)
  const mode = secondIsMode ? second : (third ?? 'rwm')
  if (!isDeviceMode(mode)) throw new Error(`bad mode specified: ${mode}`)
  if (!inside.startsWith('/')) throw new Error(`${inside} is not an absolute path`)
  return { PathOnHost: host, PathInContainer: inside, CgroupPermissions: mode }
}

function isDeviceMode(text: string): boolean {
  return /^[rwm]+$/.test(text) && new Set(text).size === text.length
}

/** `--restart no|always|unless-stopped|on-failure[:N]`; the daemon checks the name. */
export function parseRestart(text: string): { Name: string; MaximumRetryCount: number } {
  if (text === '') return { Name: 'no', MaximumRetryCount: 0 }
  const [name = '', count, ...more] = text.split(':')
  if (count !== undefined && count !== '' && !/^[+-]?\d+$/.test(count)) {
    throw new Error('invalid restart policy format: maximum retry count must be an integer')
  }
  if (more.length > 0) throw new Error('invalid restart policy format')
  if (name === '') throw new Error('invalid restart policy format: no policy provided before colon')
  return { Name: name, MaximumRetryCount: Number(count ?? 0) }
}

/** The names as the API wants them: `CAP_NET_ADMIN`, sorted; adding wins over dropping; `ALL` swallows the rest. Null for none. */
export function effectiveCapabilities(
  add: readonly string[],
  drop: readonly string[],
): { add: string[] | null; drop: string[] | null } {
  const normal = (names: readonly string[]) => {
    const all = new Set(names.map((name) => normalCapability(name)))
    return all.has('ALL') ? new Set(['ALL']) : all
  }
  const [added, dropped] = [normal(add), normal(drop)]
  const list = (names: Iterable<string>) => {
    const sorted = [...names].toSorted()
    return sorted.length === 0 ? null : sorted
  }
  return { add: list(added), drop: list([...dropped].filter((name) => !added.has(name))) }
}

function normalCapability(name: string): string {
  const upper = name.trim().toUpperCase()
  return upper === 'ALL' || upper === 'RESET' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}

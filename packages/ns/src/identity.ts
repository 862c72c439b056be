/** What a container is called, and the settings of the kernel that its own namespaces hold. uts_namespaces(7), sysctl(8). */
import {
  AF_INET,
  AT_FDCWD,
  call,
  O_CLOEXEC,
  O_WRONLY,
  ref,
  shellWord,
  SIOCSIFFLAGS,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  struct,
  UserError,
  type Call,
  type Step,
} from '@mini-docker/syscall'

/** The step `uts.hostname`. */
export function planHostname(hostname: string, domainname?: string): Step {
  const calls: Call[] = [call('sethostname', [hostname, Buffer.byteLength(hostname)])]
  if (domainname !== undefined) calls.push(call('setdomainname', [domainname, Buffer.byteLength(domainname)]))
  return {
    id: 'uts.hostname',
    stage: 'namespaces',
    where: 'container',
    calls,
    shell: [
      `hostname ${shellWord(hostname)}`,
      ...(domainname === undefined ? [] : [`echo ${shellWord(domainname)} > /proc/sys/kernel/domainname`]),
    ],
    man: ['sethostname(2)', 'uts_namespaces(7)'],
  }
}

const IFF_UP = 1
const IFF_LOOPBACK = 8
const IFF_RUNNING = 0x40

/** The step `network.loopback`: a new network namespace has `lo`, but switched off. netdevice(7). */
export function planLoopback(): Step {
  return {
    id: 'network.loopback',
    stage: 'network',
    where: 'container',
    calls: [
      call('socket', [AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0], { as: 'network.loopback.socket' }),
      call('ioctl', [
        ref('network.loopback.socket'),
        SIOCSIFFLAGS,
        struct('ifreq', { name: 'lo', flags: IFF_UP | IFF_LOOPBACK | IFF_RUNNING }),
      ]),
    ],
    shell: ['ip link set lo up'],
    man: ['netdevice(7)', 'network_namespaces(7)'],
  }
}

/**
 * The step `sysctl`: `net.*` and the few of `kernel.*` and `fs.*` that belong to a namespace. Written before /proc/sys becomes read-only.
 * @throws UserError `invalid` for a name that could lead out of /proc/sys.
 */
export function planSysctls(sysctls: Readonly<Record<string, string>>): Step[] {
  const entries = Object.entries(sysctls)
  if (entries.length === 0) return []
  return [
    {
      id: 'sysctl',
      stage: 'namespaces',
      where: 'container',
      calls: entries.flatMap(([name, value]) => {
        const bytes = Buffer.from(value)
        return [
          call('openat', [AT_FDCWD, `/proc/sys/${sysctlPath(name)}`, O_WRONLY | O_CLOEXEC, 0], {
            as: `sysctl.${name}`,
          }),
          call('write', [ref(`sysctl.${name}`), bytes, bytes.length]),
        ]
      }),
      shell: entries.map(([name, value]) => `echo ${shellWord(value)} > ${shellWord(`/proc/sys/${sysctlPath(name)}`)}`),
      man: ['sysctl(8)', 'proc(5)'],
    },
  ]
}

/** Dots separate, unless the name is written with slashes already. */
function sysctlPath(name: string): string {
  const path = name.includes('/') ? name : name.replaceAll('.', '/')
  if (path.startsWith('/') || path.split('/').some((part) => part === '' || part === '..'))
    throw new UserError('invalid', `invalid sysctl name ${JSON.stringify(name)}`)
  return path
}

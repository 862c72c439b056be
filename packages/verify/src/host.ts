/** The machine before and after: what a program changed or left behind, and how to mend it. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { cgroupLines, directoriesOf } from './cgroup.ts'
import type { Finding, Words } from './check.ts'

export type HostState = {
  hostname: string
  /** Mount points of this process's mount namespace; a point that is there twice counts twice. */
  mounts: string[]
  /** Names of the links of this network namespace. */
  links: string[]
}

export function readHost(): HostState {
  return { hostname: hostname(), mounts: mountPoints(), links: linkNames() }
}

/** The directories of the control groups that a process is in and this one is not: its runtime made them, and has to remove them. */
export function ownCgroups(pid: number): string[] {
  const ours = cgroupLines('self')
  return cgroupLines(pid)
    .filter((line) => !ours.includes(line))
    .flatMap(directoriesOf)
}

/** What is not as it was, and which of `cgroups` are still there: one finding each, `broken`. Empty when all is as before. */
export function changes(before: HostState, after: HostState, cgroups: readonly string[], chapter: string): Finding[] {
  const found: Finding[] = []
  const add = (id: string, saw: string, says: Words, hint: Words) =>
    found.push({ id: `${chapter}.${id}`, answer: 'broken', says, saw, hint })
  if (before.hostname !== after.hostname)
    add('host-name', `hostname: ${after.hostname}`, SAYS.hostname, command(`hostname ${before.hostname}`))
  for (const point of added(before.mounts, after.mounts))
    add('host-mounts', point, SAYS.mounts, command(`umount ${point}`))
  for (const point of added(after.mounts, before.mounts)) add('host-mounts', point, SAYS.unmounted, MOUNT_AGAIN)
  for (const link of added(before.links, after.links))
    add('host-links', link, SAYS.links, command(`ip link delete ${link}`))
  for (const path of cgroups.filter((directory) => existsSync(directory)))
    add('host-cgroups', path, SAYS.cgroups, command(`rmdir ${path}`))
  return found
}

const SAYS = {
  hostname: {
    en: 'the machine itself keeps its name',
    ja: 'マシン自身のホスト名は変わりません',
  },
  mounts: {
    en: 'no mount stays on the machine when the container has ended',
    ja: 'コンテナが終わったあと、マシンにマウントは残りません',
  },
  unmounted: {
    en: 'the mounts of the machine are all still there',
    ja: 'マシンのマウントはすべて残っています',
  },
  links: {
    en: 'no network link stays on the machine when the container has ended',
    ja: 'コンテナが終わったあと、マシンにネットワークのリンクは残りません',
  },
  cgroups: {
    en: 'no control group stays on the machine when the container has ended',
    ja: 'コンテナが終わったあと、マシンにコントロールグループは残りません',
  },
} satisfies Record<string, Words>

const MOUNT_AGAIN: Words = {
  en: 'mount it again; `mount -a` does so for those of /etc/fstab, a restart of the machine for all',
  ja: 'マウントし直してください。/etc/fstab にあるものは `mount -a`、それ以外はマシンの再起動で戻ります',
}

function command(text: string): Words {
  return { en: `mend it with: ${text}`, ja: `次のコマンドで直せます: ${text}` }
}

/** What `after` has more of than `before`. */
function added(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before]
  return after.filter((item) => {
    const index = left.indexOf(item)
    if (index !== -1) left.splice(index, 1)
    return index === -1
  })
}

function mountPoints(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n')
  return lines.map((line) => line.split(' ')[4] ?? '')
}

/** Their daemons make these with the first container, and keep them. */
const BRIDGES_OF_DAEMONS = ['docker0', 'mini-docker0', 'podman0', 'cni-podman0']

function linkNames(): string[] {
  const [, , ...lines] = readFileSync('/proc/self/net/dev', 'utf8').trimEnd().split('\n')
  const names = lines.map((line) => line.slice(0, line.indexOf(':')).trim())
  return names.filter((name) => !BRIDGES_OF_DAEMONS.includes(name))
}

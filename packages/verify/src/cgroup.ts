/** Where the control groups of a process are, on cgroup v1 and v2. */
import { existsSync, readFileSync } from 'node:fs'

/** `/proc/PID/cgroup`, a line for each hierarchy. */
export function cgroupLines(pid: number | 'self'): string[] {
  return readFileSync(`/proc/${pid}/cgroup`, 'utf8').trimEnd().split('\n')
}

/** The directories of one line that are there: `4:memory:/a/b` → `/sys/fs/cgroup/memory/a/b`. */
export function directoriesOf(line: string): string[] {
  const [, controllers = '', ...rest] = line.split(':')
  const places = controllers === '' ? ['', '/unified'] : [`/${controllers.replace('name=', '')}`]
  return places.map((place) => `/sys/fs/cgroup${place}${rest.join(':')}`).filter((path) => existsSync(path))
}

/** The directory in which a controller holds a process: its own on v1, the one of all controllers on v2. */
export function groupOf(pid: number, controller: string): string | undefined {
  const lines = cgroupLines(pid)
  const own = lines.find((line) => line.split(':')[1]?.split(',').includes(controller))
  return directoriesOf(own ?? lines.find((line) => line.startsWith('0::')) ?? '')[0]
}

/** What a file of a group says; undefined where the version of cgroups has no such file. */
export function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

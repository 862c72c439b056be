/** Looks at this machine once, so that plans can be pure. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { readCgroupLayout } from '@mini-docker/cgroup'
import type { Machine } from './plan-container.ts'

/** The control groups, the last capability of the kernel, and what bind mounts' sources are. */
export function readMachine(): Machine {
  return {
    cgroups: readCgroupLayout(),
    lastCap: Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8')),
    kcore: existsSync('/proc/kcore'),
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false,
  }
}

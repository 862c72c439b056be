/** Changing the limits of a group that has processes. */
import { UserError } from '@mini-docker/syscall'
import { readControl, readNumber } from './control-file.ts'
import { controllerHome, groupDirectory, type CgroupLayout } from './layout.ts'
import type { OciCpu, OciLinuxResources, OciMemory } from './resources.ts'
import { limitWrites } from './settings.ts'
import { errnoCode, performWork, type Write } from './work.ts'

/**
 * Writes the limits that are given; the others stay. Takes effect at once: processors above a new quota are throttled,
 * memory above a new limit is reclaimed, and on v2 killed for (unless `checkBeforeUpdate`); v1 refuses instead.
 * @throws UserError `invalid` for a limit out of range or below what is in use, `not-built` for devices.
 * @throws SyscallError naming the control file that refused.
 */
export function update(layout: CgroupLayout, path: string, resources: OciLinuxResources): void {
  if (resources.devices?.length)
    throw new UserError('not-built', 'device rules of a running container cannot be changed', {
      hint: 'create the container again',
    })
  const memory = completeMemory(layout, path, resources.memory)
  const cpu = completeCpu(layout, path, resources.cpu)
  checkMemoryInUse(layout, path, memory)
  const writes = limitWrites(layout, path, { ...resources, memory, cpu }, v1MemoryLimit(layout, path))
  applyWithSecondTry(writes)
}

/** New period and old quota together may exceed what the parent allows (EINVAL): the period gets a second chance after the new quota. */
function applyWithSecondTry(writes: readonly Write[]): void {
  const again: Write[] = []
  for (const write of writes) {
    try {
      performWork([write])
    } catch (error) {
      if (errnoCode(error) !== 'EINVAL' || !write.path.endsWith('cpu.cfs_period_us')) throw error
      again.push(write)
    }
  }
  performWork(again)
}

function v1MemoryLimit(layout: CgroupLayout, path: string): bigint | undefined {
  const home = controllerHome(layout, 'memory')
  const text = home?.version === 1 ? readControl(`${groupDirectory(home, path)}/memory.limit_in_bytes`) : undefined
  return text === undefined ? undefined : BigInt(text)
}

/** Swap is counted together with memory: a new swap limit alone needs the memory limit that is in force. */
function completeMemory(layout: CgroupLayout, path: string, memory: OciMemory | undefined): OciMemory | undefined {
  const home = controllerHome(layout, 'memory')
  if (memory === undefined || home === undefined || !memory.swap || memory.swap === -1 || memory.limit) return memory
  const directory = groupDirectory(home, path)
  const limit = readNumber(`${directory}/${home.version === 1 ? 'memory.limit_in_bytes' : 'memory.max'}`)
  return limit === undefined || limit > Number.MAX_SAFE_INTEGER ? memory : { ...memory, limit }
}

/** v2 has quota and period in one file: a new period alone must not lift the quota. */
function completeCpu(layout: CgroupLayout, path: string, cpu: OciCpu | undefined): OciCpu | undefined {
  const home = controllerHome(layout, 'cpu')
  if (cpu === undefined || home?.version !== 2 || !cpu.period || cpu.quota) return cpu
  const [quota] = (readControl(`${groupDirectory(home, path)}/cpu.max`) ?? 'max').split(' ')
  return quota === 'max' ? cpu : { ...cpu, quota: Number(quota) }
}

function checkMemoryInUse(layout: CgroupLayout, path: string, memory: OciMemory | undefined): void {
  const home = controllerHome(layout, 'memory')
  if (home === undefined || !memory?.limit || memory.limit === -1 || !memory.checkBeforeUpdate) return
  const used = readNumber(
    `${groupDirectory(home, path)}/${home.version === 1 ? 'memory.usage_in_bytes' : 'memory.current'}`,
  )
  if (used !== undefined && used > memory.limit)
    throw new UserError('invalid', `memory limit ${memory.limit} of ${path} is below the ${used} bytes in use`, {
      hint: 'free memory first, or give a higher limit',
    })
}

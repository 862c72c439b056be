/**
 * Memory. https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, cgroup-v2.html#memory
 *
 *     OCI            v1                              v2
 *     limit          memory.limit_in_bytes           memory.max
 *     swap           memory.memsw.limit_in_bytes     memory.swap.max = swap - limit
 *     reservation    memory.soft_limit_in_bytes      memory.low
 *     kernelTCP      memory.kmem.tcp.limit_in_bytes  -
 *     swappiness     memory.swappiness               -
 *     disableOOM…    memory.oom_control              -
 */
import type { CgroupLayout, Hierarchy } from '../layout.ts'
import type { OciMemory } from '../resources.ts'
import type { Setting } from '../work.ts'
import { integer, invalid, maxOr, requireController, requireFile, unsupported } from './require.ts'

/**
 * Settings of the memory controller, in an order the kernel accepts.
 * @param v1CurrentLimit `memory.limit_in_bytes` as it is now, when a live group is changed.
 */
export function memorySettings(layout: CgroupLayout, asked: OciMemory | undefined, v1CurrentLimit?: bigint): Setting[] {
  if (asked === undefined) return []
  const memory = normalize(asked)
  if (!asksAnything(memory)) return []
  const home = requireController(layout, 'memory limit', 'memory')
  return home.version === 1 ? v1(home, memory, v1CurrentLimit) : v2(home, memory)
}

/** Lifting the memory limit lifts an unmentioned swap limit too: swap counts memory in. Zero means not asked for. */
function normalize(asked: OciMemory): OciMemory {
  const memory = { ...asked }
  for (const key of ['limit', 'swap', 'reservation', 'kernelTCP'] as const) if (memory[key] === 0) delete memory[key]
  if (memory.limit === -1 && memory.swap === undefined) memory.swap = -1
  const { limit, swap } = memory
  if (swap !== undefined && swap !== -1) {
    if (limit === undefined || limit === -1)
      throw invalid(
        `cannot limit swap to ${swap} without a memory limit`,
        'memory and swap are limited together: give a memory limit too',
      )
    if (swap < limit)
      throw invalid(
        `memory+swap limit ${swap} is below the memory limit ${limit}`,
        'swap counts memory and swap together',
      )
  }
  return memory
}

function asksAnything({ limit, swap, reservation, kernelTCP, swappiness, disableOOMKiller }: OciMemory): boolean {
  return (
    [limit, swap, reservation, kernelTCP, swappiness].some((value) => value !== undefined) || disableOOMKiller === true
  )
}

function v1(home: Hierarchy, memory: OciMemory, currentLimit: bigint | undefined): Setting[] {
  const settings: Setting[] = []
  if (memory.limit !== undefined)
    settings.push({ file: 'memory.limit_in_bytes', value: integer('memory limit', memory.limit) })
  if (memory.swap !== undefined && wantsSwapFile(home, memory)) {
    const swap = { file: 'memory.memsw.limit_in_bytes', value: integer('memory+swap limit', memory.swap) }
    // The kernel keeps limit ≤ memsw at every moment: when both grow, memsw goes first; when both shrink (and from the
    // unlimited state a new group has), limit does.
    const grows = currentLimit !== undefined && (memory.swap === -1 || currentLimit < BigInt(memory.swap))
    if (grows) settings.unshift(swap)
    else settings.push(swap)
  }
  if (memory.reservation !== undefined)
    settings.push({ file: 'memory.soft_limit_in_bytes', value: integer('memory reservation', memory.reservation) })
  if (memory.kernelTCP !== undefined) {
    requireFile(home, 'kernel TCP memory limit', 'memory.kmem.tcp.limit_in_bytes')
    settings.push({
      file: 'memory.kmem.tcp.limit_in_bytes',
      value: integer('kernel TCP memory limit', memory.kernelTCP),
    })
  }
  if (memory.swappiness !== undefined) {
    if (memory.swappiness > 100)
      throw invalid(`invalid memory swappiness ${memory.swappiness}`, 'valid values are 0 to 100')
    settings.push({ file: 'memory.swappiness', value: integer('memory swappiness', memory.swappiness, 0) })
  }
  if (memory.disableOOMKiller === true) settings.push({ file: 'memory.oom_control', value: '1' })
  return settings
}

/** A kernel without swap accounting cannot limit swap, and need not lift a limit it does not have. */
function wantsSwapFile(home: Hierarchy, memory: OciMemory): boolean {
  const file = home.version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max'
  if (memory.swap === -1 && home.files.seenIn === 'group') return home.files.names.includes(file)
  requireFile(home, 'swap limit', file, 'boot with swapaccount=1, or leave the swap limit out')
  return true
}

function v2(home: Hierarchy, memory: OciMemory): Setting[] {
  const { limit, swap, reservation } = memory
  if (memory.swappiness !== undefined)
    throw unsupported(
      'memory swappiness',
      'cgroup v2 has no memory.swappiness: set vm.swappiness for the whole machine',
    )
  if (memory.disableOOMKiller === true)
    throw unsupported(
      'OOM kill disable',
      'cgroup v2 always kills at memory.max; memory.high (in `unified`) slows down instead',
    )
  if (memory.kernelTCP !== undefined)
    throw unsupported('kernel TCP memory limit', 'cgroup v2 counts TCP buffers in memory.max')
  const settings: Setting[] = []
  if (swap !== undefined && wantsSwapFile(home, memory)) {
    const alone = swap === -1 || limit === undefined ? -1 : swap - limit
    settings.push({ file: 'memory.swap.max', value: maxOr('swap limit', alone) })
  }
  if (limit !== undefined) settings.push({ file: 'memory.max', value: maxOr('memory limit', limit) })
  if (reservation !== undefined) settings.push({ file: 'memory.low', value: maxOr('memory reservation', reservation) })
  return settings
}

/** Text of the command `cgroup`. */
import type { CgroupLayout } from './layout.ts'
import type { CgroupStats } from './stats/types.ts'
import type { CgroupSupport } from './support.ts'

export function formatLayout(layout: CgroupLayout, support: CgroupSupport): string {
  const rows = layout.hierarchies.map((hierarchy) => [
    `v${hierarchy.version}`,
    hierarchy.controllers.join(',') || (hierarchy.version === 1 ? `name=${hierarchy.name}` : '-'),
    hierarchy.mountPoint,
    hierarchy.own.slice(hierarchy.mountPoint.length) || '/',
    hierarchy.writable ? 'writable' : 'read-only',
  ])
  const missing = Object.entries(support).flatMap(([name, value]) =>
    value === false || value === 'none' ? [name] : [],
  )
  return [
    `layout: ${layout.kind}`,
    table([['version', 'controllers', 'mounted on', 'this process', ''], ...rows]),
    `missing: ${missing.join(', ') || 'nothing'}`,
    '',
  ].join('\n')
}

export function formatStats({ pids, cpu, memory, io }: CgroupStats): string {
  const sum = (operation: string) =>
    io.bytes
      .filter((entry) => entry.operation.toLowerCase() === operation)
      .reduce((total, { value }) => total + value, 0)
  const rows = [
    ['processes', `${pids.current} of ${pids.limit ?? 'any number'}`],
    ['memory', `${memory.usageBytes} bytes of ${memory.limitBytes ?? 'any number'}`],
    ['OOM kills', String(memory.oomKills)],
    [
      'processor time',
      `${(cpu.usageNs / 1e9).toFixed(3)} s (user ${(cpu.userNs / 1e9).toFixed(3)}, kernel ${(cpu.kernelNs / 1e9).toFixed(3)})`,
    ],
    ['throttled', `${cpu.throttledPeriods} of ${cpu.periods} periods, ${(cpu.throttledNs / 1e9).toFixed(3)} s`],
    ['block I/O', `${sum('read')} bytes read, ${sum('write')} written`],
  ]
  return `${table(rows)}\n`
}

function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

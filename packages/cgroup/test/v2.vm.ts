import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { describeWith, vmRun } from '../../../test/harness/requires.ts'
import { packGuest } from './guest/pack.ts'

const MB = 1024 * 1024

// Emulated, since User-mode Linux has no cpuset and does not start on every processor; one boot for all scenarios.
describeWith(['vm-run'], 'cgroup v2 in a VM', () => {
  let outcomes: Outcomes

  beforeAll(async () => {
    outcomes = await runGuest()
  })

  /** What a scenario of guest/v2-guest.ts found. */
  const found = (name: string): unknown => {
    const outcome = outcomes.get(name)
    if (outcome === undefined) throw new Error(`the VM said nothing of ${name}`)
    if (outcome.error !== undefined) throw new Error(outcome.error)
    return outcome.value
  }

  test('the layout is read: v2, and all that docker knows is there but what v2 dropped', () => {
    const { kind, support, first } = found('layout') as {
      kind: string
      support: Record<string, unknown>
      first: string[]
    }
    expect(kind).toBe('v2')
    expect(support).toMatchObject({
      memoryLimit: true,
      swapLimit: true,
      cpuset: true,
      pidsLimit: true,
      killAtOnce: true,
      freezer: true,
      devices: 'bpf',
    })
    expect(support).toMatchObject({ memorySwappiness: false, oomKillDisable: false })
    expect(first).toEqual(['cgroup.parent', 'cgroup.create'])
  })

  test('limits stand in the files, and the process was born in the group', () => {
    const { output, exitCode, disk } = found('limits') as {
      output: string
      exitCode: number
      disk: { major: number; minor: number }
    }
    expect(exitCode).toBe(0)
    expect(output.trim().split('\n')).toEqual([
      '0::/mini-docker/limits',
      `memory.max=${64 * MB}`,
      `memory.swap.max=${32 * MB}`,
      `memory.low=${16 * MB}`,
      `memory.high=${48 * MB}`,
      'cpu.max=50000 100000',
      'cpu.weight=20',
      'cpuset.cpus=0',
      'cpuset.mems=0',
      'pids.max=20',
      `io.max=${disk.major}:${disk.minor} rbps=${MB} wbps=max riops=max wiops=max`,
    ])
  })

  test('pids.max stops a fork', () => {
    expect((found('pids') as { output: string }).output).toMatch(/fork/i)
  })

  test('the BPF program allows and denies devices, access by access', () => {
    const { output } = found('devices') as { output: string }
    const said = output.split('\n').filter((line) => /null is|zero is|writable|can be|cannots?$|disk is/.test(line))
    expect(said).toEqual([
      'null is readable',
      'zero is not',
      'but writable',
      'character nodes can be made',
      'block nodes cannot',
      'the disk is not readable',
    ])
  })

  test('memory.oom.group kills the whole group', () => {
    const { exitCode, oomKills, output } = found('oomGroup') as { exitCode: number; oomKills: number; output: string }
    expect(exitCode).toBe(137)
    expect(oomKills).toBeGreaterThan(1)
    expect(output).not.toContain('survived')
  })

  test('cpu.max throttles, and statistics say so', () => {
    const stats = found('throttle') as {
      throttledNs: number
      share: number
      pids: object
      memoryBytes: number
      stat: string[]
    }
    expect(stats.throttledNs).toBeGreaterThan(0)
    expect(stats.share).toBeLessThan(0.5)
    expect(stats.pids).toMatchObject({ current: 1 })
    expect(stats.memoryBytes).toBeGreaterThan(0)
    expect(stats.stat).toContain('inactive_file')
  })

  test('freeze stops, thaw lets run, and a frozen group can be killed', () => {
    expect(found('freezer')).toEqual({ stood: true, left: [], exists: false })
  })

  test('kill and remove reach groups that the container made itself', () => {
    expect(found('nested')).toEqual({ left: [], exists: false, inner: true })
  })

  test('update changes what is given and keeps the rest', () => {
    expect(found('update')).toEqual([
      [String(64 * MB), '0', '50000 100000', 'max'],
      [String(128 * MB), String(128 * MB), '50000 100000', 'max'],
      [String(128 * MB), String(32 * MB), '50000 100000', 'max'],
      [String(128 * MB), String(32 * MB), '50000 50000', '9'],
      ['max', 'max', '50000 50000', '9'],
    ])
  })

  test('io.max slows reading down, and io.stat counts it', () => {
    const { seconds, bytes, operations } = found('io') as {
      seconds: number
      bytes: { operation: string; value: number }[]
      operations: object[]
    }
    expect(seconds).toBeGreaterThan(1)
    expect(bytes.find(({ operation }) => operation === 'read')?.value).toBeGreaterThanOrEqual(2 * MB)
    expect(operations).not.toEqual([])
  })

  test('a daemon inside a group hands controllers down after it has moved itself into a leaf', () => {
    const { refusal, own, ran } = found('delegate') as {
      refusal: string
      own: string
      ran: { exitCode: number; output: string }
    }
    expect(refusal).toBe('cgroup /sys/fs/cgroup holds processes, so it cannot hand memory to containers')
    expect(own).toBe('0::/mini-docker.host')
    expect(ran.output).toBe(`0::/mini-docker/x\n${32 * MB}\n`)
  })

  test('nothing is left behind', () => {
    expect(found('end')).toEqual({ parent: false })
  })
})

type Outcomes = Map<string, { value?: unknown; error?: string }>

async function runGuest(): Promise<Outcomes> {
  const directory = mkdtempSync(join(tmpdir(), 'cgroup-guest-'))
  try {
    await packGuest(join(import.meta.dirname, 'guest/v2-guest.ts'), directory)
    const child = spawn(vmRun, [
      '--tcg',
      '--node',
      process.execPath,
      '--pack',
      `${directory}:/guest`,
      '--',
      'node /guest/bin/guest.cjs',
    ])
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
    const lines = output.split('\n').filter((line) => line.startsWith('{'))
    if (lines.length === 0) throw new Error(`the VM printed nothing: ${errors.slice(-2000)}`)
    return new Map(
      lines
        .map((line) => JSON.parse(line) as { name: string; value?: unknown; error?: string })
        .map((outcome) => [outcome.name, outcome]),
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
}

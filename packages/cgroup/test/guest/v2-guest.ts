/** Runs inside a VM with cgroup v2: does what each scenario says to the real kernel and prints one JSON line with what it found. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { major, minor } from '@mini-docker/syscall'
import {
  cgroupSupport,
  delegate,
  freeze,
  isFrozen,
  kill,
  oomKills,
  prepareParent,
  processes,
  readCgroupLayout,
  readStats,
  releaseParent,
  remove,
  thaw,
  update,
} from '../../src/index.ts'
import type { CgroupLayout, OciLinuxResources } from '../../src/index.ts'
import { parentWork } from '../../src/parent.ts'
import { planCgroup } from '../../src/plan.ts'
import { runInCgroup } from '../../src/run-command.ts'
import { performWork } from '../../src/work.ts'
import { limitWrites } from '../../src/settings.ts'

const MB = 1024 * 1024
const OUTPUT = '/tmp/output'

const scenarios: Record<string, (layout: CgroupLayout) => Promise<unknown>> = {
  async layout() {
    const layout = readCgroupLayout()
    return {
      kind: layout.kind,
      support: cgroupSupport(layout),
      first: planCgroup(layout, 'mini-docker/x', {}).steps.map(({ id }) => id),
    }
  },

  async limits(layout) {
    const resources: OciLinuxResources = {
      memory: { limit: 64 * MB, swap: 96 * MB, reservation: 16 * MB },
      cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: '0', mems: '0' },
      pids: { limit: 20 },
      blockIO: { throttleReadBpsDevice: [{ ...rootDisk(), rate: MB }] },
      unified: { 'memory.high': String(48 * MB) },
    }
    const files =
      'memory.max memory.swap.max memory.low memory.high cpu.max cpu.weight cpuset.cpus cpuset.mems pids.max io.max'
    const ran = await run(
      layout,
      'limits',
      resources,
      `cat /proc/self/cgroup; cd /sys/fs/cgroup/mini-docker/limits; for f in ${files}; do echo $f=$(cat $f); done`,
    )
    return { ...ran, disk: rootDisk() }
  },

  pids: (layout) => run(layout, 'pids', { pids: { limit: 3 } }, 'for i in 1 2 3 4 5; do sleep 1 & done; wait'),

  devices: (layout) =>
    run(
      layout,
      'devices',
      {
        devices: [
          { allow: false, access: 'rwm' },
          { allow: true, type: 'c', access: 'm' },
          { allow: true, type: 'c', major: 1, access: 'rw' },
          { allow: false, type: 'c', major: 1, minor: 5, access: 'r' },
        ],
      },
      `cat /dev/null && echo null is readable
       head -c 1 /dev/zero > /dev/null || echo zero is not
       echo x > /dev/zero && echo but writable
       mknod /tmp/node c 1 3 && echo character nodes can be made
       mknod /tmp/disk b 8 0 || echo block nodes cannot
       head -c 1 /dev/vda || echo the disk is not readable`,
    ),

  /** Two shells: with memory.oom.group the one that is not to blame dies too. */
  async oomGroup(layout) {
    const resources = { memory: { limit: 24 * MB, swap: 24 * MB }, unified: { 'memory.oom.group': '1' } }
    return run(
      layout,
      'oom',
      resources,
      '(sleep 60; echo survived) & head -c 100m /dev/zero | tail -c 100m > /dev/null; echo survived; wait',
    )
  },

  async throttle(layout) {
    const group = await start(
      layout,
      'throttle',
      { cpu: { quota: 10_000, period: 100_000 } },
      'x=$(head -c 2m /dev/zero | tr "\\0" x); while :; do :; done',
    )
    await until(async () => {
      const { cpu, pids } = await readStats(layout, group.path)
      return cpu.throttledPeriods >= 3 && pids.current === 1
    })
    const { cpu, pids, memory } = await readStats(layout, group.path)
    await end(layout, group)
    return {
      throttledNs: cpu.throttledNs,
      periods: cpu.periods,
      share: cpu.usageNs / (cpu.periods * 100_000_000),
      pids,
      memoryBytes: memory.usageBytes,
      stat: Object.keys(memory.stat),
    }
  },

  async freezer(layout) {
    const group = await start(layout, 'freezer', {}, 'while :; do :; done')
    const cpu = async () => (await readStats(layout, group.path)).cpu.usageNs
    await until(async () => (await cpu()) > 10_000_000)
    await freeze(layout, group.path)
    const before = await cpu()
    await sleep(200)
    const stood = (await cpu()) === before && isFrozen(layout, group.path)
    await thaw(layout, group.path)
    await until(async () => (await cpu()) > before)
    await freeze(layout, group.path)
    await kill(layout, group.path)
    const left = processes(layout, group.path)
    await end(layout, group)
    return { stood, left, exists: existsSync('/sys/fs/cgroup/mini-docker/freezer') }
  },

  async nested(layout) {
    const group = await start(layout, 'nested', {}, 'sleep 60 & wait')
    mkdirSync('/sys/fs/cgroup/mini-docker/nested/a/b', { recursive: true })
    const inner = spawn('sh', ['-c', 'echo $$ > /sys/fs/cgroup/mini-docker/nested/a/b/cgroup.procs; exec sleep 60'])
    await until(() => processes(layout, group.path).length === 3)
    await kill(layout, group.path)
    const left = processes(layout, group.path)
    await remove(layout, group.path)
    return { left, exists: existsSync('/sys/fs/cgroup/mini-docker/nested'), inner: inner.pid !== undefined }
  },

  async update(layout) {
    const group = await start(
      layout,
      'update',
      { memory: { limit: 64 * MB, swap: 64 * MB }, cpu: { quota: 50_000, period: 100_000 } },
      'sleep 60',
    )
    const read = () =>
      ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'].map((file) =>
        readFileSync(`/sys/fs/cgroup/${group.path}/${file}`, 'utf8').trim(),
      )
    const seen = [read()]
    for (const change of [
      { memory: { limit: 128 * MB, swap: 256 * MB } },
      { memory: { swap: 160 * MB } },
      { cpu: { period: 50_000 }, pids: { limit: 9 } },
      { memory: { limit: -1 } },
    ]) {
      update(layout, group.path, change)
      seen.push(read())
    }
    await end(layout, group)
    return seen
  },

  async io(layout) {
    const { major: number, minor: part } = rootDisk()
    const resources = { blockIO: { throttleReadBpsDevice: [{ major: number, minor: part, rate: MB }] } }
    const group = await start(
      layout,
      'io',
      resources,
      'dd if=/dev/vda of=/dev/null bs=256k count=8 iflag=direct 2>/dev/null; sleep 60',
    )
    const began = performance.now()
    const bytesRead = async () =>
      (await readStats(layout, group.path)).io.bytes.find(({ operation }) => operation === 'read')?.value ?? 0
    await until(async () => (await bytesRead()) >= 2 * MB)
    const seconds = (performance.now() - began) / 1000
    const { io } = await readStats(layout, group.path)
    await end(layout, group)
    return { seconds, bytes: io.bytes, operations: io.operations }
  },

  /** As in a container: the root of what one sees is not the root of the machine, and one is in it. */
  async delegate() {
    mkdirSync('/sys/fs/cgroup/box')
    const script = `echo $$ > /sys/fs/cgroup/box/cgroup.procs
      exec unshare --cgroup --mount sh -c 'umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec node ${process.argv[1]} inside'`
    const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout)
  },
}

async function insideBox(): Promise<unknown> {
  const before = readCgroupLayout()
  const refusal = await run(before, 'x', { memory: { limit: 32 * MB } }, 'true').catch((error: Error) => error.message)
  const layout = prepareParent(delegate(before))
  const own = readFileSync('/proc/self/cgroup', 'utf8').trim()
  const ran = await run(
    layout,
    'x',
    { memory: { limit: 32 * MB } },
    'cat /proc/self/cgroup /sys/fs/cgroup/mini-docker/x/memory.max',
  )
  releaseParent(layout)
  return { refusal, own, ran }
}

type Ran = { exitCode: number; oomKills: number; output: string }

/** A command born in its group by the launcher. */
async function run(layout: CgroupLayout, name: string, resources: OciLinuxResources, script: string): Promise<Ran> {
  const argv = ['sh', '-c', `exec > ${OUTPUT} 2>&1\n${script}`]
  const result = await runInCgroup(layout, {
    path: `mini-docker/${name}`,
    resources,
    argv,
    env: { PATH: process.env['PATH'] ?? '' },
    cwd: '/tmp',
  })
  return { ...result, output: existsSync(OUTPUT) ? readFileSync(OUTPUT, 'utf8') : '' }
}

type Group = { path: string; child: ChildProcess }

/** A command that stays, in a group that this process looks at. */
async function start(layout: CgroupLayout, name: string, resources: OciLinuxResources, script: string): Promise<Group> {
  const path = `mini-docker/${name}`
  performWork([
    ...parentWork(layout, path, []),
    { do: 'mkdir', path: `/sys/fs/cgroup/${path}` },
    ...limitWrites(layout, path, resources),
  ])
  const child = spawn('sh', ['-c', `echo $$ > /sys/fs/cgroup/${path}/cgroup.procs\n${script}`], { stdio: 'ignore' })
  await until(() => processes(layout, path).length > 0)
  return { path, child }
}

async function end(layout: CgroupLayout, { path }: Group): Promise<void> {
  await kill(layout, path)
  oomKills(layout, path)
  await remove(layout, path)
}

function rootDisk(): { major: number; minor: number } {
  const { dev } = statSync('/')
  return { major: major(dev), minor: minor(dev) }
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('waited 30 s in vain')
    await sleep(20)
  }
}

async function main(): Promise<void> {
  if (process.argv[2] === 'inside') {
    process.stdout.write(JSON.stringify(await insideBox()))
    return
  }
  let layout = readCgroupLayout()
  for (const [name, scenario] of Object.entries(scenarios)) {
    const outcome = await scenario(layout).then(
      (value) => ({ name, value }),
      (error: Error) => ({ name, error: `${error.stack}` }),
    )
    process.stdout.write(`${JSON.stringify(outcome)}\n`)
    if (name === 'layout') layout = prepareParent(layout)
  }
  releaseParent(layout)
  process.stdout.write(
    `${JSON.stringify({ name: 'end', value: { parent: existsSync('/sys/fs/cgroup/mini-docker') } })}\n`,
  )
}

void main()

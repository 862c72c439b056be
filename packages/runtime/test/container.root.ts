/** Real containers on this machine, from the machine's static busybox; compared with runc's where it is installed. */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareParent } from '@mini-docker/cgroup'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  launcherFile,
  Monitor,
  planContainer,
  planExec,
  readExit,
  readMachine,
  startContainer,
  startExec,
  undo,
  undoCalls,
  type Machine,
  type PlanOptions,
  type Spec,
} from '../src/index.ts'
import { dockerSpec } from './spec.ts'

const RUNC = ['/usr/sbin/runc', '/usr/bin/runc'].find((path) => existsSync(path))
let root: string
let machine: Machine
let serial = 0

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'runtime-test-'))
  machine = readMachine()
  machine = { ...machine, cgroups: prepareParent(machine.cgroups) }
  const bin = join(root, 'layer', 'bin')
  for (const name of ['bin', 'etc', 'usr/bin', 'tmp', 'root']) mkdirSync(join(root, 'layer', name), { recursive: true })
  copyFileSync('/bin/busybox', join(bin, 'busybox'))
  for (const applet of execFileSync('/bin/busybox', ['--list']).toString().trim().split('\n')) {
    if (!existsSync(join(bin, applet))) symlinkSync('busybox', join(bin, applet))
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function prepare(spec: Spec, options: Partial<PlanOptions> = {}) {
  const id = `runtime-test-${process.pid}-${serial++}`
  const bundle = join(root, id)
  for (const name of ['upper', 'work', 'rootfs']) mkdirSync(join(bundle, name), { recursive: true })
  const overlay = { layersDir: root, lower: ['layer'], upper: join(bundle, 'upper'), work: join(bundle, 'work') }
  const plan = planContainer(
    spec,
    { bundle, overlay, cgroupPath: `mini-docker/${id}`, openStdin: false, autoRemove: false, ...options },
    machine,
  )
  return { plan, bundle, cgroupPath: `mini-docker/${id}` }
}

async function run(spec: Spec, options: Partial<PlanOptions> = {}) {
  const { plan, bundle } = prepare(spec, options)
  let output = ''
  try {
    const { monitor } = await startContainer(plan, {
      output: (_stream, chunk) => {
        output += chunk.toString()
      },
    })
    const exit = await monitor.exited
    return { output, exit, bundle }
  } finally {
    await undo(undoCalls(plan.steps))
  }
}

const FACTS = [
  'id',
  'umask',
  'hostname',
  'cat /proc/self/oom_score_adj',
  'grep -E "^(Cap|NoNew|Groups)" /proc/self/status',
  'grep "open files" /proc/self/limits',
  'ls -la /dev | sed 1,3d | awk \'{print $1,$3,$4,$5,$6=="" ?"":($1 ~ /^c/ ? $6 : ""),$NF}\'',
  "ls -ld /dev/pts /dev/shm /dev/mqueue /proc /sys | awk '{print $1,$NF}'",
  'cut -d" " -f5-6 /proc/self/mountinfo | grep -vE "^/(proc|sys/fs)" | sort',
  'sed "s/.* - //" /proc/self/mountinfo | cut -d" " -f1 | sort | uniq -c | grep -vE "overlay|ext4|cgroup"',
  'cat /proc/self/cgroup',
  'cat /proc/keys | wc -c',
  'ls /proc/acpi /sys/firmware',
  "sh -c 'echo 1 > /proc/sys/kernel/hostname'",
  'touch /sys/x',
  'ls /proc/self/fd',
  'ip -o link | cut -d: -f2 | grep -c lo',
  'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max',
  'readlink /proc/self/cwd',
  'env | sort',
  'tr "\\0" " " < /proc/1/cmdline | cut -c1-10',
  'cat /proc/self/loginuid /proc/self/sessionid 2>/dev/null | wc -c',
]

describe('a container', () => {
  test.skipIf(RUNC === undefined)('is what runc makes of the same config (requires runc)', async () => {
    const script = FACTS.map((fact) => `echo '# ${fact.replaceAll("'", '')}'; ${fact} 2>&1`).join('\n')
    const spec = dockerSpec(['sh', '-c', script])
    // runc keeps a session keyring and shows its own cgroup mounts; everything else must be equal
    const ours = await run(spec)
    const theirs = runc(spec)
    expect(ours.output.split('\n')).toEqual(theirs.split('\n'))
  })

  test('ends with its own code, and the code is on the disk', async () => {
    const { exit, bundle } = await run(dockerSpec(['sh', '-c', 'exit 42']))
    expect(exit).toMatchObject({ exitCode: 42 })
    expect(readExit(bundle)).toMatchObject({ exitCode: 42 })
  })

  test.each([
    ['no-such-command', 127, 'exec: "no-such-command": executable file not found in $PATH'],
    ['/no/such/file', 127, 'exec: "/no/such/file": no such file or directory'],
    ['/etc', 126, 'exec: "/etc": permission denied'],
  ])('%s fails with %i, and nothing is left', async (command, exitCode, message) => {
    await expect(run(dockerSpec([command]))).rejects.toMatchObject({ exitCode, message })
    expect(leftovers()).toEqual([])
  })

  test('a working directory that is not there is made', async () => {
    const { output } = await run(dockerSpec(['pwd'], { cwd: '/some/new/place' }))
    expect(output).toBe('/some/new/place\n')
  })

  test('with a terminal: a controlling terminal, job control, /dev/console, its size', async () => {
    const spec = dockerSpec(
      [
        'sh',
        '-c',
        'tty; ls -l /dev/console | cut -c1; stty size; echo to-tty > /dev/tty; set -m; sleep 0.01 & fg >/dev/null; echo done',
      ],
      { terminal: true, consoleSize: { height: 33, width: 99 } },
    )
    const { output } = await run(spec)
    expect(output.replaceAll('\r', '')).toBe('/dev/pts/0\nc\n33 99\nto-tty\ndone\n')
  })

  test('--init: process 1 reaps, and the command is process 2 or later', async () => {
    const { output, exit } = await run(
      dockerSpec(['sh', '-c', 'echo $$; (sleep 0.02 &); sleep 0.1; ps -o stat | grep -c Z; exit 9']),
      { initFile: launcherFile() },
    )
    expect(output).toBe('2\n0\n')
    expect(exit.exitCode).toBe(9)
  })

  test('as a user: its ids, no capabilities, and /dev/stdout can be opened again', async () => {
    const { output } = await run(
      dockerSpec(['sh', '-c', 'id -u; id -g; id -G; grep CapEff /proc/self/status; echo again > /dev/stdout'], {
        user: { uid: 1000, gid: 100, additionalGids: [100, 10] },
        capabilities: { bounding: ['CAP_CHOWN'] },
      }),
    )
    expect(output).toBe('1000\n100\n100 10\nCapEff:\t0000000000000000\nagain\n')
  })
})

describe('hostile images', () => {
  const HOST_CANARY = () => join(root, 'canary')
  test('links in the way of mounts lead nowhere but into the container', async () => {
    mkdirSync(HOST_CANARY(), { recursive: true })
    const { plan, bundle } = prepare({
      ...dockerSpec(['sh', '-c', 'cat /data/file; ls -d /data']),
      mounts: [
        ...(dockerSpec([]).mounts ?? []),
        { destination: '/data/file', type: 'bind', source: '/etc/hostname', options: ['rbind', 'ro'] },
      ],
    })
    symlinkSync(HOST_CANARY(), join(bundle, 'upper', 'data'))
    let output = ''
    const started = startContainer(plan, { output: (_stream, chunk) => void (output += chunk.toString()) })
    // The link points to a path that the container does not have: mkdir of it fails, or lands inside; never on the host.
    await started.then(({ monitor }) => monitor.exited).catch(() => {})
    await undo(undoCalls(plan.steps))
    expect(readdirSync(HOST_CANARY())).toEqual([])
  })

  test.each(['/proc', '/sys'])('%s as a link is refused: what is masked would be shown elsewhere', async (path) => {
    const { plan, bundle } = prepare(dockerSpec(['true']))
    symlinkSync('/tmp', join(bundle, 'upper', path.slice(1)))
    await expect(startContainer(plan)).rejects.toThrow(/ELOOP/)
  })
})

describe('exec', () => {
  test('runs in the same namespaces and cgroup, with input, output and an exit code', async () => {
    const { plan, bundle, cgroupPath } = prepare(dockerSpec(['sleep', '100']))
    const { monitor, pid } = await startContainer(plan)
    const directory = join(bundle, 'exec')
    mkdirSync(directory)
    let output = ''
    const process = dockerSpec([
      'sh',
      '-c',
      'hostname; for p in self 1; do readlink /proc/$p/ns/pid; done | uniq | wc -l; cat; cat /proc/self/cgroup | cut -d: -f3 | sort -u; exit 5',
    ]).process
    const exec = await startExec(planExec(process, { pid, cgroupPath }, { directory, openStdin: true }, machine), {
      output: (_stream, chunk) => void (output += chunk.toString()),
    })
    await exec.monitor.writeStdin(Buffer.from('typed\n'))
    await exec.monitor.closeStdin()
    expect(await exec.monitor.exited).toMatchObject({ exitCode: 5 })
    expect(output).toBe('boxy\n1\ntyped\n/\n')
    monitor.signal(9)
    await monitor.exited
    await undo(undoCalls(plan.steps))
    expect(leftovers()).toEqual([])
  })
})

describe('when things die', () => {
  test('the monitor is killed: the container dies with it', async () => {
    const { plan, bundle } = prepare(dockerSpec(['sleep', '100']))
    const { monitor, launcherPid, pid } = await startContainer(plan)
    process.kill(launcherPid ?? 0, 'SIGKILL')
    await expect(monitor.exited).rejects.toThrow('is gone')
    await expect.poll(() => alive(pid)).toBe(false)
    await expect(Monitor.connect(join(bundle, 'monitor.sock'))).rejects.toThrow()
    await undo(undoCalls(plan.steps))
    expect(leftovers()).toEqual([])
  })
})

function runc(spec: Spec): string {
  const id = `runtime-test-runc-${process.pid}`
  const bundle = join(root, id)
  mkdirSync(bundle)
  execFileSync('cp', ['-a', join(root, 'layer'), join(bundle, 'rootfs')])
  writeFileSync(
    join(bundle, 'config.json'),
    JSON.stringify({ ...spec, linux: { ...spec.linux, cgroupsPath: `/mini-docker/${id}` } }),
  )
  return execFileSync(RUNC ?? 'runc', ['--root', join(root, 'runc'), 'run', '--bundle', bundle, id], {
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString()
}

function alive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** Mounts and cgroups of this file's containers. */
function leftovers(): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(root))
  const groups = machine.cgroups.hierarchies.flatMap(({ base }) =>
    existsSync(join(base, 'mini-docker')) ? readdirSync(join(base, 'mini-docker')) : [],
  )
  return [...mounts, ...groups.filter((name) => name.startsWith(`runtime-test-${process.pid}`))]
}

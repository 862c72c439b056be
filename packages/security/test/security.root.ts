/** The plans, run: what the kernel says of a process afterwards, beside what runc makes of the same. Needs root. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AT_FDCWD, call, MS_BIND, unlinkat, type Call, type Step } from '@mini-docker/syscall'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  applyCapAddDrop,
  capabilityMask,
  capabilityNames,
  DEFAULT_CAPABILITIES,
  DEFAULT_READONLY_PATHS,
  dockerCapabilitySets,
  planMaskedPaths,
  planNoNewPrivileges,
  planOomScoreAdj,
  planReadonlyPaths,
  planRlimits,
  planUserAndCapabilities,
  readDefaultMaskedPaths,
  readOwnCapabilities,
  statusMask,
  type CapabilitySets,
  type ProcessUser,
} from '../src/index.ts'
import { runInside } from '../../../test/harness/inside.ts'

const own = readOwnCapabilities()
const root: ProcessUser = { uid: 0, gid: 0, additionalGids: [0] }
const FIELDS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'] as const

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'security-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

async function statusAfter(user: ProcessUser, sets: CapabilitySets, before: Step[] = []): Promise<string> {
  const steps = [...before, ...planUserAndCapabilities(user, sets, own.lastCap)]
  const { output } = await runInside(steps, 'cat /proc/self/status; umask')
  return output
}

const masks = (status: string) => FIELDS.map((field) => statusMask(status, field))

describe('the capabilities of the command', () => {
  test('are, for root, those that were asked for', async () => {
    const wanted = capabilityMask(DEFAULT_CAPABILITIES)
    expect(masks(await statusAfter(root, dockerCapabilitySets(DEFAULT_CAPABILITIES)))).toEqual([
      0n,
      wanted,
      wanted,
      wanted,
      0n,
    ])
  })

  test('are none in force for an ordinary user, with the ceiling in place', async () => {
    const user = { uid: 1000, gid: 1001, additionalGids: [1001, 44, 5], umask: 0o027 }
    const status = await statusAfter(user, dockerCapabilitySets(DEFAULT_CAPABILITIES))
    expect(masks(status)).toEqual([0n, 0n, 0n, capabilityMask(DEFAULT_CAPABILITIES), 0n])
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m)
    expect(status).toMatch(/^Gid:\t1001\t1001\t1001\t1001$/m)
    expect(status).toMatch(/^Groups:\t5 44 1001 $/m)
    expect(status).toMatch(/^0027$/m)
  })

  test('are kept by an ordinary user where they are ambient', async () => {
    const one = ['CAP_NET_BIND_SERVICE']
    const sets = { bounding: one, permitted: one, effective: one, inheritable: one, ambient: one }
    const mask = capabilityMask(one)
    expect(masks(await statusAfter({ uid: 1000, gid: 1000 }, sets))).toEqual([mask, mask, mask, mask, mask])
  })

  test('of a privileged container are all that we have', async () => {
    const names = applyCapAddDrop({ privileged: true }, own)
    const status = await statusAfter(root, dockerCapabilitySets(names))
    expect(capabilityNames(statusMask(status, 'CapEff'))).toEqual(capabilityNames(own.available))
    expect(statusMask(status, 'CapBnd')).toBe(own.available)
  })

  test('that we do not have make capset fail, which is why they are left out before', async () => {
    const all = {
      ...dockerCapabilitySets(['CAP_CHOWN']),
      permitted: capabilityNames((1n << BigInt(own.lastCap + 1)) - 1n),
    }
    const refused = statusAfter(root, all, [dropStep('CAP_CHOWN')])
    await expect(refused).rejects.toMatchObject({ syscall: 'capset', code: 'EPERM' })
  })

  test('can all be gone', async () => {
    const status = await statusAfter(root, dockerCapabilitySets([]), [planNoNewPrivileges()])
    expect(masks(status)).toEqual([0n, 0n, 0n, 0n, 0n])
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
  })

  test.skipIf(!existsSync('/usr/sbin/runc') && !existsSync('/usr/bin/runc'))(
    'are bit for bit what runc leaves its process for the same sets (skipped without runc)',
    async () => {
      const cases: { user: ProcessUser; sets: CapabilitySets }[] = [
        { user: root, sets: dockerCapabilitySets(DEFAULT_CAPABILITIES) },
        { user: { uid: 1000, gid: 1000, additionalGids: [7] }, sets: dockerCapabilitySets(['CAP_KILL', 'CAP_CHOWN']) },
        {
          user: { uid: 1000, gid: 1000 },
          sets: {
            bounding: ['CAP_KILL', 'CAP_BPF'],
            permitted: ['CAP_KILL', 'CAP_BPF'],
            effective: ['CAP_KILL'],
            inheritable: ['CAP_KILL'],
            ambient: ['CAP_KILL'],
          },
        },
      ]
      for (const { user, sets } of cases) {
        const ours = interesting(await statusAfter(user, sets))
        expect(ours).toEqual(interesting(statusInRunc(user, sets)))
      }
    },
  )
})

/** A step that takes a capability from ourselves, so that the test does not depend on what this machine lacks. */
function dropStep(name: string): Step {
  const kept = own.available & ~capabilityMask([name])
  const sets = { ...dockerCapabilitySets(capabilityNames(kept)), bounding: capabilityNames(own.available) }
  const [, , capabilities] = planUserAndCapabilities(root, sets, own.lastCap) as [Step, Step, Step]
  return { ...capabilities, id: 'test.drop' }
}

const interesting = (status: string) =>
  status.split('\n').filter((line) => /^(Cap...|Uid|Gid|Groups|NoNewPrivs|Seccomp):/.test(line))

/** `runc run` of a container that shares every file with us and prints its status. */
function statusInRunc(user: ProcessUser, sets: CapabilitySets): string {
  const config = {
    ociVersion: '1.0.2',
    process: {
      user,
      args: ['cat', '/proc/self/status'],
      env: ['PATH=/usr/bin:/bin'],
      cwd: '/',
      capabilities: sets,
    },
    root: { path: join(base, 'rootfs'), readonly: true },
    mounts: [
      ...['bin', 'usr', 'lib', 'lib64'].map((name) => ({
        destination: `/${name}`,
        type: 'bind',
        source: `/${name}`,
        options: ['rbind', 'ro'],
      })),
      { destination: '/proc', type: 'proc', source: 'proc' },
    ],
    linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }] },
  }
  mkdirSync(join(base, 'rootfs'), { recursive: true })
  writeFileSync(join(base, 'config.json'), JSON.stringify(config))
  const id = `mini-docker-test-${process.pid}`
  return execFileSync('runc', ['--root', join(base, 'runc'), 'run', '--bundle', base, id], { stdio: 'pipe' }).toString()
}

describe('masked paths', () => {
  test('cannot be read: files are /dev/null, directories empty and read-only, missing ones no error', async () => {
    const paths = [...readDefaultMaskedPaths(), '/proc/fs', '/proc/no/such/path']
    const script = `
      for p in ${paths.join(' ')}; do
        if [ -d $p ]; then ls -A $p; touch $p/x 2>/dev/null && echo "written: $p"; 
        elif [ -e $p ]; then cat $p; [ -c $p ] || echo "no device: $p"; fi
      done; grep -c ' /proc/' /proc/self/mountinfo`
    const { output } = await runInside([planMaskedPaths(paths)], script)
    expect(output).toMatch(/^\d+\n$/)
    expect(Number(output)).toBeGreaterThan(2)
  })

  test('are hidden once each, by the right kind of mount', async () => {
    mkdirSync(join(base, 'directory'))
    writeFileSync(join(base, 'directory/secret'), 'secret')
    writeFileSync(join(base, 'file'), 'secret')
    const paths = ['directory', 'file', 'gone', 'file/below'].map((name) => join(base, name))
    const { output } = await runInside(
      [planMaskedPaths(paths)],
      `grep ${base} /proc/self/mountinfo | cut -d' ' -f4,5,9-; cat ${base}/file`,
    )
    expect(output.replaceAll(base, 'BASE').split('\n')).toEqual([
      expect.stringMatching(/^\/ BASE\/directory tmpfs ro,/),
      expect.stringMatching(/^\/null BASE\/file .*devtmpfs/),
      '',
    ])
  })

  test('are not hidden by what a symbolic link in place of /dev/null leads to (CVE-2025-31133)', async () => {
    mkdirSync(join(base, 'dev'))
    symlinkSync('/proc/sys/kernel/core_pattern', join(base, 'dev/null'))
    const steps = [bindStep(join(base, 'dev'), '/dev'), planMaskedPaths(['/proc/keys'])]
    await expect(runInside(steps, 'true')).rejects.toMatchObject({ syscall: 'openat2', code: 'ELOOP' })
  })

  test('without a /proc are an error, and not silently left as they are', async () => {
    mkdirSync(join(base, 'empty'))
    writeFileSync(join(base, 'file'), 'secret')
    const steps = [bindStep(join(base, 'empty'), '/proc'), planMaskedPaths([join(base, 'file')])]
    await expect(runInside(steps, 'true')).rejects.toMatchObject({ syscall: 'readlinkat', code: 'ENOENT' })
  })
})

function bindStep(source: string, target: string): Step {
  const calls: Call[] = [call('mount', [source, target, null, MS_BIND, null])]
  return { id: 'test.bind', stage: 'rootfs', where: 'container', calls, shell: [], man: [] }
}

describe('read-only paths', () => {
  test('refuse writing and keep their other flags', async () => {
    // Its own value is written back: if it should not be read-only, nothing changes on the machine either.
    const file = '/proc/sys/kernel/printk_ratelimit'
    const script = `old=$(cat ${file}); echo $old > ${file}; grep ' /proc/sys ' /proc/self/mountinfo | cut -d' ' -f6`
    const before = execFileSync('sh', ['-c', "grep ' /proc ' /proc/self/mountinfo | cut -d' ' -f6 | tail -1"])
      .toString()
      .trim()
    const { output } = await runInside([planReadonlyPaths([...DEFAULT_READONLY_PATHS, '/proc/no-such'])], script)
    expect(output).toContain('Read-only file system')
    expect(output.trim().split('\n').at(-1)).toBe(before.replace('rw', 'ro'))
  })

  test('keep nosuid, nodev and noexec of the mount they lie on', async () => {
    mkdirSync(join(base, 'mnt'))
    const tmpfs: Step = {
      ...bindStep('', ''),
      calls: [
        call('mount', ['tmpfs', join(base, 'mnt'), 'tmpfs', 2 | 4 | 8, null]),
        call('mkdirat', [AT_FDCWD, join(base, 'mnt/sub'), 0o755]),
      ],
    }
    const { output } = await runInside(
      [tmpfs, planReadonlyPaths([join(base, 'mnt/sub')])],
      `grep ${base}/mnt/sub /proc/self/mountinfo`,
    )
    expect(output).toMatch(/ ro,nosuid,nodev,noexec,/)
  })
})

test('rlimits and the OOM score are what was asked for', async () => {
  const steps = [
    planRlimits([
      { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0n },
    ]),
    planOomScoreAdj(345),
  ]
  const { output } = await runInside(steps, 'ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj')
  expect(output).toBe('100\n200\n0\n345\n')
})

test('after no_new_privs a setuid program gives nothing', async () => {
  const copy = join(base, 'id')
  execFileSync('cp', ['/usr/bin/id', copy])
  execFileSync('chmod', ['4755', copy])
  execFileSync('chmod', ['755', base])
  const user = planUserAndCapabilities(
    { uid: 1000, gid: 1000 },
    dockerCapabilitySets(DEFAULT_CAPABILITIES),
    own.lastCap,
  )
  const without = await runInside(user, `${copy} -u`)
  const withIt = await runInside([planNoNewPrivileges(), ...user], `${copy} -u`)
  expect([without.output, withIt.output]).toEqual(['0\n', '1000\n'])
  unlinkat(AT_FDCWD, copy)
})

/** The built program on a kernel with cgroup v2: packed as files, without node_modules. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, globSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Result } from '../harness/command.ts'
import { repository } from '../harness/daemon.ts'
import { busyboxArchive } from '../harness/images.ts'
import { describeWith } from '../harness/requires.ts'
import { runInVm } from '../harness/vm.ts'

describeWith(['root', 'built', 'vm-run'], 'cgroup v2', () => {
  let pack: string
  beforeAll(async () => {
    pack = mkdtempSync(join(tmpdir(), 'mini-docker-pack-'))
    for (const file of globSync(
      ['dist/*.js', 'dist/*.node', 'dist/package.json', 'packages/syscall/launcher/launcher-*'],
      { cwd: repository },
    )) {
      mkdirSync(dirname(join(pack, file)), { recursive: true })
      cpSync(join(repository, file), join(pack, file))
    }
    cpSync(busyboxArchive(), join(pack, 'busybox.tar'))
  })
  afterAll(() => rmSync(pack, { recursive: true }))

  /** A script in a fresh VM; `md` is our command. */
  const inVm = (script: string): Promise<Result> =>
    runInVm(`set -e; md() { node -- /opt/mini/dist/main.js "$@"; }; ${script}`, {
      node: join(repository, 'node_modules/.bin/node'),
      pack,
    })

  test('run demo: the first container of a fresh machine', async () => {
    expect(await inVm('md run --rm demo echo hello')).toMatchObject({ stdout: 'hello\n', exitCode: 0 })
  })

  test('limits stand in the files of the container’s own cgroup, and go with it', async () => {
    const script = [
      'md load -q -i /opt/mini/busybox.tar',
      'id=$(md run -d --name limited -m 64m --memory-swap 96m --cpus 0.5 --cpu-shares 512 --pids-limit 40 --network none busybox:test sleep 100)',
      'group=$(find /sys/fs/cgroup -type d -path "*mini-docker*$id" | head -1)',
      'cd $group; for f in memory.max memory.swap.max cpu.max cpu.weight pids.max; do echo "$f $(cat $f)"; done',
      'wc -l < cgroup.procs; cd /',
      'md exec limited cat /proc/self/cgroup',
      'md update 2>/dev/null || true',
      'md pause limited; grep frozen $group/cgroup.events; md unpause limited',
      'md rm -f limited >/dev/null; test -d $group || echo gone',
      'md run --rm -m 16m --memory-swap 16m --network none busybox:test sh -c "head -c 100m /dev/zero | tail >/dev/null" || echo "ended with $?"',
    ]
    const result = await inVm(script.join('; '))
    // The shell whose child the kernel killed says so.
    expect(result.stderr).toMatch(/^(Killed\n)?$/)
    expect(result.stdout.split('\n').slice(1)).toEqual(
      expect.arrayContaining([
        'memory.max 67108864',
        'memory.swap.max 33554432',
        'cpu.max 50000 100000',
        'cpu.weight 20',
        'pids.max 40',
        '0::/',
        'frozen 1',
        'gone',
        expect.stringMatching(/^ended with (137|1)$/),
      ]),
    )
  })

  test('the daemon may stand in a cgroup with other processes (no-internal-process rule), and devices are held by BPF', async () => {
    const script = [
      'mkdir /sys/fs/cgroup/session; echo $$ > /sys/fs/cgroup/session/cgroup.procs',
      'md load -q -i /opt/mini/busybox.tar >/dev/null',
      'md run --rm -m 64m --network none busybox:test sh -c "mknod /tmp/sda b 8 0; head -c 1 /tmp/sda 2>&1; head -c 1 /dev/zero | wc -c"',
    ]
    const result = await inVm(script.join('; '))
    expect(result.stdout).toMatch(/Operation not permitted\n1\n$/)
    expect(result.exitCode).toBe(0)
  })
})

/**
 * What `--explain` prints is true: the script, run by a root shell in fresh namespaces, makes a container in which everything is as in the one that
 * mini-docker makes itself.
 */
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Daemon } from '../harness/daemon.ts'
import { run } from '../harness/command.ts'
import { BUSYBOX } from '../harness/images.ts'
import { onDocker, sleeper, suite } from './suite.ts'

/** Everything that a process can see of its container, one fact a line. */
const FACTS = String.raw`
  id; pwd; umask; hostname; cat /proc/sys/kernel/domainname
  echo mounts; sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //' /proc/self/mountinfo
  echo status; grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigIgn|SigBlk)' /proc/self/status
  echo limits; cat /proc/self/limits
  echo cgroup; cat /proc/self/cgroup; cat /proc/self/oom_score_adj
  for file in memory/memory.limit_in_bytes memory.max pids/pids.max pids.max cpu/cpu.cfs_quota_us cpu.max devices/devices.list; do
    [ ! -e /sys/fs/cgroup/$file ] || { echo $file; cat /sys/fs/cgroup/$file; }
  done
  echo environment; env | sort
  echo files; cat /etc/hosts /etc/hostname /etc/resolv.conf
  stat -c '%A %u:%g %t:%T %n' / /proc /sys /tmp /dev /dev/* /etc/hosts
  for link in /dev/fd /dev/stdin /dev/ptmx; do readlink $link; done
  echo network; cat /proc/net/route /proc/net/if_inet6; cat /proc/net/fib_trie; ls /sys/class/net
  for link in /sys/class/net/*; do cat $link/address $link/mtu; done
  cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ip_forward
  echo processes; tr '\0' ' ' < /proc/1/cmdline
  exit 7`

const SETS: Record<string, { options: string[]; shows?: RegExp }> = {
  plain: { options: [] },
  limits: {
    options: [
      '-m',
      '64m',
      '--pids-limit',
      '50',
      '--cpus',
      '0.5',
      '--ulimit',
      'nofile=100:200',
      '--oom-score-adj',
      '300',
    ],
    shows: /67108864/,
  },
  user: { options: ['--user', '1000:1000', '--group-add', '7'], shows: /uid=1000/ },
  volumes: {
    options: ['-v', 'data:/data', '-v', '/usr/share:/host:ro', '--tmpfs', '/scratch:size=1m', '-w', '/made/here'],
    shows: /\/scratch rw/,
  },
  'read-only': { options: ['--read-only'], shows: /mounts\n\/ \/ ro/ },
  init: { options: ['--init'], shows: /docker-init/ },
  sysctls: {
    options: ['--sysctl', 'net.ipv4.ip_forward=0', '--hostname', 'abc', '--domainname', 'example.org'],
    shows: /abc/,
  },
  capabilities: {
    options: ['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--security-opt', 'no-new-privileges'],
    shows: /CapBnd:\s0000000000001000/,
  },
  'no capabilities': { options: ['--cap-drop', 'ALL', '--user', '1000'], shows: /CapBnd:\s0000000000000000/ },
  privileged: { options: ['--privileged'], shows: /CapBnd:\s0*1f/ },
  'namespaces of the host': { options: ['--pid', 'host', '--ipc', 'host'] },
  words: { options: ['-e', `A=it's "q" $HOME`, '--device', '/dev/fuse'], shows: /it's "q" \$HOME/ },
}

if (!onDocker) {
  suite('the script of --explain makes an equal container', ['setpriv', 'nft', 'ip'], (daemon) => {
    test.each(Object.keys(SETS))('%s', async (name) => {
      const { options, shows = /./ } = SETS[name]!
      await expectEqual(daemon(), ['--network', 'none', ...options], shows)
    })

    test('a bridge network with a published port, on a machine that has neither bridge nor table', async () => {
      await expectEqual(daemon(), ['-p', '127.0.0.1:18080:80'], /eth0/)
    })

    test('a process in a container that runs', async () => {
      const id = await sleeper(daemon(), '-m', '64m')
      const words = ['-w', '/tmp', '-e', 'A=b', '--user', '1000', id, 'sh', '-c', FACTS]
      const ours = await daemon().cli(['exec', ...words])
      const script = await daemon().ok('exec', '--explain', ...words)
      expect(normal((await inShell(script)).all)).toBe(normal(ours.stdout + `exit ${ours.exitCode}`))
    })

    test('in Japanese it is the same script', async () => {
      const arguments_ = ['--network', 'none', BUSYBOX, 'echo', 'こんにちは']
      const japanese = await daemon().ok('run', '--explain', '--lang', 'ja', ...arguments_)
      expect((await inShell(japanese)).all).toBe('こんにちは\nexit 0')
    })

    test('nothing is left where it fails in the middle', async () => {
      const script = await daemon().ok('run', '--explain', '--network', 'none', BUSYBOX, 'no-such-program')
      const folder = /mkdir -p (\S+)\/upper/.exec(script)![1]!
      expect((await inShell(script)).all).toMatch(/exit 127$/)
      expect(existsSync(folder)).toBe(false)
    })

    test('nothing is left where somebody ends it', async () => {
      const words = ['sh', '-c', "trap '' TERM INT; echo ready; while :; do sleep 1; done"]
      const script = await daemon().ok('run', '--explain', '--network', 'none', BUSYBOX, ...words)
      const id = /\/containers\/([0-9a-f]{64})/.exec(script)![1]!
      const ended = `sh "$0" & SCRIPT=$!; sleep 0.1; until grep -q ready "$0.out"; do sleep 0.1; done; kill -TERM $SCRIPT; wait $SCRIPT`
      const { all } = await inShell(script, `(${ended}) > "$0.out" 2> /dev/null`)
      expect(all).toMatch(/exit 143$/)
      expect(existsSync(join(daemon().dataRoot, 'containers', id))).toBe(false)
      expect(globSync(`/sys/fs/cgroup/**/mini-docker/${id}`)).toEqual([])
    })

    test('a user network, and the network of another container', async () => {
      await daemon().ok('network', 'create', 'town')
      try {
        await expectEqual(daemon(), ['--network', 'town'], /eth0/)
        const id = await daemon().ok('run', '-d', '--network', 'town', BUSYBOX, 'sleep', '1000')
        const words = ['--rm', '--network', `container:${id}`, BUSYBOX, 'sh', '-c', FACTS]
        const script = await daemon().ok('run', '--explain', ...words)
        const ours = await daemon().cli(['run', ...words])
        expect(normal((await inShell(script)).all)).toBe(normal(`${ours.stdout}exit ${ours.exitCode}`))
        await daemon().ok('rm', '-f', id)
      } finally {
        await daemon().ok('network', 'rm', 'town')
      }
    })
  })
}

async function expectEqual(daemon: Daemon, options: string[], shows: RegExp): Promise<void> {
  const words = ['--rm', ...options, BUSYBOX, 'sh', '-c', FACTS]
  const script = await daemon.ok('run', '--explain', ...words)
  const ours = await daemon.cli(['run', ...words])
  const theirs = await inShell(script)
  expect(ours.exitCode, ours.stderr).toBe(7)
  expect(ours.stdout).toMatch(shows)
  expect(normal(theirs.all), theirs.all).toBe(normal(`${ours.stdout}exit ${ours.exitCode}`))
}

/** The script in mount and network namespaces of its own; standard output and how it ended. */
async function inShell(script: string, how = 'exec sh "$0"'): Promise<{ all: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-script-'))
  try {
    const file = join(directory, 'script.sh')
    writeFileSync(file, script)
    const place = ['unshare', '--mount', '--net', 'sh', '-c', `ip link set lo up; ${how}`, file]
    const { stdout, stderr, exitCode } = await run(place)
    if (exitCode > 7 && exitCode < 127) throw new Error(stderr)
    return { all: `${stdout}exit ${exitCode}` }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Ids differ from container to container, and so does what the propagation of mounts is called. */
function normal(facts: string): string {
  return facts
    .replaceAll(/[0-9a-f]{64}|(?<![0-9a-f:])[0-9a-f]{12}(?![0-9a-f])/g, 'ID')
    .replaceAll(/ (master|shared):\d+/g, ' $1')
}

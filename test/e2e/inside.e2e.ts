/** What a program in the container sees is what runc would have made: namespaces, /dev, /proc, /sys, capabilities. */
import { readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inBusybox, onDocker, suite } from './suite.ts'

suite('inside the container', [], (daemon) => {
  test('each namespace is its own', async () => {
    const kinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts']
    const names = await inBusybox(daemon(), [], kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join('; '))
    const inside = names.split('\n')
    for (const [index, kind] of kinds.entries()) {
      // docker leaves the cgroup namespace shared on cgroup v1.
      if (kind === 'cgroup' && daemon().kind === 'docker') continue
      expect(inside[index], kind).not.toBe(readlinkSync(`/proc/self/ns/${kind}`))
    }
  })

  test('the process is number 1, and sees only its own', async () => {
    expect(await inBusybox(daemon(), [], 'echo $$; ls /proc | grep -c "^[0-9]"')).toMatch(/^1\n[2-4]$/)
  })

  test('/dev has its devices, links, ptmx and mounts, and nothing of the host’s', async () => {
    const text = await inBusybox(
      daemon(),
      [],
      'cd /dev; ls | tr "\\n" " "; echo; for d in null zero full random urandom tty; do stat -c "%n %t:%T %a" $d; done; for link in fd stdin ptmx; do readlink $link; done; stat -c %a shm; cat null | wc -c',
    )
    expect(text.split('\n')).toEqual([
      expect.stringMatching(
        /^(console )?(core )?fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero $/,
      ),
      'null 1:3 666',
      'zero 1:5 666',
      'full 1:7 666',
      'random 1:8 666',
      'urandom 1:9 666',
      'tty 5:0 666',
      '/proc/self/fd',
      '/proc/self/fd/0',
      'pts/ptmx',
      '1777',
      '0',
    ])
  })

  test('dangerous files of /proc are masked or read-only, and /sys is read-only', async () => {
    const script = [
      'cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c',
      'ls /sys/firmware /proc/scsi 2>/dev/null | grep -v : | wc -w',
      "awk '/ .proc.(sys|bus|irq) / {print substr($4, 1, 2)}' /proc/mounts | sort -u",
      'mkdir /sys/x 2>&1 | grep -c "Read-only"',
    ]
    expect(await inBusybox(daemon(), [], script.join('; '))).toBe('0\n0\nro\n1')
  })

  test('capabilities are docker’s fourteen by default, and change as asked', async () => {
    const read = "awk '/CapEff/ {print $2}' /proc/self/status"
    expect(await inBusybox(daemon(), [], read)).toBe('00000000a80425fb')
    expect(await inBusybox(daemon(), ['--cap-drop', 'ALL'], read)).toBe('0000000000000000')
    expect(await inBusybox(daemon(), ['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN'], read)).toBe('0000000000001000')
    expect(await inBusybox(daemon(), ['--cap-drop', 'MKNOD'], read)).toBe('00000000a00425fb')
    expect(await inBusybox(daemon(), ['-u', '1000'], read)).toBe('0000000000000000')
  })

  test('no_new_privs is off by default and on when asked', async () => {
    const read = "awk '/NoNewPrivs/ {print $2}' /proc/self/status"
    expect(await inBusybox(daemon(), [], read)).toBe('0')
    expect(await inBusybox(daemon(), ['--security-opt', 'no-new-privileges'], read)).toBe('1')
  })

  test('/etc/hosts, hostname and resolv.conf are the container’s own', async () => {
    const text = await inBusybox(
      daemon(),
      ['--hostname', 'box'],
      'cat /etc/hostname; grep -c localhost /etc/hosts; test -e /etc/resolv.conf && echo there; mount | grep -c "/etc/\\(hosts\\|hostname\\|resolv.conf\\)"',
    )
    expect(text).toMatch(/^box\n[1-9]\nthere\n[23]$/)
  })

  test('umask, oom score, session and working directory are what runc gives', async () => {
    expect(await inBusybox(daemon(), [], 'umask; cat /proc/self/oom_score_adj; pwd')).toBe('0022\n0\n/')
    expect(await inBusybox(daemon(), [], "awk '{print $6}' /proc/1/stat")).toBe('1')
  })

  test('no descriptor of the outside is open', async () => {
    expect(await inBusybox(daemon(), [], 'ls /proc/1/fd; true')).toBe('0\n1\n2')
  })

  test('the root cannot be left, and mounts of the host cannot be seen', async () => {
    const text = await inBusybox(
      daemon(),
      [],
      'ls -d /../../.. ; cd ../../..; pwd; grep -c " / / " /proc/self/mountinfo; cat /proc/self/mountinfo | grep -vE " (/|/proc|/sys|/dev|/etc)[ /]" | wc -l',
    )
    expect(text).toBe('/../../..\n/\n1\n0')
  })

  // runc cannot give a capability that the machine's root does not have.
  test.skipIf(onDocker)('--privileged opens devices, /sys and every capability', async () => {
    const text = await inBusybox(
      daemon(),
      ['--privileged'],
      "awk '/CapEff/ {print $2}' /proc/self/status | grep -c ffff; ls /dev | wc -l; mount | grep -c ' /sys .*[(,]rw'",
    )
    const [capabilities, devices, sys] = text.split('\n').map(Number)
    expect(capabilities).toBe(1)
    expect(devices).toBeGreaterThan(20)
    expect(sys).toBe(1)
  })

  test('--device puts one device in, with its permissions', async () => {
    expect(
      await inBusybox(
        daemon(),
        ['--device', '/dev/zero:/dev/nought:r'],
        'stat -c "%t:%T" /dev/nought; head -c 3 /dev/nought | wc -c',
      ),
    ).toBe('1:5\n3')
  })
})

/** The invariant after each end-to-end test is only worth something when it notices each kind of leftover. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertNothingLeft, leftovers, snapshot } from './kernel-state.ts'
import { watchContainers } from './own-containers.ts'
import { describeWith } from './requires.ts'

describeWith(['root', 'ip'], 'the check for leftovers', () => {
  test('a mount, a cgroup and a link that were not there before are named, and nothing else', async () => {
    const before = snapshot()
    const directory = mkdtempSync(join(tmpdir(), 'leak-'))
    const cgroup = existsSync('/sys/fs/cgroup/pids')
      ? '/sys/fs/cgroup/pids/mini-docker/leak-test'
      : '/sys/fs/cgroup/mini-docker/leak-test'
    const hadParent = existsSync(join(cgroup, '..'))
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', directory])
    mkdirSync(cgroup, { recursive: true })
    execFileSync('ip', ['link', 'add', 'leaktest0', 'type', 'veth', 'peer', 'name', 'leaktest1'])
    try {
      const left = leftovers(before, snapshot())
      expect(left.find((line) => line.startsWith(`mount ${directory}`))).toBeDefined()
      expect(left).toContain(`cgroup ${cgroup}`)
      expect(left).toContain('link leaktest0')
      await expect(assertNothingLeft(before)).rejects.toThrow(/left behind:\n[^]*link leaktest0/)
    } finally {
      execFileSync('ip', ['link', 'del', 'leaktest0'])
      execFileSync('umount', [directory])
      rmdirSync(directory)
      rmdirSync(cgroup)
      if (!hadParent) rmdirSync(join(cgroup, '..'))
    }
    expect(leftovers(before, snapshot()).filter((line) => /leak/.test(line))).toEqual([])
  })

  test('the cgroup of a container is counted where a daemon of these tests made the container', async () => {
    const groups = existsSync('/sys/fs/cgroup/pids') ? '/sys/fs/cgroup/pids/mini-docker' : '/sys/fs/cgroup/mini-docker'
    const dataRoot = mkdtempSync(join(tmpdir(), 'leak-'))
    const [ours, theirs] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')]
    using _watching = watchContainers(dataRoot)
    const before = snapshot()
    for (const id of [ours, theirs]) mkdirSync(join(groups, id), { recursive: true })
    try {
      mkdirSync(join(dataRoot, 'containers', ours))
      rmdirSync(join(dataRoot, 'containers', ours))
      await expect.poll(() => leftovers(before, snapshot())).toContain(`cgroup ${groups}/${ours}`)
      expect(leftovers(before, snapshot())).not.toContain(`cgroup ${groups}/${theirs}`)
    } finally {
      for (const id of [ours, theirs]) rmdirSync(join(groups, id))
      rmSync(dataRoot, { recursive: true })
    }
  })

  test('a process in one of our cgroups, and its namespaces, are named', async () => {
    const before = snapshot()
    const cgroup = existsSync('/sys/fs/cgroup/pids')
      ? '/sys/fs/cgroup/pids/mini-docker/leak-process'
      : '/sys/fs/cgroup/mini-docker/leak-process'
    mkdirSync(cgroup, { recursive: true })
    const child = spawn('sh', ['-c', `echo 0 > ${cgroup}/cgroup.procs; exec unshare --uts sleep 100`], {
      stdio: 'ignore',
    })
    try {
      await expect
        .poll(() => leftovers(before, snapshot()).filter((line) => line.startsWith('namespace uts:')).length)
        .toBeGreaterThan(0)
      expect(leftovers(before, snapshot())).toContain(`process ${child.pid} sleep 100`)
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      rmdirSync(cgroup)
    }
  })
})

import { execFileSync, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const BIN = join(import.meta.dirname, '../src/bin.ts')
const ns = (...args: string[]) => spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' })

describe('ns run', () => {
  test('a new UTS namespace has a host name of its own, and the machine keeps its own', () => {
    const before = execFileSync('hostname').toString()
    expect(ns('run', '--uts', '--hostname', 'elsewhere', '--', 'hostname').stdout).toBe('elsewhere\n')
    expect(execFileSync('hostname').toString()).toBe(before)
  })

  test('new pid and mount namespaces: the command is process 1, and ps sees nobody else', () => {
    const { stdout } = ns('run', '--pid', '--mount', '--', 'sh', '-c', 'echo $$; ls /proc | grep -c "^[0-9]"')
    expect(stdout).toMatch(/^1\n[1-4]\n$/)
  })

  test('a new network namespace has lo only, and it is up', () => {
    expect(ns('run', '--network', '--', 'ip', '-o', 'link').stdout).toMatch(/^1: lo: <LOOPBACK,UP,LOWER_UP>[^\n]*\n$/)
  })

  test.each([
    [['sh', '-c', 'exit 7'], 7],
    [['sh', '-c', 'kill -9 $$'], 137],
    [['no-such-command'], 127],
    [['/etc'], 126],
  ])('%j ends with %i', (command, status) => {
    expect(ns('run', '--uts', '--', ...command).status).toBe(status)
  })

  test('what is not asked for is not made', () => {
    const own = readlinkSync('/proc/self/ns/ipc')
    expect(ns('run', '--uts', '--', 'readlink', '/proc/self/ns/ipc').stdout.trim()).toBe(own)
  })

  test('--hostname without --uts is refused', () => {
    expect(ns('run', '--hostname', 'x', '--', 'true')).toMatchObject({
      status: 125,
      stderr: expect.stringContaining('--hostname needs --uts') as string,
    })
  })

  test('--explain runs nothing', () => {
    const { stdout } = ns('run', '--uts', '--hostname', 'x', '--explain', '--', 'touch', '/should-not-exist')
    expect(stdout).toContain('unshare --uts sh')
    expect(ns('run', '--uts', '--', 'ls', '/should-not-exist').status).not.toBe(0)
  })
})

test('ns enter runs in the namespaces of another process', () => {
  const script = `"$0" "$1" run --uts --hostname target -- sleep 30 & for try in $(seq 100); do parent=$(pgrep -P $! | head -1); pid=$([ -z "$parent" ] || pgrep -P $parent | head -1); [ "$(cat /proc/$pid/comm 2>/dev/null)" != sleep ] || break; sleep 0.1; done; "$0" "$1" enter $pid hostname; kill -9 $pid`
  expect(execFileSync('sh', ['-c', script, process.execPath, BIN]).toString()).toContain('target\n')
})

test('ns ls names every kind of namespace', () => {
  expect(ns('ls', String(process.pid)).stdout.trim().split('\n')).toHaveLength(8)
  expect(ns('ls', '999999999').stderr).toContain('cannot read the namespaces')
})

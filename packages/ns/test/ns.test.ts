import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { formatCall, MS_BIND, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC } from '@mini-docker/syscall'
import {
  makeDirectories,
  makeFile,
  parseMountOptions,
  planClone,
  planDevices,
  planMount,
  planPropagation,
  planSysctls,
  relative,
} from '../src/index.ts'

describe('paths below a root', () => {
  test.each([
    ['/a/b', 'a/b'],
    ['//a/./b/', 'a/b'],
    ['/../../etc', 'etc'],
    ['/a/../../b', 'b'],
    ['/', '.'],
  ])('%s is %s', (path, expected) => {
    expect(relative(path)).toBe(expected)
  })

  test('no path, however written, leads above the root', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b...', '...')), (parts) => {
        expect(relative(`/${parts.join('/')}`).split('/')).not.toContain('..')
      }),
    )
  })

  test('each directory is made below the one before it, which openat2 has looked up in the root', () => {
    expect(makeDirectories('/a/b', 'x').map(formatCall)).toEqual([
      'mkdirat(<rootfs.root>, "a", 0755)',
      'openat2(<rootfs.root>, "a", {flags=O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24)',
      'mkdirat(<x/0>, "b", 0755)',
      'openat2(<rootfs.root>, "a/b", {flags=O_DIRECTORY|O_CLOEXEC|O_PATH, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24)',
    ])
  })

  test('a file is made only through the root', () => {
    for (const { name, args } of makeFile('/etc/hosts', 'x')) {
      expect(['openat2', 'mkdirat']).toContain(name)
      expect(args[0]).toHaveProperty('ref')
    }
  })
})

describe('mount options', () => {
  test('words become flags, and what is left is for the filesystem', () => {
    expect(parseMountOptions(['nosuid', 'ro', 'rw', 'mode=755', 'size=64k'])).toMatchObject({
      flags: MS_NOSUID,
      data: 'mode=755,size=64k',
    })
  })

  test('a bind mount with ro and nodev takes them as attributes', () => {
    const options = parseMountOptions(['rbind', 'ro', 'nodev', 'rprivate'])
    expect(options).toMatchObject({
      flags: MS_BIND | MS_REC | MS_RDONLY | MS_NODEV,
      attributes: 0x5,
      propagation: MS_PRIVATE,
      propagationRecursive: true,
    })
  })

  test('any list of words gives an answer or a UserError', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('constructor', 'rconstructor', 'ro', 'tmpcopyup'))),
        (words) => {
          try {
            expect(typeof parseMountOptions(words).flags).toBe('number')
          } catch (error) {
            expect(error).toHaveProperty('name', 'UserError')
          }
        },
      ),
    )
  })
})

describe('plans', () => {
  test('the cgroup namespace is not among those of clone3, and joined ones are not made', () => {
    const { calls } = planClone([{ type: 'pid' }, { type: 'cgroup' }, { type: 'network', path: '/proc/1/ns/net' }])
    expect(calls.map(formatCall).join()).toContain('{flags=CLONE_PIDFD|CLONE_NEWPID,')
  })

  test('born in a v2 cgroup: the group is opened first', () => {
    const { calls } = planClone([{ type: 'pid' }], { cgroupDirectory: '/sys/fs/cgroup/x' })
    expect(calls.map(({ name }) => name)).toEqual(['openat', 'clone3'])
    expect(calls.map(formatCall)[1]).toContain('CLONE_INTO_CGROUP')
  })

  test('proc is only mounted on a real directory', () => {
    const { calls } = planMount(
      { destination: '/proc', type: 'proc', source: 'proc', options: [], kind: 'directory' },
      '/r',
    )
    expect(calls.map(formatCall).join()).toContain('RESOLVE_NO_SYMLINKS')
  })

  test('devices in a folder of their own get it made', () => {
    const [nodes] = planDevices([{ path: '/dev/net/tun', type: 'c', major: 10, minor: 200, uid: 5 }], '/r', false)
    const calls = nodes?.calls.map(formatCall) ?? []
    expect(calls).toContain('mknodat(<dev.directory./dev/net>, "tun", S_IFCHR|0666, makedev(10, 200))')
    expect(calls.at(-1)).toContain('fchownat(<dev.directory./dev/net>, "tun", 5, 0')
  })

  test('an unknown propagation and a sysctl that leaves /proc/sys are refused', () => {
    expect(() => planPropagation('sideways')).toThrow('invalid rootfs propagation: sideways')
    expect(() => planSysctls({ 'net/../../../etc/passwd': 'x' })).toThrow('invalid sysctl name')
  })
})

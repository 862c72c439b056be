import { describe, expect, test } from 'vitest'
import {
  AT_FDCWD,
  call,
  CLONE_NEWNS,
  CLONE_NEWPID,
  fdPath,
  formatCall,
  formatFlags,
  formatResult,
  makedev,
  MS_NODEV,
  MS_NOSUID,
  O_CLOEXEC,
  O_PATH,
  ref,
  S_IFCHR,
  struct,
  SyscallError,
  type Call,
} from '../src/index.ts'

describe('formatCall', () => {
  test.each<[string, Call]>([
    [
      'mount("proc", "/proc/self/fd/<root>", "proc", MS_NOSUID|MS_NODEV, NULL)',
      call('mount', ['proc', fdPath('root'), 'proc', MS_NOSUID | MS_NODEV, null]),
    ],
    ['unshare(CLONE_NEWNS|CLONE_NEWPID)', call('unshare', [CLONE_NEWNS | CLONE_NEWPID])],
    [
      'mknodat(<dev>, "null", S_IFCHR|0666, makedev(1, 3))',
      call('mknodat', [ref('dev'), 'null', S_IFCHR | 0o666, makedev(1, 3)]),
    ],
    ['openat(AT_FDCWD, "/", O_CLOEXEC|O_PATH, 00)', call('openat', [AT_FDCWD, '/', O_PATH | O_CLOEXEC, 0])],
    [
      'execve("/bin/true", ["true"], [1 vars])',
      call('execve', ['/bin/true', { strings: ['true'] }, { strings: ['A=1'] }]),
    ],
    [
      'openat2(<root>, "etc", {flags=O_PATH, resolve=RESOLVE_IN_ROOT}, 24)',
      call('openat2', [ref('root'), 'etc', struct('open_how', { flags: O_PATH, resolve: 0x10 }), 24]),
    ],
    ['prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)', call('prctl', [1, 9, 0, 0, 0])],
    ['kill(1, SIGTERM)', call('kill', [1, 15])],
    ['write(3, [70 bytes], 70)', call('write', [3, new Uint8Array(70), 70])],
  ])('%s', (text, described) => {
    expect(formatCall(described)).toBe(text)
  })
})

test('flags without a name are printed in hexadecimal', () => {
  expect(formatFlags('MS', 0x2 | 0x40000000)).toBe('MS_NOSUID|0x40000000')
  expect(formatFlags('MS', 0)).toBe('0')
})

test('results are numbers or errors with their words', () => {
  expect(formatResult(3)).toBe('= 3')
  expect(formatResult(-2)).toBe('= -1 ENOENT (no such file or directory)')
})

test('a SyscallError names the call, the arguments and the error, and says what to check', () => {
  const error = new SyscallError('pivot_root', 16, ['"."', '"."'])
  expect(error.message).toBe('pivot_root(".", "."): EBUSY (device or resource busy)')
  expect(error.hint).toContain('another mount')
})

import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { UserError } from '@mini-docker/syscall'
import { filesNeeded, HostTree, isStatic, parseElf } from '../../src/elf/index.ts'
import { makeElf, type Fields } from './elf.ts'

const scratch = fs.mkdtempSync(join(tmpdir(), 'mini-docker-elf-'))
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }))
let root = ''
beforeEach(() => void (root = fs.mkdtempSync(join(scratch, 'root-'))))

const GLIBC = '/lib64/ld-linux-x86-64.so.2'
const put = (path: string, content: Buffer | string | Fields) => {
  fs.mkdirSync(dirname(root + path), { recursive: true })
  const bytes = typeof content === 'string' || Buffer.isBuffer(content) ? content : makeElf(content)
  fs.writeFileSync(root + path, bytes, { mode: 0o755 })
}
const link = (path: string, target: string) => {
  fs.mkdirSync(dirname(root + path), { recursive: true })
  fs.symlinkSync(target, root + path)
}
/** As `path` or `path -> target`. */
const needs = (...programs: string[]) =>
  filesNeeded(new HostTree(root), programs).files.map((file) =>
    file.kind === 'file' ? file.path : `${file.path} -> ${file.target}`,
  )

describe('filesNeeded', () => {
  test('takes the loader, libraries of libraries, and the links on the way', () => {
    link('/bin', 'usr/bin')
    link('/lib64', 'usr/lib64')
    link('/usr/bin/sh', 'shell')
    put('/usr/bin/shell', { interpreter: GLIBC, needed: ['libone.so.1'] })
    put('/usr/lib64/ld-2.so', {})
    link('/usr/lib64/ld-linux-x86-64.so.2', 'ld-2.so')
    put('/usr/lib/x86_64-linux-gnu/libone.so.1.2', { needed: ['libc.so.6'] })
    link('/usr/lib/x86_64-linux-gnu/libone.so.1', 'libone.so.1.2')
    put('/usr/lib64/libc.so.6', {})
    put('/lib/x86_64-linux-gnu/libc.so.6', { bits: 32, machine: 3 })
    expect(needs('/bin/sh')).toEqual([
      '/bin -> usr/bin',
      '/lib64 -> usr/lib64',
      '/usr/bin/sh -> shell',
      '/usr/bin/shell',
      '/usr/lib/x86_64-linux-gnu/libone.so.1 -> libone.so.1.2',
      '/usr/lib/x86_64-linux-gnu/libone.so.1.2',
      '/usr/lib64/ld-2.so',
      '/usr/lib64/ld-linux-x86-64.so.2 -> ld-2.so',
      '/usr/lib64/libc.so.6',
    ])
  })

  test('searches RUNPATH with $ORIGIN, for the object that has it alone', () => {
    put('/opt/app/bin/app', { interpreter: GLIBC, needed: ['liba.so'], runpath: '$ORIGIN/../lib:/opt/none' })
    put('/opt/app/lib/liba.so', { needed: ['libb.so'] })
    put('/opt/app/lib/libb.so', {})
    put('/usr/lib/libb.so', {})
    put(GLIBC, {})
    expect(needs('/opt/app/bin/app')).toEqual([
      '/lib64/ld-linux-x86-64.so.2',
      '/opt/app/bin/app',
      '/opt/app/lib/liba.so',
      '/usr/lib/libb.so',
    ])
  })

  test('searches RPATH for what the object’s libraries need too', () => {
    put('/opt/app/app', { interpreter: GLIBC, needed: ['liba.so'], rpath: '${ORIGIN}/lib' })
    put('/opt/app/lib/liba.so', { needed: ['libb.so'] })
    put('/opt/app/lib/libb.so', {})
    put('/usr/lib/libb.so', {})
    put(GLIBC, {})
    expect(needs('/opt/app/app')).toContain('/opt/app/lib/libb.so')
  })

  test('searches the directories of ld.so.conf and its includes first, and says what was found there', () => {
    put('/etc/ld.so.conf', '# comment\ninclude /etc/ld.so.conf.d/*.conf\n')
    put('/etc/ld.so.conf.d/x.conf', '/opt/lib # ours\n')
    put('/etc/ld.so.conf.d/x.conf.bak', '/opt/old\n')
    put('/opt/lib/liba.so.1', {})
    put('/opt/old/liba.so.1', {})
    put('/usr/lib/liba.so.1', {})
    put('/bin/app', { interpreter: GLIBC, needed: ['liba.so.1'] })
    put(GLIBC, {})
    const found = filesNeeded(new HostTree(root), ['/bin/app'])
    expect(found.files.map(({ path }) => path)).toEqual([
      '/bin/app',
      '/lib64/ld-linux-x86-64.so.2',
      '/opt/lib/liba.so.1',
    ])
    expect([...found.configured]).toEqual([['liba.so.1', '/opt/lib/liba.so.1']])
  })

  test('knows musl: libc is the loader, directories stand in its own file', () => {
    put('/lib/ld-musl-x86_64.so.1', {})
    put('/etc/ld-musl-x86_64.path', '/lib\n/opt/musl\n')
    put('/opt/musl/libz.so.1', {})
    put('/bin/busybox', { interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libz.so.1', 'libc.musl-x86_64.so.1'] })
    link('/bin/sh', '/bin/busybox')
    expect(needs('/bin/sh')).toEqual([
      '/bin/busybox',
      '/bin/sh -> /bin/busybox',
      '/lib/ld-musl-x86_64.so.1',
      '/opt/musl/libz.so.1',
    ])
  })

  test('follows scripts to their interpreter, through env too', () => {
    put('/usr/bin/tool', '#!/usr/bin/env runner\n')
    put('/usr/bin/env', {})
    put('/bin/runner', '#! /bin/static -x\n')
    put('/bin/static', {})
    expect(needs('/usr/bin/tool')).toEqual(['/bin/runner', '/bin/static', '/usr/bin/env', '/usr/bin/tool'])
  })

  test('reads 32-bit files', () => {
    put('/bin/old', { bits: 32, machine: 3, interpreter: '/lib/ld-linux.so.2', needed: ['libc.so.6'] })
    put('/lib/ld-linux.so.2', { bits: 32, machine: 3 })
    put('/lib/i386-linux-gnu/libc.so.6', { bits: 32, machine: 3 })
    expect(needs('/bin/old')).toEqual(['/bin/old', '/lib/i386-linux-gnu/libc.so.6', '/lib/ld-linux.so.2'])
  })

  test('names what is missing, and for whom', () => {
    expect(() => needs('/bin/nothing')).toThrow('"/bin/nothing" is not on this machine')
    put('/bin/a', { interpreter: GLIBC })
    expect(() => needs('/bin/a')).toThrow('"/lib64/ld-linux-x86-64.so.2", which "/bin/a" needs, is not on this machine')
    put(GLIBC, {})
    put('/bin/b', { interpreter: GLIBC, needed: ['libgone.so'] })
    expect(() => needs('/bin/b')).toThrow('"libgone.so", which "/bin/b" needs, is not on this machine')
    link('/bin/c', 'd')
    link('/bin/d', 'c')
    expect(() => needs('/bin/c')).toThrow('"/bin/c" is not on this machine')
  })

  const ldd = spawnSync('ldd', ['/bin/sh'], { encoding: 'utf8' }).stdout ?? ''
  test.skipIf(!ldd.includes('libc.so.6'))(
    'finds the same libraries on this machine as ldd (skipped without a glibc ldd)',
    () => {
      const tree = new HostTree()
      for (const name of ['sh', 'bash', 'ls', 'ps', 'mount', 'ip', 'grep', 'tar', 'find']) {
        const program = [`/bin/${name}`, `/sbin/${name}`].find(
          (path) => tree.elf(tree.resolve(path)?.path ?? '/') !== undefined,
        )
        if (program === undefined) continue
        const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
        const expected = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => fs.realpathSync(path ?? ''))
        const { files } = filesNeeded(tree, [program])
        const found = files.filter(({ kind, path }) => kind === 'file' && path !== tree.resolve(program)?.path)
        expect(found.map(({ path }) => path).toSorted(), program).toEqual([...new Set(expected)].toSorted())
      }
    },
  )
})

describe('parseElf', () => {
  test('tells static programs from dynamic ones, and both from other files', () => {
    const [alone, dynamic] = [parse(makeElf({})), parse(makeElf({ interpreter: GLIBC, needed: ['libc.so.6'] }))]
    expect([alone && isStatic(alone), dynamic && isStatic(dynamic)]).toEqual([true, false])
    expect(dynamic).toEqual({
      bits: 64,
      machine: 62,
      interpreter: GLIBC,
      needed: ['libc.so.6'],
      rpath: [],
      runpath: [],
    })
    expect([parse(Buffer.from('#!/bin/sh\n')), parse(Buffer.alloc(0))]).toEqual([undefined, undefined])
  })

  test('changed bytes give an answer or a UserError, nothing else', () => {
    const bytes = makeElf({ interpreter: GLIBC, needed: ['liba.so', 'libb.so'], runpath: '/x' })
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(changes, fc.integer({ min: 52, max: bytes.length }), (list, length) => {
        const broken = Buffer.from(bytes)
        for (const [at, value] of list) broken[at] = value
        try {
          parse(broken.subarray(0, length))
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
      { numRuns: 1500 },
    )
  })
})

function parse(bytes: Buffer) {
  const path = join(scratch, 'parsed')
  fs.writeFileSync(path, bytes)
  const fd = fs.openSync(path, 'r')
  try {
    return parseElf(fd, path)
  } finally {
    fs.closeSync(fd)
  }
}

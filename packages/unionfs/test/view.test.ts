import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LayerView } from '../src/index.ts'

let base: string
let upper: string
let lower: string
let view: LayerView

const openDescriptors = () => readdirSync('/proc/self/fd').length

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'unionfs-view-'))
  upper = join(base, 'upper')
  lower = join(base, 'lower')
  mkdirSync(join(upper, 'etc'), { recursive: true })
  mkdirSync(join(lower, 'etc/deep'), { recursive: true })
  writeFileSync(join(lower, 'etc/passwd'), 'lower')
  writeFileSync(join(lower, 'etc/group'), 'group')
  writeFileSync(join(upper, 'etc/passwd'), 'upper')
  view = new LayerView([upper, lower])
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

test('the upper file shows, and the lower ones through the same directory', () => {
  expect(view.readFile('/etc/passwd').toString()).toBe('upper')
  expect(view.readFile('/etc/group').toString()).toBe('group')
  expect(view.readdir('/etc')).toEqual([
    { name: 'deep', type: 'directory' },
    { name: 'group', type: 'file' },
    { name: 'passwd', type: 'file' },
  ])
})

describe('a symbolic link', () => {
  test('that is absolute leads into the image, never to the host', () => {
    symlinkSync('/etc/passwd', join(upper, 'link'))
    writeFileSync(join(base, 'host-secret'), 'secret')
    symlinkSync(join(base, 'host-secret'), join(upper, 'escape'))
    symlinkSync('../../../../../../../../etc/group', join(upper, 'dots'))
    expect(view.readFile('/link').toString()).toBe('upper')
    expect(view.stat('/escape')).toBeUndefined()
    expect(view.lstat('/escape')).toMatchObject({ type: 'symlink', target: join(base, 'host-secret') })
    expect(view.resolve('/dots')).toBe('/etc/group')
  })

  test('to a directory is followed under way, and its .. is the parent of where it leads', () => {
    symlinkSync('/etc/deep', join(upper, 'way'))
    expect(view.resolve('/way/../passwd')).toBe('/etc/passwd')
    expect(view.resolve('/way/')).toBe('/etc/deep')
    expect(view.resolve('/way/./..')).toBe('/etc')
  })

  test('at the end is followed by stat, not by lstat, and by lstat with a slash behind it', () => {
    symlinkSync('etc', join(upper, 'e'))
    expect(view.stat('/e')).toMatchObject({ type: 'directory', path: '/etc' })
    expect(view.lstat('/e')?.type).toBe('symlink')
    expect(view.lstat('/e/')?.type).toBe('directory')
  })

  test('that leads to itself is an error after 40 links, and 40 are followed', () => {
    symlinkSync('loop', join(upper, 'loop'))
    expect(() => view.stat('/loop')).toThrow('too many levels of symbolic links: /loop')
    for (let n = 1; n <= 41; n++) symlinkSync(n === 1 ? 'etc' : `l${n - 1}`, join(upper, `l${n}`))
    expect(view.resolve('/l40')).toBe('/etc')
    expect(() => view.resolve('/l41')).toThrow('too many levels')
  })

  test('made to cost much is cut off', () => {
    const target = `etc/deep/${'../deep/'.repeat(480)}`
    for (let n = 1; n <= 40; n++) symlinkSync(n === 1 ? target : `${target}../../l${n - 1}`, join(upper, `l${n}`))
    const started = performance.now()
    expect(() => view.resolve('/l40')).toThrow('path takes too many lookups')
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('what is not there', () => {
  test.each(['/nothing', '/etc/passwd/x', '/etc/passwd/', '/nothing/../etc', `/${'n'.repeat(300)}`])('%s', (path) => {
    expect(view.stat(path)).toBeUndefined()
    expect(view.resolve(path)).toBeUndefined()
    expect([...view.walk(path)]).toEqual([])
    expect(() => view.readFile(path)).toThrow(`no such file or directory: ${path}`)
    expect(() => view.readdir(path)).toThrow(`no such file or directory: ${path}`)
  })
})

test.each(['etc/passwd', '', '/a\0b'])('%j is refused: it is not absolute', (path) => {
  expect(() => view.stat(path)).toThrow('not absolute')
})

test('the root is its own parent', () => {
  expect(view.resolve('/../../etc/..')).toBe('/')
})

test('only regular files are read, and only up to the limit', () => {
  expect(() => view.readFile('/etc')).toThrow('not a regular file: /etc')
  execFileSync('mkfifo', [join(upper, 'fifo')])
  expect(() => view.readFile('/fifo')).toThrow('not a regular file: /fifo')
  expect(view.readFile('/etc/group', { maxBytes: 5 }).toString()).toBe('group')
  expect(() => view.readFile('/etc/group', { maxBytes: 4 })).toThrow('file is larger than 4 bytes: /etc/group')
  expect(() => view.readdir('/etc/group')).toThrow('not a directory: /etc/group')
})

test('names that are not UTF-8 are shown as well as text can, and walked', () => {
  writeFileSync(Buffer.concat([Buffer.from(`${upper}/`), Buffer.from([0x66, 0xff])]), 'x')
  expect(view.readdir('/').map(({ name }) => name)).toEqual(['etc', 'f\ufffd'])
  expect([...view.walk('/')].map(({ path }) => path)).toContain('/f\ufffd')
})

test('directories nested without end are an error, not a crash', () => {
  execFileSync('sh', ['-c', 'cd "$1"; i=0; while [ $i -lt 600 ]; do mkdir d; cd d; i=$((i+1)); done', 'sh', upper])
  expect(() => [...view.walk('/')]).toThrow('nested more than 512 deep')
})

test('no descriptor is left open', () => {
  symlinkSync('loop', join(upper, 'loop'))
  const before = openDescriptors()
  for (const path of ['/', '/etc/passwd', '/etc/../etc', '/nothing', '/etc/passwd/x']) view.stat(path)
  expect(() => view.stat('/loop')).toThrow('too many')
  expect([...view.walk('/')].length).toBeGreaterThan(3)
  for (const _ of view.walk('/')) break
  expect(openDescriptors()).toBe(before)
})

test('a layer that does not exist is an error that leaves nothing open', () => {
  expect(() => new LayerView([upper, join(base, 'gone')]).stat('/')).toThrow('gone is not a directory')
})

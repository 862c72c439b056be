import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { main } from '../src/command.ts'
import { digestOf, hexOf, shortID } from '../src/digest.ts'
import { formatAge, formatSize, formatTable } from '../src/format.ts'
import { ImageStore } from '../src/store/store.ts'
import * as make from './support/archives.ts'

const parent = make.temporaryDirectory()
let count = 0
let root: string
let archive: string
let one: make.TestImage

beforeEach(async () => {
  root = join(parent, `store${count++}`)
  archive = join(parent, 'one.tar')
  one = make.image([await make.tar({ 'bin/': '', 'bin/sh': 'x' })])
  writeFileSync(archive, await make.tar(make.ociFiles(one, 'one:1')))
})

async function image(args: string[], input?: Buffer) {
  const stdin = Readable.from(input === undefined ? [] : [input])
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = await main(['--root', root, ...args], { stdin, stdout, stderr })
  return { code, out: stdout.read() as Buffer | null, err: String(stderr.read() ?? '') }
}

async function succeed(...args: string[]): Promise<string> {
  const { code, out, err } = await image(args)
  expect([err, code]).toEqual(['', 0])
  return String(out ?? '')
}

describe('the command image', () => {
  test('loads, lists, tags, shows, saves and removes', async () => {
    const id = digestOf(one.config)
    expect(await succeed('load', '--no-unpack', archive)).toBe('Loaded image: one:1\n')
    await succeed('tag', 'one:1', 'localhost:5000/uno')
    const [head, ...rows] = (await succeed('ls')).trim().split('\n')
    expect(head).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/)
    expect(rows[0]).toMatch(new RegExp(`^localhost:5000/uno +latest +${shortID(id)} +\\d+ \\w+ ago +\\d+B$`))
    expect(await succeed('ls', '-q', '--no-trunc')).toBe(`${id}\n`)
    expect(JSON.parse(await succeed('inspect', 'one:1'))).toMatchObject({
      id,
      names: ['localhost:5000/uno:latest', 'one:1'],
    })
    expect(await succeed('history', 'one:1')).toMatch(/layer 0/)
    const saved = join(parent, `saved${count}.tar`)
    expect(await succeed('save', 'one:1', '-o', saved)).toBe('')
    expect(await succeed('rm', 'one:1', 'localhost:5000/uno')).toMatch(
      new RegExp(`^Untagged: one:1\nUntagged: localhost:5000/uno:latest\nDeleted: ${id}\nDeleted: sha256:`),
    )
    expect(await succeed('load', '--no-unpack', saved)).toBe('Loaded image: one:1\n')
    expect(await succeed('verify')).toBe('the store is sound\n')
    expect(await succeed('gc')).toBe('removed 0 blobs (0B), 0 layers, 0 unfinished files\n')
  })

  test('saves to standard output what it loads from standard input', async () => {
    await succeed('load', '--no-unpack', archive)
    const { out } = await image(['save', 'one:1'])
    await succeed('rm', 'one:1')
    expect(String((await image(['load', '--no-unpack', '-'], out ?? undefined)).out)).toBe('Loaded image: one:1\n')
  })

  test('imports with changes', async () => {
    const tar = await make.tar({ a: 'a' })
    const flags = ['-c', 'ENV A=1', '--change', 'CMD ["a"]', '-m', 'note', '--no-unpack']
    const { code, out } = await image(['import', ...flags, '-', 'timp:1'], tar)
    expect(code).toBe(0)
    expect(JSON.parse(await succeed('inspect', 'timp:1'))).toMatchObject({
      id: String(out).trim(),
      config: { config: { Env: ['A=1'], Cmd: ['a'] }, history: [{ comment: 'note' }] },
    })
  })

  test.each([
    [['inspect', 'nosuch'], 1, 'image: No such image: nosuch:latest\n  hint: see: image ls\n'],
    [['load', '/nonexistent/x.tar'], 1, 'image: open /nonexistent/x.tar: no such file or directory\n'],
    [['tag', 'x', 'UPPER'], 1, /No such image: x:latest/],
    [['frobnicate'], 2, /unknown command 'frobnicate'/],
    [['ls', '--frob'], 2, /unknown option '--frob'/],
    [['load'], 2, /missing required argument 'file'/],
    [['load', '--platform', 'x', 'f'], 1, /platform "x" is malformed/],
  ])('%j exits with %i', async (args, code, message) => {
    await ImageStore.open(root)
    const result = await image(args)
    expect([result.code, result.out]).toEqual([code, null])
    expect(result.err).toMatch(message)
  })

  test.each([['ls'], ['inspect', 'x'], ['save', 'x'], ['verify'], ['gc'], ['rm', 'x']])(
    '%s makes no store where there is none',
    async (...args) => {
      const { code, err } = await image(args)
      expect([code, err]).toEqual([1, expect.stringContaining(`no image store in ${root}`)])
      expect(existsSync(root)).toBe(false)
    },
  )

  test('a failed save leaves no file', async () => {
    await succeed('load', '--no-unpack', archive)
    writeFileSync(join(root, 'blobs/sha256', hexOf(digestOf(one.layers[0] as Buffer))), 'damaged')
    const output = join(parent, `bad${count}.tar`)
    const { code, err } = await image(['save', 'one:1', '-o', output])
    expect(code).toBe(1)
    expect(err).toMatch(/bytes less than its header|is corrupt|more data/)
    expect(existsSync(output)).toBe(false)
    expect(readdirSync(parent).filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect((await image(['verify'])).code).toBe(1)
  })

  test('gc beside containers that it knows nothing of keeps all layers', async () => {
    await ImageStore.open(root)
    mkdirSync(join(root, 'containers/0123'), { recursive: true })
    mkdirSync(join(root, 'layers', '0'.repeat(64)))
    expect(await succeed('gc')).toMatch(/, 0 layers,/)
    expect(readdirSync(join(root, 'layers')).toSorted()).toEqual(['0'.repeat(64), 'l'])
  })
})

describe('formats as docker’s', () => {
  test.each([
    [0, '0B'],
    [999, '999B'],
    [1984387, '1.98MB'],
    [164286070, '164MB'],
    [25_000, '25kB'],
    [1e12, '1TB'],
  ])('%i bytes are %s', (bytes, text) => expect(formatSize(bytes)).toBe(text))

  test.each([
    [0, 'Less than a second ago'],
    [1, '1 second ago'],
    [59, '59 seconds ago'],
    [61, 'About a minute ago'],
    [600, '10 minutes ago'],
    [3600, 'About an hour ago'],
    [7200, '2 hours ago'],
    [3 * 86_400, '3 days ago'],
    [20 * 86_400, '2 weeks ago'],
    [100 * 86_400, '3 months ago'],
    [800 * 86_400, '2 years ago'],
  ])('%i seconds are %s', (seconds, text) => {
    const now = new Date('2026-06-01T00:00:00Z')
    expect(formatAge(new Date(now.getTime() - seconds * 1000).toISOString(), now)).toBe(text)
  })

  test('no time is N/A, and a table has even columns', () => {
    expect(formatAge(undefined, new Date())).toBe('N/A')
    expect(formatTable(['A', 'BB'], [['long', 'x']])).toBe('A      BB\nlong   x\n')
  })
})

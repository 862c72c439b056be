/** The mount plans and the command, run. Needs root. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { copyTree, createWhiteout, LayerView, overlayMount, readOverlaySupport } from '../src/index.ts'
import { runInside } from '../../../test/harness/inside.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'unionfs-mount-'))
  for (const name of ['layers/l', 'upper', 'work', 'target']) mkdirSync(join(base, name), { recursive: true })
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

/** A layer with one file, as the image store keeps it: behind a short link. */
function makeLayer(number: number): string {
  const chain = String(number).padStart(64, '0')
  mkdirSync(join(base, 'layers', chain, 'diff'), { recursive: true })
  writeFileSync(join(base, 'layers', chain, 'diff', `f${number}`), `from ${number}`)
  const short = `l/${String(number).padStart(16, '0')}`
  symlinkSync(`../${chain}/diff`, join(base, 'layers', short))
  return short
}

const paths = () => ({
  layersDir: join(base, 'layers'),
  upper: join(base, 'upper'),
  work: join(base, 'work'),
  target: join(base, 'target'),
})

describe('the overlay step', () => {
  test('mounts 128 layers behind short links, and changes go to the upper directory', async () => {
    const lower = Array.from({ length: 128 }, (_, n) => makeLayer(n))
    const step = overlayMount({ ...paths(), lower })
    const { exitCode, output } = await runInside(
      [step],
      `cd ${base}/target; ls | wc -l; rm f1; echo new > f2; cat f127`,
    )
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: '128\nfrom 127' })
    expect(lstatSync(join(base, 'upper/f1')).isCharacterDevice()).toBe(true)
    expect(readFileSync(join(base, 'upper/f2'), 'utf8')).toBe('new\n')
    expect(readFileSync(join(base, 'layers', lower[2] ?? '', 'f2'), 'utf8')).toBe('from 2')
  })

  test('leaves nothing mounted when its namespace is gone', async () => {
    await runInside([overlayMount({ ...paths(), lower: [makeLayer(1)] })], 'true')
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(base)
  })

  test('takes paths with commas, colons, backslashes and blanks', async () => {
    const odd = [',', ':', '\\', ' ', String.raw`\,\:`].map((part) => join(base, `x${part}y`))
    for (const [index, dir] of odd.entries()) {
      mkdirSync(dir)
      if (index > 1) writeFileSync(join(dir, `f${index}`), '')
    }
    const [upper, work, ...lower] = odd as [string, string, ...string[]]
    const { output } = await runInside(
      [overlayMount({ ...paths(), lower, upper, work })],
      `cd ${base}/target && ls && : > new`,
    )
    expect(output).toBe('f2\nf3\nf4\n')
    expect(existsSync(join(upper, 'new'))).toBe(true)
  })

  test.each([1, 2])('without an upper directory is read-only with %d layers', async (count) => {
    const lower = Array.from({ length: count }, (_, n) => makeLayer(n))
    const { layersDir, target } = paths()
    const { output } = await runInside(
      [overlayMount({ layersDir, lower, target })],
      `cd ${target}; ls | wc -l; touch new`,
    )
    expect(output).toMatch(new RegExp(`^${count}\n.*Read-only file system\n$`))
  })

  test('without a layer is the upper directory itself', async () => {
    const { exitCode } = await runInside([overlayMount({ ...paths(), lower: [] })], `echo x > ${base}/target/new`)
    expect(exitCode).toBe(0)
    expect(readFileSync(join(base, 'upper/new'), 'utf8')).toBe('x\n')
  })

  test('made volatile cannot be mounted again before the mark is removed', async () => {
    const lower = [makeLayer(1)]
    expect((await runInside([overlayMount({ ...paths(), lower, volatile: true })], 'true')).exitCode).toBe(0)
    await expect(runInside([overlayMount({ ...paths(), lower })], 'true')).rejects.toMatchObject({
      syscall: 'mount',
      code: 'EINVAL',
    })
    rmSync(join(base, 'work/work/incompat'), { recursive: true })
    expect((await runInside([overlayMount({ ...paths(), lower })], 'true')).exitCode).toBe(0)
  })

  test('of a layer that is missing fails with the call and its arguments', async () => {
    const mount = overlayMount({ ...paths(), lower: ['l/gone'] })
    await expect(runInside([mount], 'true')).rejects.toThrow(/mount\(.*overlay.*lowerdir=l\/gone.*ENOENT/)
  })
})

describe('support', () => {
  test('a directory of this disk can hold an upper one, and the trial leaves nothing behind', () => {
    expect(readOverlaySupport(join(base, 'upper'))).toMatchObject({ kernel: 'yes', upper: { usable: true } })
    expect(execFileSync('ls', ['-A', join(base, 'upper')]).toString()).toBe('')
  })

  test('a directory on an overlay, or on procfs, cannot', async () => {
    expect(readOverlaySupport('/proc').upper.usable).toBe(false)
    const { output } = await runInside(
      [overlayMount({ ...paths(), lower: [makeLayer(1)] })],
      command('support', `${base}/target`),
    )
    expect(output).toMatch(/filesystem {2}overlay\nupper {7}an overlay cannot be the upper side/)
  })
})

test('the command mounts, lists, compares and unmounts', async () => {
  const lower = [makeLayer(2), makeLayer(1)].map((name) => join(base, 'layers', name))
  const script = `
    cd ${base}
    ${command('mount', ...lower, 'target', '--upper upper --work work')} && rm target/f1 && echo x > target/new
    ${command('diff', 'upper')}
    ${command('umount', 'target')} && ls target
    ${command('diff', 'upper', ...lower)}
    ${command('ls', 'upper', ...lower)}
    ${command('mount', 'upper', 'gone')}; echo $?
    ${command('diff', 'upper')}; echo $?`
  const { output } = await runInside([], script)
  const lines = output.split('\n').map((line) => line.trim().replaceAll(base, 'BASE'))
  expect(lines).toEqual([
    'D /f1',
    'A /new',
    'D /f1',
    'A /new',
    '-0644       0:0          6 /f2',
    '-0644       0:0          2 /new',
    expect.stringMatching(/^unionfs: mount\("BASE\/upper", "BASE\/gone".*ENOENT/),
    expect.stringMatching(/^hint: /),
    '1',
    'unionfs: no overlay with full paths is mounted with the upper directory BASE/upper',
    'hint: name the layers: unionfs diff UPPER LOWER...',
    '1',
    '',
  ])
})

test('copying what a volume covers stops at what is in the way, and follows no link there', async () => {
  const layer = join(base, 'layers', makeLayer(1))
  mkdirSync(join(layer, 'data/sub'), { recursive: true })
  writeFileSync(join(layer, 'data/sub/file'), 'x')
  symlinkSync('/tmp', join(base, 'target/sub'))
  await expect(copyTree(new LayerView([layer]), '/data', join(base, 'target'))).rejects.toThrow('already there: /sub')
  rmSync(join(base, 'target/sub'))
  await copyTree(new LayerView([layer]), '/data', join(base, 'target'))
  expect(readFileSync(join(base, 'target/sub/file'), 'utf8')).toBe('x')
  await expect(copyTree(new LayerView([layer]), '/f1', base)).rejects.toThrow('not a directory: /f1')
})

test('a copy keeps holes, file capabilities and names that are no text, and drops marks of the overlay', async () => {
  const [layer, copy] = [join(base, 'upper'), join(base, 'target')]
  execFileSync('truncate', ['-s', '1T', join(layer, 'sparse')])
  writeFileSync(join(layer, 'large'), Buffer.alloc(9_000_000, 'x'))
  writeFileSync(join(layer, 'capable'), '')
  execFileSync('setcap', ['cap_net_raw+ep', join(layer, 'capable')])
  symlinkSync('target', notText(layer))
  createWhiteout(join(layer, 'gone'))
  const result = await copyTree(new LayerView([layer]), '/', copy)
  expect(result).toEqual({ entries: 4, bytes: 9_000_000, lostXattrs: 0 })
  expect(lstatSync(join(copy, 'sparse'))).toMatchObject({ size: 2 ** 40, blocks: 0 })
  expect(readFileSync(join(copy, 'large')).equals(readFileSync(join(layer, 'large')))).toBe(true)
  expect(execFileSync('getcap', [join(copy, 'capable')]).toString()).toContain('cap_net_raw=ep')
  expect(lstatSync(notText(copy)).isSymbolicLink()).toBe(true)
})

function command(...words: string[]): string {
  return [process.execPath, join(import.meta.dirname, '../src/bin.ts'), ...words].join(' ')
}

/** A path whose last name is no UTF-8. */
function notText(dir: string): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])])
}

/** Archives made to harm: nothing outside the tree is read or written, and the error says why. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SyscallError, UserError } from '@mini-docker/syscall'
import { tarHeader, writeTar, type TarSource } from '../../src/tar/index.ts'
import { applyLayer } from '../../src/tree/index.ts'
import { directory, file, hardlink, node, scratch, symlink, unpack } from './tree.ts'

describe('a hostile layer', () => {
  test.each(['../escape', 'a/../../escape', '/../escape', '..', './../escape'])(
    'with the path %s is refused',
    async (path) => {
      await expect(unpack([file(path, 'x')])).rejects.toThrow(/^path ".*" leads out of the layer$/)
    },
  )

  test('with absolute paths stays inside', async () => {
    const { at } = await unpack([file('/etc/passwd', 'inside'), file('//x/./y/../z', 'z')])
    expect(fs.readFileSync(at('etc/passwd'), 'utf8')).toBe('inside')
    expect(fs.readFileSync(at('x/z'), 'utf8')).toBe('z')
  })

  test('that writes through a link writes inside the tree, wherever the link points', async () => {
    const { at, outside } = await unpack([
      directory('target'),
      symlink('absolute', '/target'),
      symlink('up', '../../../../target'),
      symlink('target/round', '../up'),
      file('absolute/a', 'a'),
      file('up/b', 'b'),
      file('target/round/c', 'c'),
      hardlink('up/d', 'absolute/a'),
    ])
    expect(fs.readdirSync(at('target')).toSorted()).toEqual(['a', 'b', 'c', 'd', 'round'])
    expect(fs.readdirSync(outside)).toEqual(['secret'])
  })

  test('whose link points at the host finds nothing there', async () => {
    const host = scratch()
    await expect(unpack([symlink('out', host), file('out/x', 'x')])).rejects.toThrow(
      '"out" is a symbolic link to no directory',
    )
    expect(fs.readdirSync(host)).toEqual([])
  })

  test('whose links go round in a circle is refused', async () => {
    await expect(unpack([symlink('a', 'b'), symlink('b', 'a'), file('a/x')])).rejects.toThrow('too many symbolic links')
  })

  test('cannot reach a file of the host by a magic link of /proc', async () => {
    const entries = [symlink('p', '/proc/self/cwd'), file('p/mini-docker-escape', 'x')]
    await expect(unpack(entries)).rejects.toThrow('"p" is a symbolic link to no directory')
    expect(fs.existsSync('mini-docker-escape')).toBe(false)
  })

  test('that replaces a directory by a link in the middle writes inside the tree', async () => {
    const { at, outside } = await unpack([
      directory('d'),
      file('d/one', '1'),
      directory('real'),
      symlink('d', '../../real'),
      file('d/two', '2'),
    ])
    expect(fs.readFileSync(at('real/two'), 'utf8')).toBe('2')
    expect(fs.readdirSync(outside)).toEqual(['secret'])
  })

  test.each([
    ['outside', '../outside/secret', 'leads out of the layer'],
    ['of the host', '/etc/hostname', 'hard link "h" to "/etc/hostname", which is not in the layer'],
    ['that is a directory', 'd', 'hard link "h" to "d", which is a directory'],
    ['through a link to outside', 'l/secret', 'which is not in the layer'],
    ['to the root', '/', 'which is not in the layer'],
  ])('with a hard link to a file %s is refused', async (_what, target, message) => {
    const entries = [directory('d'), symlink('l', '/outside'), hardlink('h', target)]
    await expect(unpack(entries)).rejects.toThrow(message)
  })

  test('with a hard link to a link gets the link, not its target', async () => {
    const { at } = await unpack([symlink('l', '/etc/shadow'), hardlink('h', 'l')])
    expect(fs.readlinkSync(at('h'))).toBe('/etc/shadow')
  })

  test.each(['.wh...', '.wh..', '.wh.', 'd/.wh...', '.wh.a/b'])('with the whiteout %s is refused', async (name) => {
    await expect(unpack([directory('d'), file(name)])).rejects.toThrow(/whiteout/)
  })

  test('with a root that is no directory, or a parent that is a file, is refused', async () => {
    await expect(unpack([symlink('.', '/etc')])).rejects.toThrow('the root of the layer is a symlink')
    await expect(unpack([file('f'), file('f/x')])).rejects.toThrow(
      '"f" is no directory, yet the archive puts files into it',
    )
  })

  test('with device numbers and owners that cannot be is refused', async () => {
    await expect(unpack([node('char', 'c', { major: 5000 })])).rejects.toThrow('device "c" has the numbers 5000:0')
    await expect(unpack([file('f', '', { uid: 0xffffffff })])).rejects.toThrow('"f" belongs to 4294967295:0')
  })

  test('with names and paths longer than the kernel takes is refused', async () => {
    await expect(unpack([file('n'.repeat(256))])).rejects.toThrow('is longer than the filesystem takes')
    await expect(unpack([file(`${'d/'.repeat(2100)}x`)])).rejects.toThrow('has 4201 characters; the kernel takes 4095')
    await expect(unpack([symlink('s', 't'.repeat(5000))])).rejects.toThrow('is longer than the filesystem takes')
  })

  test('with ten gigabytes of zeros takes no room, or is refused by a lower limit', async () => {
    const size = 10 * 1024 ** 3
    const zeros = Buffer.alloc(1 << 20)
    const bomb = (): TarSource[] => [
      {
        ...tarHeader({ type: 'file', path: 'zeros', size }),
        data: Array.from({ length: size / zeros.length }, () => zeros),
      },
    ]
    const { at } = await unpack(bomb())
    expect(fs.statSync(at('zeros'))).toMatchObject({ size, blocks: 0 })
    await expect(unpack(bomb(), { maxBytes: 1e9 })).rejects.toThrow(
      'the layer has more than 1000000000 bytes: 10737418240 with "zeros"',
    )
  })

  test('with more entries than the limit is refused', async () => {
    const many = Array.from({ length: 101 }, (_, index) => file(`f${index}`))
    await expect(unpack(many, { maxEntries: 100 })).rejects.toThrow('the layer has more than 100 entries')
  })

  test('that is cut off leaves no descriptor open', async () => {
    const before = fs.readdirSync('/proc/self/fd').length
    const archive: Buffer[] = []
    for await (const chunk of writeTar([directory('a'), file('a/b', Buffer.alloc(5000, 1))]))
      archive.push(Buffer.from(chunk))
    const cut = (async function* () {
      yield Buffer.concat(archive).subarray(0, 3000)
    })()
    await expect(applyLayer(cut, scratch())).rejects.toThrow('the archive ends in the middle of an entry')
    expect(fs.readdirSync('/proc/self/fd').length).toBe(before)
  })

  test('on a full disk is an error that says so', () => {
    const dir = scratch()
    const module = join(import.meta.dirname, '../../src/tree/index.ts')
    const tar = join(import.meta.dirname, '../../src/tar/index.ts')
    const program = `
      import { applyLayer } from ${JSON.stringify(module)}
      import { tarHeader, writeTar } from ${JSON.stringify(tar)}
      const entry = { ...tarHeader({ type: 'file', path: 'big', size: 3e6 }), data: [Buffer.alloc(3e6, 1)] }
      await applyLayer(writeTar([entry]), ${JSON.stringify(dir)}).catch((error) => console.log(error.code, error.message))`
    const mount = `mount -t tmpfs -o size=1m tmpfs ${dir} && exec "$0" --input-type=module-typescript -e "$1"`
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', mount, process.execPath, program], {
      encoding: 'utf8',
    })
    expect([stdout, stderr]).toEqual(['unavailable no space left on the disk while unpacking "big"\n', ''])
  })
})

test('layers of random names, types and links never write outside, and fail only with errors of ours', async () => {
  const name = fc.constantFrom('a', 'b', 'c', '.wh.a', '.wh.b', '.wh..wh..opq', '..', '.', '')
  const path = fc
    .array(name, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))
    .filter((text) => text !== '')
  const target = fc.oneof(
    path,
    path.map((text) => `/${text}`),
    fc.constantFrom('/outside', '../outside', '../../outside/secret'),
  )
  const entry: fc.Arbitrary<TarSource> = fc.oneof(
    path.map((at) => file(at, 'x')),
    path.map((at) => directory(at)),
    fc.tuple(path, target).map(([at, to]) => symlink(at, to)),
    fc.tuple(path, target).map(([at, to]) => hardlink(at, to)),
    path.map((at) => node('fifo', at)),
  )
  const dir = scratch()
  const outside = join(dir, 'outside')
  fs.mkdirSync(outside)
  fs.writeFileSync(join(outside, 'secret'), 'secret')
  const before = fs.statSync(outside).mtimeMs
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
      const root = fs.mkdtempSync(join(dir, 'root-'))
      try {
        await applyLayer(writeTar(entries), root)
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        expect(error).not.toBeInstanceOf(SyscallError)
      }
      fs.rmSync(root, { recursive: true })
      expect(fs.readdirSync(dir)).toEqual(['outside'])
      expect(fs.readdirSync(outside)).toEqual(['secret'])
      expect(fs.statSync(outside)).toMatchObject({ mtimeMs: before, nlink: 2 })
      expect(fs.statSync(join(outside, 'secret')).nlink).toBe(1)
    }),
    { numRuns: 400 },
  )
})

/** Images made and converted by umoci and skopeo, from real files: we must see the same trees as they do. */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lgetxattr, llistxattr, lsetxattr } from '@mini-docker/syscall'
import { beforeAll, expect, test } from 'vitest'
import { main } from '../../src/command.ts'
import { ImageStore } from '../../src/store/store.ts'
import { describeWith, run, sharedImage } from '../support/requires.ts'
import * as make from '../support/archives.ts'

const directory = make.temporaryDirectory()
const layout = join(directory, 'umoci')

describeWith(['umoci', 'skopeo'], 'an image of three layers with everything a tree can have', () => {
  beforeAll(() => {
    run('umoci', 'init', '--layout', layout)
    run('umoci', 'new', '--image', `${layout}:base`)
    layer('base', (root) => {
      for (const path of ['etc/ssl', 'usr/share/perl5', 'usr/lib/python3/dist-packages']) copyFromHost(path, root)
      run('sh', '-c', `cd ${root} && mkdir -p dev deep/a/b gone opaque && echo x > gone/x && echo old > opaque/old`)
      run('sh', '-c', `cd ${root} && mknod dev/null c 1 3 && mknod dev/loop b 7 200 && mkfifo fifo && chmod 4755 fifo`)
      run(
        'sh',
        '-c',
        `cd ${root} && echo s > suid && chown 12:34 suid && chmod 6755 suid && ln suid hard && ln -s /etc/passwd abs`,
      )
      run(
        'sh',
        '-c',
        `cd ${root} && truncate -s 5000000 sparse && echo end >> sparse && mkdir sticky && chmod 1777 sticky`,
      )
      run(
        'sh',
        '-c',
        `cd ${root} && touch -d '1969-07-20 20:17:40 UTC' moon && touch -d '2100-01-01' future && touch 'a b é 日本'`,
      )
      run(
        'sh',
        '-c',
        `cd ${root} && mkdir -p ${'long/'.repeat(60)} && echo x > ${'long/'.repeat(60)}${'n'.repeat(250)}`,
      )
      writeFileSync(join(root, 'big'), Buffer.alloc(3_000_000, 'big file '))
    })
    layer('base', (root) => {
      writeFileSync(join(root, 'caps'), 'x')
      run('setcap', 'cap_net_raw+ep', join(root, 'caps'))
      lsetxattr(join(root, 'caps'), 'user.note', Buffer.from('a note'))
      lsetxattr(join(root, 'deep'), 'user.directory', Buffer.from([0, 255]))
      run(
        'sh',
        '-c',
        `cd ${root} && rm -rf gone opaque && mkdir opaque && echo new > opaque/new && rm deep/a/b -r && echo x > deep/a/b`,
      )
      run(
        'sh',
        '-c',
        `cd ${root} && rm suid && chown 7:8 hard && rm abs && mkdir abs && echo in > abs/in && rm -rf dev/loop`,
      )
    })
    layer('base', (root) => {
      run('sh', '-c', `cd ${root} && mkdir gone && echo again > gone/y && chmod 700 deep && rm 'a b é 日本'`)
    })
    run('umoci', 'config', '--image', `${layout}:base`, '--config.cmd', '/bin/sh', '--config.env', 'A=1')
    run('umoci', 'unpack', '--image', `${layout}:base`, join(directory, 'theirs'))
    expect(tree(join(directory, 'theirs/rootfs')).filter((line) => line.startsWith('/caps '))).toHaveLength(2)
  })

  test.each([
    ['docker-archive', 'docker-archive:FILE:app:1', [], 'tar'],
    ['oci-archive with gzip', 'oci-archive:FILE:app:1', ['--dest-compress-format', 'gzip'], 'tar+gzip'],
    ['oci-archive with zstd', 'oci:FILE.d:app:1', ['--dest-compress-format', 'zstd', '--dest-compress'], 'tar+zstd'],
  ])('as %s unpacks to the same tree', async (name, target, flags, kind) => {
    const file = join(directory, `${name.replaceAll(' ', '-')}.tar`)
    run('skopeo', 'copy', '-q', ...flags, `oci:${layout}:base`, target.replace('FILE', file))
    if (target.startsWith('oci:')) run('tar', '-C', `${file}.d`, '-cf', file, '.')
    const root = join(directory, `store-${name.replaceAll(' ', '-')}`)
    const ours = join(directory, `ours-${name.replaceAll(' ', '-')}`)
    await image(root, 'load', file)
    await image(root, 'unpack', 'app:1', ours)
    expect(await image(root, 'verify')).toBe('the store is sound\n')
    expect(tree(ours)).toEqual(tree(join(directory, 'theirs/rootfs')))
    expect(
      run('diff', '-r', '--no-dereference', '--exclude=dev', '--exclude=fifo', ours, join(directory, 'theirs/rootfs')),
    ).toBe('')
    const types = (await ImageStore.open(root)).get('app:1').layers.map(({ mediaType }) => mediaType.split('.').at(-1))
    expect(types).toEqual([kind, kind, kind])
    rmSync(ours, { recursive: true })
  })

  test('in all forms has the same diffIDs, so the trees are shared', async () => {
    const store = await ImageStore.open(join(directory, 'store-all'))
    const archives = readdirSync(directory).filter((name) => name.endsWith('.tar'))
    expect(archives).toHaveLength(3)
    for (const archive of archives) await image(store.root, 'load', join(directory, archive))
    expect(readdirSync(store.layersDir).filter((name) => name !== 'l')).toHaveLength(store.get('app:1').layers.length)
    expect(await store.verify()).toEqual([])
  })

  test('saved by us, umoci unpacks it to the same tree', async () => {
    const archive = join(directory, 'resaved.oci')
    await image(join(directory, 'store-docker-archive'), 'save', 'app:1', '-o', archive)
    run('skopeo', 'copy', '-q', `docker-archive:${archive}:app:1`, `oci:${layout}:again`)
    run('umoci', 'unpack', '--image', `${layout}:again`, join(directory, 'again'))
    expect(tree(join(directory, 'again/rootfs'))).toEqual(tree(join(directory, 'theirs/rootfs')))
  })
})

describeWith(['umoci', 'skopeo'], 'real images', () => {
  const files = ['alpine-3.20.oci.tar', 'busybox-1.37-glibc.oci.tar', 'hello-world.oci.tar'].flatMap(
    (name) => sharedImage(name) ?? [],
  )
  if (files.length === 0) console.warn('skipped: real images: ../shared/images is not here')

  test.skipIf(files.length === 0)('unpack to what umoci sees', async () => {
    for (const [i, file] of files.entries()) {
      const name = 'real'
      run('skopeo', 'copy', '-q', `oci-archive:${file}`, `oci:${join(directory, `real${i}`)}:${name}`)
      run('umoci', 'unpack', '--image', `${join(directory, `real${i}`)}:${name}`, join(directory, `real${i}-theirs`))
      const root = join(directory, `real${i}-store`)
      const loaded = await image(root, 'load', file)
      const ours = join(directory, `real${i}-ours`)
      await image(root, 'unpack', loaded.replace('Loaded image: ', '').trim(), ours)
      expect(tree(ours)).toEqual(tree(join(directory, `real${i}-theirs/rootfs`)))
      expect(run('diff', '-r', '--no-dereference', ours, join(directory, `real${i}-theirs/rootfs`))).toBe('')
    }
  })
})

/** Path, type, mode, owner, size, times, links, link target, device; then the attributes. Not the root itself. */
function tree(root: string): string[] {
  const list = run('sh', '-c', `cd ${root} && find . -mindepth 1 ! -type d -printf '%P %y %#m %U:%G %s %T@ %n %l\\n'`)
  const directories = run('sh', '-c', `cd ${root} && find . -mindepth 1 -type d -printf '%P %y %#m %U:%G %T@\\n'`)
  const devices = run('sh', '-c', `cd ${root} && find . -type c -o -type b | sort | xargs -r stat -c '%n %t:%T'`)
  const paths = run('find', root, '-mindepth', '1', '-print0')
    .split('\0')
    .filter((path) => path !== '')
  const attributes = paths.flatMap((path) =>
    llistxattr(path).map(
      (name) => `${path.slice(root.length)} ${name} ${Buffer.from(lgetxattr(path, name) ?? []).toString('hex')}`,
    ),
  )
  return [...[list, directories, devices].flatMap((text) => text.split('\n').toSorted()), ...attributes.toSorted()]
}

function layer(tag: string, change: (root: string) => void): void {
  const bundle = join(directory, 'bundle')
  run('umoci', 'unpack', '--image', `${layout}:${tag}`, bundle)
  change(join(bundle, 'rootfs'))
  run('umoci', 'repack', '--image', `${layout}:${tag}`, bundle)
  rmSync(bundle, { recursive: true })
}

function copyFromHost(path: string, root: string): void {
  const target = join(root, path)
  mkdirSync(join(target, '..'), { recursive: true })
  try {
    cpSync(join('/', path), target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
  }
}

/** Runs the command here; gives its output. */
async function image(root: string, ...args: string[]): Promise<string> {
  const { PassThrough } = await import('node:stream')
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const code = await main(['--root', root, ...args], { stdin, stdout, stderr })
  const text = String(stdout.read() ?? '')
  expect([args, code, String(stderr.read() ?? '')]).toEqual([args, 0, ''])
  return text
}

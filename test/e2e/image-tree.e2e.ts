/** `image tree` and `image diff` as a person uses them: drawn in a terminal, lines in a pipe. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { packDirectory, writeDockerArchive } from '../harness/archive.ts'
import { Terminal } from '../harness/terminal.ts'
import { onDocker, suite } from './suite.ts'

const BASE = { 'etc/passwd': 'root', 'etc/motd': 'hello', 'cache/big': 'x'.repeat(100_000) }
const CHANGES = { 'etc/passwd': 'root and alice', 'etc/.wh.motd': '', '.wh.cache': '', 'srv/店/会議.txt': '議事録' }

suite('looking into images', ['tmux'], (daemon) => {
  const open = (args: string[], options: { columns?: number; rows?: number; env?: Record<string, string> } = {}) =>
    Terminal.open(daemon().argv('image', ...args), options)

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mini-docker-tree-'))
    try {
      const [base, changes] = [layer(BASE), layer(CHANGES)]
      writeDockerArchive(join(directory, '1.tar'), 'shop:1', [base], { Cmd: ['sh'] })
      writeDockerArchive(join(directory, '2.tar'), 'shop:2', [base, changes], { Cmd: ['sh', '-l'] })
      for (const archive of ['1.tar', '2.tar']) await daemon().ok('load', '-q', '-i', join(directory, archive))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test.skipIf(onDocker)(
    'image tree in a terminal is drawn, follows keys and size, and leaves the terminal as it was',
    async () => {
      await using terminal = await open(['tree', '--lang', 'en', 'shop:2'])
      await terminal.waitFor(/> Layers[\s\S]*motd[\s\S]*Wasted: 100kB, efficiency/)
      await terminal.press('Down')
      await terminal.waitFor(/Files of layer 2[\s\S]*D .*motd[\s\S]*会議\.txt/)
      await terminal.type('a')
      await terminal.waitFor(/Files up to layer 2[\s\S]*D 2 .*cache/)
      await terminal.type('/pass')
      const filtered = await terminal.waitFor(/filter: pass_[\s\S]*C 2 .*passwd/)
      expect(filtered).not.toContain('motd  ')
      await terminal.press('Escape')
      await terminal.waitFor(/D 2 .*cache/)
      await terminal.resize(130, 40)
      await terminal.waitFor(/-rw-r--r-- +0:0 +14B +passwd/)
      await terminal.resize(60, 20)
      await terminal.waitFor(/q quit$/)
      await terminal.type('q')
      expect(await terminal.exitCode()).toBe(0)
      expect(await terminal.screen()).not.toContain('Layers')
    },
  )

  test.skipIf(onDocker)('ctrl-c leaves it too, and --wasted begins at what is wasted', async () => {
    await using terminal = await open(['tree', '--wasted', '--lang', 'ja', 'shop:2'])
    await terminal.waitFor(/> 無駄になっている容量: 100kB/)
    await terminal.press('C-c')
    expect(await terminal.exitCode()).toBe(0)
  })

  test.skipIf(onDocker).each([
    ['under TERM=dumb', {}, { TERM: 'dumb' }],
    ['in a terminal that is too small', { columns: 50, rows: 24 }, {}],
  ])('image tree %s prints lines', async (_, size, env) => {
    // tmux sets TERM itself.
    const argv = [
      'env',
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...daemon().argv('image', 'tree', 'shop:1'),
    ]
    await using terminal = await Terminal.open(argv, size)
    expect(await terminal.exitCode()).toBe(0)
    expect(await terminal.screen()).toMatch(/LAYER +SIZE +FILES[\s\S]* etc\/$/m)
  })

  test.skipIf(onDocker)('image tree in a pipe prints whole paths, and JSON that adds up', async () => {
    expect(await daemon().ok('image', 'tree', '--layer', '2', 'shop:2')).toMatch(/^D -rw-r--r-- .* \/etc\/motd$/m)
    const tree = JSON.parse(await daemon().ok('image', 'tree', '--json', 'shop:2')) as {
      wastedBytes: number
      layers: { entries: { path: string; change: string }[] }[]
    }
    expect(tree.wastedBytes).toBe(100_000 + 'root'.length + 'hello'.length)
    expect(tree.layers[1]?.entries).toContainEqual(expect.objectContaining({ path: 'cache', change: 'removed' }))
  })

  test.skipIf(onDocker)('image diff prints what docker diff prints, and more behind it', async () => {
    const text = await daemon().ok('image', 'diff', '--lang', 'en', 'shop:1', 'shop:2')
    expect(text).toMatch(/^D \/etc\/motd +\[-1 \+2\]/m)
    expect(text).toMatch(/^C \/etc\/passwd +\[-1 \+2\] +size 4B → 14B, content$/m)
    expect(text).toMatch(/^A \/srv\/店\/会議\.txt +\[\+2\]/m)
    expect(text).toMatch(/^C {2}Cmd +\["sh"\] → \["sh","-l"\]$/m)
  })

  test.skipIf(onDocker)('an image that is not there is an error, and no screen', async () => {
    await using terminal = await open(['tree', 'nope'])
    expect(await terminal.exitCode()).toBe(1)
    expect(await terminal.screen()).toContain('No such image: nope:latest')
    expect(await daemon().cli(['image', 'tree', '--layer', '7', '--plain', 'shop:1'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no layer 7: the image has 1') as string,
    })
  })
})

function layer(files: Record<string, string>): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-layer-'))
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(directory, dirname(path)), { recursive: true })
      writeFileSync(join(directory, path), content)
    }
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', directory])
    return packDirectory(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

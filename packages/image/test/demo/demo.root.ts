/** The image `demo`, unpacked and entered. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { demoConfig, demoLayer } from '../../src/demo/index.ts'
import { readTar } from '../../src/tar/index.ts'
import { applyLayer } from '../../src/tree/index.ts'
import { scratch } from '../tree/tree.ts'

let root = ''
beforeAll(async () => {
  root = scratch()
  await applyLayer(demoLayer(), root)
})

/** Runs a shell command in the tree, with /proc, in namespaces of its own. */
function run(tree: string, command: string, shell = 'sh') {
  const script = `mount -t proc proc "$0/proc" && exec chroot "$0" /bin/${shell} -c "$1"`
  const { stdout, stderr, status } = spawnSync(
    'unshare',
    ['--mount', '--pid', '--fork', 'sh', '-c', script, tree, command],
    {
      encoding: 'utf8',
      env: Object.fromEntries(demoConfig.Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])),
    },
  )
  return { stdout, stderr, status }
}

describe('the image demo', () => {
  test('has a shell in which ls, ps and id work', () => {
    const { stdout, stderr, status } = run(root, 'ls / && ps && id')
    expect([stderr, status]).toEqual(['', 0])
    expect(stdout).toMatch(/^bin\ndev\netc\n/)
    expect(stdout).toMatch(/PID TTY +TIME CMD\n +1 /)
    expect(stdout).toContain('uid=0(root) gid=0(root)')
  })

  test('everything in it that is a program finds its loader and libraries', () => {
    // `yes` of busybox knows no --version and never ends.
    const programs = fs.readdirSync(join(root, 'usr/bin')).filter((name) => name !== 'yes' && name !== 'busybox')
    expect(programs.length).toBeGreaterThan(50)
    for (const name of programs) {
      const { stderr, status } = run(root, `${name} --version`)
      expect(`${name}: ${stderr}`).not.toMatch(/not found|error while loading|No such file/)
      expect(status, name).not.toBe(127)
    }
  })

  test('everyday work: pipes, files, users, times, mounts', () => {
    const script = `set -e
      cd /tmp; echo one > a; cp a b; mv b c; ln -s c d; chmod 600 a; chown demo:demo a; touch e; mkdir -p x/y; rm -r x
      cat a c d | sort | uniq | wc -l; seq 3 | tr '\\n' ' '; echo; grep -c root /etc/passwd; sed -n 1p /etc/group
      find . -type l; stat -c %U a; getent passwd demo; date -d @0 -u +%Y; printenv PATH; mount | head -n 1 | cut -d ' ' -f 3`
    const { stdout, stderr } = run(root, script)
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual([
      '1',
      '1 2 3 ',
      '1',
      'root:x:0:',
      './d',
      'demo',
      'demo:x:1000:1000:demo:/home/demo:/bin/sh',
      '1970',
      '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      '/proc',
      '',
    ])
  })

  test('knows the usual terminals', () => {
    for (const terminal of ['xterm', 'xterm-256color', 'linux', 'tmux']) {
      const { stdout, status } = run(root, `TERM=${terminal} clear`)
      expect([terminal, status, stdout.includes('\u001b[')]).toEqual([terminal, 0, true])
    }
  })

  test('vi edits a file without complaints', (context) => {
    const missing = fs.lstatSync(join(root, 'usr/bin/vi'), { throwIfNoEntry: false }) === undefined
    context.skip(missing, 'this machine has no vi')
    const { stdout, stderr, status } = run(
      root,
      'cd /tmp; echo one > v; printf ":s/one/two/\\n:wq\\n" | TERM=dumb vi v; cat v',
    )
    expect(stdout).not.toMatch(/E\d+:/)
    expect(stderr).not.toMatch(/E\d+:/)
    expect([stdout.trimEnd().endsWith('two'), status]).toEqual([true, 0])
  })

  test('is the same bytes each time, small, and quickly made', async () => {
    const digests: string[] = []
    let bytes = 0
    const started = performance.now()
    for (let round = 0; round < 2; round++) {
      const hash = createHash('sha256')
      bytes = 0
      for await (const chunk of demoLayer()) {
        hash.update(chunk)
        bytes += chunk.length
      }
      digests.push(hash.digest('hex'))
    }
    expect(digests[0]).toBe(digests[1])
    expect(bytes).toBeLessThan(27 << 20)
    expect((performance.now() - started) / 2).toBeLessThan(1500)
  })

  test('leaves out what would make it too large, the least wanted first', async () => {
    const names: string[] = []
    let bytes = 0
    for await (const entry of readTar(demoLayer({ maxBytes: 6 << 20 }))) {
      names.push(entry.path)
      bytes += entry.size
    }
    expect(bytes).toBeLessThan(7 << 20)
    expect(names).toContain('usr/bin/ls')
    expect(names.some((name) => name.includes('vim'))).toBe(false)
  })

  test('gives no program setuid', () => {
    const listing = spawnSync('find', [root, '-perm', '/6000'], { encoding: 'utf8' })
    expect(listing.stdout).toBe('')
  })

  test('a machine without a shell is told what is missing', async () => {
    const empty = scratch()
    await expect(demoLayer({ root: empty })[Symbol.asyncIterator]().next()).rejects.toThrow(
      'the image demo cannot be made: this machine has no sh in /usr/bin, /bin, /usr/sbin, /sbin',
    )
  })
})

const images = join(import.meta.dirname, '../../../../../shared/images')
describe.each(['alpine-3.20.oci.tar', 'busybox-1.37-glibc.oci.tar'])(
  'the image demo, made on a machine like %s',
  (name) => {
    test.skipIf(!fs.existsSync(join(images, name)))(`works (skipped without ../shared/images/${name})`, async () => {
      const machine = scratch()
      await applyLayer(await onlyLayer(join(images, name)), machine)
      const tree = scratch()
      await applyLayer(demoLayer({ root: machine }), tree)
      const { stdout, stderr, status } = run(tree, 'ls / && ps && id && echo $((1+1)) | grep 2')
      expect([stderr, status]).toEqual(['', 0])
      expect(stdout).toContain('uid=0(root) gid=0(root)')
    })
  },
)

/** The one layer of an OCI archive: its largest blob. */
async function onlyLayer(path: string): Promise<AsyncIterable<Uint8Array>> {
  let largest: Buffer = Buffer.alloc(0)
  for await (const entry of readTar(fs.createReadStream(path))) {
    if (entry.size <= largest.length) continue
    const parts: Uint8Array[] = []
    for await (const chunk of entry.body) parts.push(Buffer.from(chunk))
    largest = Buffer.concat(parts)
  }
  const { gunzipSync } = await import('node:zlib')
  const tar = largest[0] === 0x1f ? gunzipSync(largest) : largest
  return (async function* () {
    yield tar
  })()
}

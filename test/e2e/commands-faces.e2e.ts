/** `--explain`, `--trace` and `--json` of the commands that change something: what is told is what would be, or what was done. */
import { beforeEach, expect, test } from 'vitest'
import type { Daemon } from '../harness/daemon.ts'
import { BUSYBOX } from '../harness/images.ts'
import { busybox, onDocker, suite } from './suite.ts'

/** Each with a line that its script has to have. `ID` stands for a container that runs. */
const EXPLAINED: [words: string, shows: RegExp][] = [
  ['create --network none BUSYBOX true', /^mkdir -p .*\/upper /m],
  ['exec ID true', /nsenter --target \d+ --pid$/m],
  ['stop ID', /^kill -TERM \d+$/m],
  ['kill -s USR1 ID', /^kill -USR1 \d+$/m],
  ['restart ID', /pivot_root/],
  ['pause ID', /^echo (FROZEN|1) > .*(freezer\.state|cgroup\.freeze)$/m],
  ['rename ID other', /"?\.name = \$name/],
  ['rm -f ID', /^rm -r --one-file-system .*\/containers\//m],
  ['commit ID made:1', /sha256sum/],
  ['cp ID:/etc/passwd -', /tar -c -C "\$VIEW"\/etc passwd/],
  ['export ID', /tar -c -C "\$VIEW"/],
  ['tag BUSYBOX other:1', /other:1/],
  ['save BUSYBOX', /tar -c/],
  ['network create town', /^ip link add md-\w+ type bridge/m],
  ['network connect bridge ID', /^ip link add veth\w+/m],
  ['volume create data', /^mkdir -p .*\/volumes\/data\/_data$/m],
  ['image copy store:BUSYBOX oci:/nowhere:x', /^skopeo copy /m],
  ['container prune -f', /^# 0 steps/],
  ['login -u somebody registry.test', /^curl .* -u somebody https:\/\/registry\.test\/v2\/$/m],
  ['gc', /^# \d+ steps/],
]

if (!onDocker) {
  suite('the faces of every command', ['nft', 'ip'], (daemon) => {
    let id = ''
    beforeEach(async () => {
      await daemon().ok('network', 'create', 'quiet')
      const script = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
      id = await daemon().ok('run', '-d', '--network', 'quiet', BUSYBOX, 'sh', '-c', script)
      return async () => {
        await daemon().cli(['rm', '-f', id])
        await daemon().ok('network', 'rm', 'quiet')
      }
    })
    const wordsOf = (line: string): string[] =>
      line.split(' ').map((word) => word.replace('ID', id).replace('BUSYBOX', BUSYBOX))

    test('--explain tells, in two languages and as JSON, and does nothing', async () => {
      const before = await everything(daemon())
      for (const [line, shows] of EXPLAINED) {
        const [english = '', japanese, json = ''] = await Promise.all(
          [['--lang', 'en'], ['--lang', 'ja'], ['--json']].map((flags) => explained(daemon(), wordsOf(line), ...flags)),
        )
        expect(english, line).toMatch(shows)
        expect(japanese, line).toMatch(/[぀-ヿ]/)
        // A title that is an id has no words.
        expect(english.match(/^# \d+\. [a-z]+\.[a-z.-]+ {2}\(/gm), line).toBe(null)
        const { steps } = JSON.parse(json) as { steps: { id: string }[] }
        expect(Array.isArray(steps), line).toBe(true)
      }
      expect(await everything(daemon())).toEqual(before)
    })

    test('--explain refuses what would be refused, in the same words', async () => {
      for (const line of [`rm ${id}`, 'stop nobody', 'network rm bridge', 'volume rm nothing', 'rmi nothing']) {
        const words = line.split(' ')
        const [told, done] = [await daemon().cli([...words, '--explain']), await daemon().cli(words)]
        expect(told.exitCode, line).toBe(1)
        expect(told.stderr.split('\n')[0], line).toBe(done.stderr.split('\n')[0])
      }
    })

    test('--trace of a stop shows the signal and what is taken back', async () => {
      const { stdout, stderr, exitCode } = await daemon().cli(['stop', '--trace', id])
      expect({ stdout, exitCode }).toEqual({ stdout: `${id}\n`, exitCode: 0 })
      expect(stderr).toMatch(/^0\.\d+ +host +container\.signal +kill\(\d+, SIGTERM\) = 0 <0\.\d+>$/m)
      expect(stderr).toMatch(/cgroup\.remove +rmdir\(".*\/mini-docker\/[0-9a-f]{64}"\) = 0/)
      expect(stderr).toMatch(/daemon\.request +POST \/containers\/[0-9a-f]+\/stop = 0/)
      expect(stderr).not.toMatch(/^-/m)
    })

    test('--trace of a connect shows the messages to the kernel, and as JSON one event a line', async () => {
      await daemon().ok('network', 'create', 'town')
      try {
        const traced = await daemon().cli(['network', 'connect', '--trace', '--json', 'town', id])
        const events = traced.stderr
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { type: string; step?: string; text?: string })
        expect(events.find(({ step }) => step === 'network.veth')?.text).toMatch(/RTM_|sendto/)
        expect(events.at(-1)?.type).toBe('exit')
      } finally {
        await daemon().ok('rm', '-f', id)
        await daemon().ok('network', 'rm', 'town')
      }
    })

    test('--trace of a run shows nft, the published port and the mount of a volume', async () => {
      const options = ['-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m']
      await daemon().ok('volume', 'create', ...options, 'memory')
      try {
        const words = ['--rm', '-v', 'memory:/memory', '-p', '127.0.0.1::80', '--network', 'quiet', BUSYBOX, 'true']
        const { stderr, exitCode } = await daemon().cli(['run', '--trace', ...words])
        expect(exitCode, stderr).toBe(0)
        expect(stderr).toMatch(/mount\("tmpfs", ".*\/volumes\/memory\/_data", "tmpfs", .*\) = 0/)
        expect(stderr).toMatch(/network\.\w+ +(nft -f -|sendto\(<nfnetlink>).*ports4/)
        const script = await daemon().ok('run', '--explain', ...words)
        expect(script).toMatch(/^mount -t tmpfs -o size=1m tmpfs .*\/volumes\/memory\/_data$/m)
      } finally {
        await daemon().ok('volume', 'rm', 'memory')
      }
    })

    test('--json alone and both faces at once are refused', async () => {
      for (const flags of [['--json'], ['--explain', '--trace']]) {
        const { exitCode, stderr } = await daemon().cli(['stop', ...flags, id])
        expect(exitCode).toBe(125)
        expect(stderr).toMatch(/--json needs|--explain does nothing/)
      }
      expect(await daemon().ok('inspect', '-f', '{{.State.Status}}', id)).toBe('running')
    })

    test('traces do not hear of other requests', async () => {
      const busy = daemon().ok('run', '--rm', ...busybox('true'))
      const { stderr } = await daemon().cli(['rename', '--trace', id, 'renamed'])
      await busy
      expect(stderr).not.toMatch(/clone3|pivot_root/)
      expect(stderr).toMatch(/config\.json/)
    })
  })
}

/** `--explain` stands behind the words of the command itself, before those of a container. */
async function explained(daemon: Daemon, words: string[], ...flags: string[]): Promise<string> {
  const group = ['network', 'volume', 'image', 'container'].includes(words[0]!) ? 2 : 1
  return daemon.ok(...words.slice(0, group), '--explain', ...flags, ...words.slice(group))
}

async function everything(daemon: Daemon): Promise<unknown> {
  const paths = ['/containers/json?all=1', '/images/json', '/networks', '/volumes']
  const answers = await Promise.all(paths.map((path) => daemon.request('GET', path)))
  return answers.map(({ json }) =>
    JSON.stringify(json, (key, value: unknown) => (key === 'Status' ? undefined : value)),
  )
}

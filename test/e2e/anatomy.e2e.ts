/** `anatomy` of real containers: ours, and on a real dockerd its own; what it says is what inspect, /proc and ip say. */
import { readFileSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { columnsOf } from '../../packages/mini-docker/src/index.ts'
import { must, run, type Result } from '../harness/command.ts'
import { repository, type Daemon } from '../harness/daemon.ts'
import { findProgram } from '../harness/requires.ts'
import { BUSYBOX } from '../harness/images.ts'
import { onDocker, suite } from './suite.ts'
import { onHost } from '../harness/world.ts'

type Json = {
  container?: { engine: string; name: string; layers: string[] }
  layers?: { number?: number; diffId?: string }[]
  hostname: string
  names: Record<string, string>
  namespaces: { kind: string; link: string; isReaders: boolean; sharedWith: { containerId?: string }[] }[]
  mounts: { point: string; type: string }[]
  cgroups: { limits: Record<string, string> }[]
  network: { addresses: { link: string; address: string }[]; cables: { inside: string; outside: { name: string } }[] }
  firewall?: { host: { sets: { elements: string[] }[]; chains: { rules: string[] }[] }[] }
  processes: { pid: number; inner: number; command: string[] }[]
  status: { capabilities: Record<string, string[]> }
}

/** Our command line on that daemon, where its links and rules are. */
const anatomy = (daemon: Daemon, ...args: string[]): Promise<Result> =>
  run(
    [
      ...onHost(daemon),
      `${repository}/node_modules/.bin/node`,
      `${repository}/dist/main.js`,
      '-H',
      daemon.host,
      'anatomy',
      ...args,
    ],
    {
      env: { LANG: 'C.UTF-8' },
    },
  )

suite('anatomy', ['nsenter', 'ip'], (daemon) => {
  const web = (...options: string[]): Promise<string> =>
    daemon().ok(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'bridge',
      ...options,
      BUSYBOX,
      'sh',
      '-c',
      'sleep 1001 & exec sleep 1000',
    )
  const facts = async (name: string): Promise<Json> => {
    const { stdout, stderr } = await anatomy(daemon(), '--json', name)
    expect(stderr).toBe('')
    return JSON.parse(stdout) as Json
  }

  test('the facts are those of the kernel and of the engine', async () => {
    await web('-p', '8088:80', '-m', '64m', '--pids-limit', '50', '--hostname', 'shop', '--cap-add', 'NET_ADMIN')
    await daemon().ok('run', '-d', '--name', 'side', '--network', 'container:web', BUSYBOX, 'sleep', '1000')
    const pid = Number(await daemon().ok('inspect', '--format', '{{.State.Pid}}', 'web'))
    const json = await facts('web')
    expect(json.container).toMatchObject({ engine: onDocker ? 'docker' : 'mini-docker', name: 'web' })
    expect(json.hostname).toBe('shop')
    for (const { kind, link } of json.namespaces) expect(link).toBe(readlinkSync(`/proc/${pid}/ns/${kind}`))
    const shared = json.namespaces.find(({ kind }) => kind === 'net')?.sharedWith ?? []
    expect(shared.map(({ containerId }) => json.names[containerId ?? ''])).toEqual(['side'])
    const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n')
    expect(json.mounts.map(({ point }) => point)).toEqual(lines.map((line) => line.split(' ')[4]))
    const layers = json.container?.layers ?? []
    expect(json.layers?.flatMap(({ diffId }) => diffId ?? [])).toEqual(layers.toReversed())
    const limits = Object.assign({}, ...json.cgroups.map((group) => group.limits)) as Record<string, string>
    expect(limits['memory.max'] ?? limits['memory.limit_in_bytes']).toBe(String(64 * 1024 * 1024))
    expect(limits['pids.max']).toBe('50')
    expect(json.processes.map(({ inner, command }) => `${inner} ${command.join(' ')}`)).toEqual(
      expect.arrayContaining(['1 sleep 1000', expect.stringMatching(/^\d+ sleep 1001$/)]),
    )
    expect(json.status.capabilities['Bounding']).toContain('CAP_NET_ADMIN')
    const address = await daemon().ok('inspect', '--format', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'web')
    expect(json.network.addresses).toContainEqual(expect.objectContaining({ link: 'eth0', address: `${address}/16` }))
    const [cable] = json.network.cables
    const links = JSON.parse(await must([...onHost(daemon()), 'ip', '-j', 'link'])) as { ifname: string }[]
    expect(links.map(({ ifname }) => ifname)).toContain(cable?.outside.name)
    const rules = json.firewall?.host.flatMap(({ sets, chains }) => [
      ...sets.flatMap(({ elements }) => elements),
      ...chains.flatMap((chain) => chain.rules),
    ])
    expect(rules?.join('\n')).toContain(address)
    expect(rules?.join('\n')).toContain('8088')
  })

  test('it is drawn as wide as asked for, by name, by id and by pid, in both languages', async () => {
    const id = await web('-p', '8088:80')
    const pid = await daemon().ok('inspect', '--format', '{{.State.Pid}}', 'web')
    for (const [name, width, language] of [
      ['web', 60, 'ja'],
      [id.slice(0, 12), 100, 'en'],
      [pid, 250, 'en'],
    ] as const) {
      const { stdout, stderr, exitCode } = await anatomy(daemon(), '--width', String(width), '--lang', language, name)
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
      const lines = stdout.split('\n')
      expect(lines.filter((line) => columnsOf(line) > width)).toEqual([])
      expect(lines[0]).toMatch(/^web {2}busybox:test {2}/)
      expect(stdout).toMatch(language === 'en' ? /published: tcp 8088 → / : /公開ポート: tcp 8088 → /)
      expect(stdout).not.toContain('\u001B')
    }
  })

  test('a process that is no container has an anatomy, too', async () => {
    const { stdout } = await anatomy(daemon(), '--section', 'namespaces', '--lang', 'en', String(process.pid))
    expect(stdout).toMatch(new RegExp(`^pid ${process.pid} `))
    expect(stdout).toMatch(/│ mnt +\d+ +the host's/)
  })

  test('what is not there, does not run, or may not be seen is told', async () => {
    await daemon().ok('create', '--name', 'asleep', BUSYBOX, 'true')
    expect(await anatomy(daemon(), 'asleep')).toMatchObject({
      exitCode: 1,
      stderr: 'mini-docker: container asleep is not running\n',
    })
    expect(await anatomy(daemon(), 'nope')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/No such container: nope/) as string,
    })
    expect(await anatomy(daemon(), '--section', 'x', 'nope')).toMatchObject({ exitCode: 125 })
    await web()
    const pid = await daemon().ok('inspect', '--format', '{{.State.Pid}}', 'web')
    const setpriv = findProgram('setpriv') ?? 'setpriv'
    const nobody = [
      setpriv,
      '--reuid',
      '65534',
      '--clear-groups',
      `${repository}/node_modules/.bin/node`,
      `${repository}/dist/main.js`,
    ]
    expect(await run([...nobody, 'anatomy', pid])).toMatchObject({
      exitCode: 1,
      stderr: `permission denied to look at process ${pid}\nhint: processes of others need root (CAP_SYS_PTRACE)\n`,
    })
  })
})

/**
 * Networks, as a user has them: ports that the world reaches, names between containers, joining and leaving, addresses, isolation. The daemon
 * is in a network namespace of its own, and what is called the world here is another one, on a cable to it.
 */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestNamespace } from '../../packages/net/test/namespace.ts'
import { must, run, type Result } from '../harness/command.ts'
import type { Daemon } from '../harness/daemon.ts'
import { eventually } from '../harness/eventually.ts'
import { BUSYBOX } from '../harness/images.ts'
import { inspect, onDocker, removeContainers, suite } from './suite.ts'
import { HOST, inWorld, onHost, openWorld, WORLD } from '../harness/world.ts'

suite('networks', ['nft', 'ip', 'nsenter', 'busybox'], (daemon) => {
  let world: TestNamespace

  beforeAll(async () => {
    world = await openWorld(daemon())
  })
  afterAll(() => world?.[Symbol.dispose]())

  /** Says its name to whoever asks at port 80. */
  const server = async (name: string, ...options: string[]): Promise<string> => {
    const script = `echo ${name} > /tmp/index.html; exec httpd -f -p 80 -h /tmp`
    return daemon().ok('run', '-d', '--name', name, ...options, BUSYBOX, 'sh', '-c', script)
  }
  /** The shell stays PID 1: what becomes it hears no SIGTERM of timeout(1). */
  const client = (options: readonly string[], script: string) =>
    daemon().cli(['run', '--rm', ...options, BUSYBOX, 'sh', '-c', `${script}; exit $?`])
  const fromHost = (url: string) => fetched(run([...onHost(daemon()), ...WGET, url]))
  const fromWorld = (url: string) => fetched(run([...inWorld(world), ...WGET, url]))
  const network = async (name: string, ...options: string[]): Promise<AsyncDisposable> => {
    await daemon().ok('network', 'create', ...options, name)
    return {
      async [Symbol.asyncDispose]() {
        await removeContainers(daemon())
        await daemon().ok('network', 'rm', '-f', name)
      },
    }
  }

  test('a published port is reached from the world, from the host by 127.0.0.1 and ::1, and from a neighbour by the host', async () => {
    await server('web', '-p', '8080:80')
    await eventually('the world is answered', async () => (await fromWorld(`http://${HOST}:8080/`)) === 'web')
    expect(await fromHost('http://127.0.0.1:8080/')).toBe('web')
    expect(await fromHost('http://[::1]:8080/')).toBe('web')
    expect((await client([], `timeout 3 wget -qO- http://${HOST}:8080/`)).stdout).toBe('web\n')
    expect(await daemon().ok('port', 'web')).toBe('80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080')
    expect(await daemon().ok('ps', '--format', '{{.Ports}}')).toBe('0.0.0.0:8080->80/tcp, [::]:8080->80/tcp')
    await daemon().ok('rm', '-f', 'web')
    expect(await fromWorld(`http://${HOST}:8080/`)).toBeUndefined()
    expect(await fromHost('http://127.0.0.1:8080/')).toBeUndefined()
  })

  test('a port on 127.0.0.1 is for the host alone; a range goes port by port; the daemon chooses where none is named', async () => {
    await server('web', '-p', '127.0.0.1:8080:80', '-p', '9000-9002:80-82', '-p', '80', '--expose', '99')
    await eventually('the host is answered', async () => (await fromHost('http://127.0.0.1:8080/')) === 'web')
    expect(await fromWorld(`http://${HOST}:8080/`)).toBeUndefined()
    expect(await fromWorld(`http://${HOST}:9000/`)).toBe('web')
    const chosen = /0\.0\.0\.0:(3[2-9]\d{3}|[45]\d{4}|6\d{4})/.exec(await daemon().ok('port', 'web', '80'))?.[1]
    expect(await fromWorld(`http://${HOST}:${chosen}/`)).toBe('web')
    expect(await daemon().ok('port', 'web', '82')).toBe('0.0.0.0:9002\n[::]:9002')
  })

  test('a port that is taken, by a container or by the host, is an error before anything starts; freed, it can be had', async () => {
    await server('first', '-p', '8080:80')
    const second = await daemon().cli(['run', '-d', '--name', 'second', '-p', '8080:80', BUSYBOX, 'touch', '/ran'])
    expect(second.exitCode).toBe(125)
    expect(second.stderr).toContain('Bind for 0.0.0.0:8080 failed: port is already allocated')
    expect(await inspect(daemon(), 'second', '{{.State.Status}} {{.State.Pid}}')).toBe('created 0')
    await daemon().ok('rm', '-f', 'first')
    await daemon().ok('start', 'second')
    using _listener = listen(daemon(), 8081)
    await eventually('the host listens', async () =>
      (await must([...onHost(daemon()), 'busybox', 'netstat', '-ltn'])).includes(':8081'),
    )
    const third = await daemon().cli(['run', '-d', '-p', '8081:80', BUSYBOX, 'true'])
    expect(third.exitCode).toBe(125)
    expect(third.stderr).toMatch(/8081.*address already in use/)
  })

  test('containers of a user network find each other by name, ID and alias; those of the default network do not', async () => {
    await using _ = await network('town')
    const id = await server('web', '--network', 'town', '--network-alias', 'www')
    for (const name of ['web', 'www', id.slice(0, 12)]) {
      const { stdout } = await client(['--network', 'town'], `timeout 3 wget -qO- http://${name}/`)
      expect(stdout).toBe('web\n')
    }
    expect((await client(['--network', 'town'], 'cat /etc/resolv.conf')).stdout).toContain('nameserver 127.0.0.11')
    await server('plain')
    expect((await client([], 'timeout 3 wget -qO- http://plain/')).exitCode).not.toBe(0)
    expect((await client(['--link', 'plain:other'], 'timeout 3 wget -qO- http://other/')).stdout).toBe('plain\n')
  })

  test('a running container joins a network with an alias and an address, is found there, and leaves it again', async () => {
    await using _ = await network('town', '--subnet', '10.20.0.0/16')
    await server('web')
    await daemon().ok('network', 'connect', '--alias', 'www', '--ip', '10.20.7.7', 'town', 'web')
    expect(await daemon().ok('exec', 'web', 'ip', '-o', '-4', 'addr', 'show', 'eth1')).toContain('10.20.7.7/16')
    expect((await client(['--network', 'town'], 'timeout 3 wget -qO- http://www/')).stdout).toBe('web\n')
    expect(
      await daemon().ok('network', 'inspect', '-f', '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}', 'town'),
    ).toBe('web 10.20.7.7/16')
    const busy = await daemon().cli(['network', 'rm', 'town'])
    expect([busy.exitCode, busy.stderr]).toEqual([1, expect.stringContaining('has active endpoints')])
    await daemon().ok('network', 'disconnect', 'town', 'web')
    expect((await daemon().cli(['exec', 'web', 'ip', 'addr', 'show', 'eth1'])).exitCode).not.toBe(0)
    expect((await daemon().cli(['network', 'disconnect', 'town', 'web'])).stderr).toContain('is not connected')
  })

  test('networks are kept apart, and an internal one has no way out', async () => {
    await using _town = await network('town')
    await using _inside = await network('inside', '--internal')
    await server('web', '--network', 'town')
    const address = await inspect(daemon(), 'web', '{{.NetworkSettings.Networks.town.IPAddress}}')
    expect((await client([], `timeout 1 wget -qO- http://${address}/`)).exitCode).not.toBe(0)
    expect((await client(['--network', 'town'], `ping -c1 -W2 ${WORLD}`)).exitCode).toBe(0)
    expect((await client(['--network', 'inside'], `ping -c1 -W1 ${WORLD}`)).exitCode).not.toBe(0)
  })

  test('an address and a hardware address that were asked for are had, also after a restart; one taken is refused', async () => {
    await using _ = await network('town', '--subnet', '10.20.0.0/16')
    const place = ['--network', 'name=town,ip=10.20.0.99,mac-address=02:42:00:00:00:99']
    if (onDocker) place.splice(1, 1, 'name=town,ip=10.20.0.99')
    await server('web', ...place)
    const seen = async () => (await daemon().ok('exec', 'web', 'ip', 'addr', 'show', 'eth0')).replace(/eth0@if\d+/, '')
    expect(await seen()).toContain('10.20.0.99/16')
    if (!onDocker) expect(await seen()).toContain('02:42:00:00:00:99')
    await daemon().ok('restart', '-t', '0', 'web')
    expect(await seen()).toContain('10.20.0.99/16')
    const other = await daemon().cli(['run', '--rm', '--network', 'town', '--ip', '10.20.0.99', BUSYBOX, 'true'])
    expect([other.exitCode, other.stderr]).toEqual([125, expect.stringContaining('Address already in use')])
  })

  test('a macvlan network stands beside an interface of the host: world and containers reach each other without a port', async () => {
    const subnet = ['--subnet', '192.0.2.0/24', '--gateway', WORLD, '--ip-range', '192.0.2.128/25']
    await using _ = await network('lan', '-d', 'macvlan', ...subnet, '-o', 'parent=to-world')
    await server('web', '--network', 'name=lan,ip=192.0.2.200')
    await eventually('the world is answered', async () => (await fromWorld('http://192.0.2.200/')) === 'web')
    const { stdout } = await client(
      ['--network', 'lan'],
      `ping -c1 -W2 ${WORLD} >/dev/null && timeout 3 wget -qO- http://web/`,
    )
    expect(stdout).toBe('web\n')
    const shown = ['network', 'inspect', '-f', '{{.Driver}} {{.Options.parent}} {{len .Containers}}', 'lan']
    expect(await daemon().ok(...shown)).toBe('macvlan to-world 1')
  })

  test('a link gives names and variables, and can be taken away; ports follow a container from network to network', async () => {
    await using _ = await network('town')
    await server('db', '--expose', '5432', '-p', '8085:80')
    await daemon().ok('run', '-d', '--name', 'asks', '--link', 'db:store', BUSYBOX, 'sleep', '1000')
    expect(await daemon().ok('exec', 'asks', 'env')).toMatch(/^STORE_PORT_5432_TCP=tcp:.*^STORE_NAME=\/asks\/store$/ms)
    expect(await daemon().ok('rm', '--link', '/asks/store')).toBe('/asks/store')
    expect(await daemon().ok('exec', 'asks', 'cat', '/etc/hosts')).not.toContain('store')
    await daemon().ok('network', 'connect', 'town', 'db')
    await daemon().ok('network', 'disconnect', 'bridge', 'db')
    await eventually('the world is answered', async () => (await fromWorld(`http://${HOST}:8085/`)) === 'db')
    expect(await daemon().ok('port', 'db', '80')).toBe('0.0.0.0:8085\n[::]:8085')
  })

  test('container:NAME is in the other’s network, with its ports; none has lo alone; host is the host', async () => {
    await server('web')
    expect((await client(['--network', 'container:web'], 'timeout 3 wget -qO- http://127.0.0.1/')).stdout).toBe('web\n')
    expect((await client(['--network', 'none'], 'ip -o link')).stdout.trim().split('\n')).toHaveLength(1)
    expect((await client(['--network', 'host'], 'ip -o link')).stdout).toContain('to-world')
  })

  test('a network that is not there is an error, and no reason to look for the image anywhere', async () => {
    const { exitCode, stderr } = await daemon().cli(['run', '--rm', '--network', 'nowhere', BUSYBOX, 'true'])
    expect(exitCode).toBe(125)
    expect(stderr).toContain('network nowhere not found')
    expect(stderr).not.toContain('Unable to find image')
  })

  test('prune removes the networks that nobody is in, and no other', async () => {
    await using _used = await network('used')
    await using _unused = await network('unused')
    await server('web', '--network', 'used')
    expect(await daemon().ok('network', 'prune', '-f')).toBe('Deleted Networks:\nunused\n')
    const left = (await daemon().ok('network', 'ls', '--format', '{{.Name}}')).split('\n')
    expect(left).toEqual(['bridge', 'host', 'none', 'used'])
  })

  test('stats count what went through', async () => {
    await server('web', '-p', '8080:80')
    await eventually('the world is answered', async () => (await fromWorld(`http://${HOST}:8080/`)) === 'web')
    expect(await daemon().ok('stats', '--no-stream', '--format', '{{.NetIO}}', 'web')).toMatch(/^[1-9].*B \/ [1-9].*B$/)
  })

  test.skipIf(onDocker)(
    '--explain tells the ip and nft commands in both languages and makes nothing; --trace shows the messages',
    async () => {
      await using _ = await network('town')
      const words = ['--network', 'town', '-p', '8080:80', BUSYBOX, 'true']
      const english = await daemon().ok('run', '--explain', '--lang', 'en', ...words)
      expect(english).toContain('Lay a cable from the bridge to the container')
      expect(english).toMatch(/^\s*ip link add veth\w+ type veth peer name eth0/m)
      expect(english).toMatch(/^\s*nft 'add element inet \S+ ports4 \{ tcp \. 8080 : /m)
      const japanese = await daemon().ok('run', '--explain', '--lang', 'ja', ...words)
      expect(japanese).toContain('ブリッジからコンテナへケーブルを引きます')
      // Every step has words: none is shown by its id.
      for (const text of [english, japanese]) expect(text).not.toMatch(/^# \d+\. \w+\.\S+ {2}\(/m)
      expect(await must([...onHost(daemon()), 'ip', '-o', 'link'])).not.toMatch(/veth/)
      const { stderr } = await daemon().cli(['run', '--rm', '--trace', ...words])
      expect(stderr).toMatch(/host +network\.veth +sendto\(.*RTM_NEWLINK.*IFLA_INFO_KIND="veth"/)
      expect(stderr).toMatch(/container network\.address +sendto\(.*RTM_NEWADDR.*IFA_LOCAL="/)
    },
  )
})

/** Debian's static busybox crashes on wget's own -T. */
const WGET = ['busybox', 'timeout', '2', 'busybox', 'wget', '-qO-']

/** What was answered; undefined where nobody did. */
async function fetched(asked: Promise<Result>): Promise<string | undefined> {
  const { exitCode, stdout } = await asked
  return exitCode === 0 ? stdout.trim() : undefined
}

/** A program of the host that has a port. */
function listen(daemon: Daemon, port: number): Disposable {
  const [program = '', ...words] = onHost(daemon)
  const child = spawn(program, [...words, 'busybox', 'nc', '-l', '-p', String(port)], { stdio: 'ignore' })
  return {
    [Symbol.dispose]() {
      child.kill('SIGKILL')
    },
  }
}

/**
 * Real servers from Debian's packages, loaded by real clients: nginx behind wrk, PostgreSQL killed on its volume, redis, dnsmasq and iperf3, over published
 * ports, through address translation, between containers, by name.
 */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestNamespace } from '../../packages/net/test/namespace.ts'
import { must, run } from '../harness/command.ts'
import { eventually } from '../harness/eventually.ts'
import { BUSYBOX } from '../harness/images.ts'
import { NGINX, POSTGRES, SERVERS, serversArchive } from '../harness/servers.ts'
import { inspect, removeContainers, suite } from './suite.ts'
import { HOST, inWorld, onHost, openWorld, WORLD } from '../harness/world.ts'

const NEEDS = ['nft', 'ip', 'nsenter', 'busybox', 'curl', 'wrk', 'dig', 'iperf3', 'mmdebstrap', 'servers-image']

suite('real servers', NEEDS, (daemon) => {
  let world: TestNamespace

  beforeAll(async () => {
    await daemon().ok('load', '-q', '-i', await serversArchive())
    world = await openWorld(daemon())
  })
  afterAll(() => world?.[Symbol.dispose]())

  const server = (name: string, options: readonly string[], ...command: string[]): Promise<string> =>
    daemon().ok('run', '-d', '--name', name, ...options, SERVERS, ...command)
  const fromWorld = (...words: string[]) => must([...inWorld(world), ...words])
  const fromHost = (...words: string[]) => must([...onHost(daemon()), ...words])
  /** A command in a container of its own. */
  const client = async (options: readonly string[], ...command: string[]): Promise<string> =>
    daemon().ok('run', '--rm', ...options, SERVERS, ...command)
  const town = async (): Promise<AsyncDisposable> => {
    await daemon().ok('network', 'create', 'town')
    return {
      async [Symbol.asyncDispose]() {
        await removeContainers(daemon())
        await daemon().ok('network', 'rm', 'town')
      },
    }
  }

  test('nginx on a published port serves wrk from the world, from the host and through ::1 without an error', async () => {
    await server('web', ['-p', '8080:80'], ...NGINX)
    const urls = [
      { from: fromWorld, url: `http://${HOST}:8080/` },
      { from: fromHost, url: 'http://127.0.0.1:8080/' },
      { from: fromHost, url: 'http://[::1]:8080/' },
    ]
    for (const { from, url } of urls) {
      await eventually(`${url} answers`, async () => (await from('curl', '-sSg', url)).includes('nginx'))
      const told = await from(...WRK, '--duration', '1s', url)
      expect(told, url).not.toMatch(/Non-2xx|Socket errors/)
      expect(Number(/Requests\/sec:\s+([\d.]+)/.exec(told)?.[1]), told).toBeGreaterThan(100)
    }
  })

  test('PostgreSQL on a named volume has every row that it answered for, after kill -9 of its processes and after docker kill', async () => {
    const place = ['--user', 'postgres', '-v', 'pgdata:/var/lib/postgresql']
    const psql = (...words: string[]) => daemon().ok('exec', 'db', 'psql', '-h', '/tmp', '-qtA', ...words)
    const start = async () => {
      await server('db', place, ...POSTGRES)
      await eventually('the database answers', async () => (await psql('-c', 'select 1')) === '1', {
        timeoutMs: 30_000,
      })
    }
    const ways = [
      async () => {
        const { json } = await daemon().request('GET', '/containers/db/top?ps_args=-eo pid'.replaceAll(' ', '%20'))
        const pids = (json as { Processes: string[][] }).Processes.map(([pid]) => Number(pid))
        expect(pids.length).toBeGreaterThan(3)
        for (const pid of pids) killIfThere(pid)
      },
      async () => void (await daemon().ok('kill', 'db')),
    ]
    try {
      await start()
      // Of the image's cluster, copied with its owners: PostgreSQL refuses a folder that others may read.
      await psql('-c', 'create table rows (n int primary key)')
      let answered = 0
      for (const end of ways) {
        const writing = daemon().cli(['exec', '-i', 'db', 'psql', '-h', '/tmp', '-tA'], { input: inserts(answered) })
        await eventually('rows are being written', async () => Number(await psql('-c', ROWS)) > answered + 50)
        await end()
        answered += (await writing).stdout.split('\n').filter((line) => line === 'INSERT 0 1').length
        await eventually('it has ended', async () => (await inspect(daemon(), 'db', RUNNING)) === 'false')
        await daemon().ok('rm', 'db')
        await start()
        const there = Number(await psql('-c', ROWS))
        // One may have been written that nobody was told of any more.
        expect(there - answered).toBeOneOf([0, 1])
        answered = there
      }
      expect(answered).toBeGreaterThan(100)
    } finally {
      await daemon().cli(['rm', '-f', 'db'])
      await daemon().cli(['volume', 'rm', 'pgdata'])
    }
  })

  test('redis is found by its name on a user network, and not on the default one', async () => {
    await using _ = await town()
    await server('cache', ['--network', 'town'], ...REDIS)
    const ping = ['redis-cli', '-h', 'cache', 'ping']
    await eventually('redis answers', async () => (await client(['--network', 'town'], ...ping)) === 'PONG')
    await server('plain', [], ...REDIS)
    const address = await inspect(daemon(), 'plain', '{{.NetworkSettings.IPAddress}}')
    await eventually('redis answers', async () => (await client([], 'redis-cli', '-h', address, 'ping')) === 'PONG')
    const lost = await daemon().cli(['run', '--rm', ...IMPATIENT, SERVERS, 'redis-cli', '-h', 'plain', 'ping'])
    expect(lost.stdout).not.toContain('PONG')
    expect(lost.stdout + lost.stderr).toMatch(/Name or service not known|Temporary failure in name resolution/)
  })

  test('redis in the network of another container is reached through the ports of that one', async () => {
    await daemon().ok('run', '-d', '--name', 'front', '-p', '6379:6379', BUSYBOX, 'sleep', '1000')
    await server('cache', ['--network', 'container:front'], ...REDIS)
    const joined = ['--network', 'container:front']
    await eventually('redis answers', async () => (await client(joined, 'redis-cli', 'set', 'a', 'word')) === 'OK')
    // From a neighbour by the host's address: there and back over the same bridge.
    expect(await client([], 'redis-cli', '-h', HOST, 'get', 'a')).toBe('word')
    expect(await fromWorld('sh', '-c', `printf 'GET a\\r\\nQUIT\\r\\n' | busybox nc ${HOST} 6379`)).toContain('word')
  })

  test('dnsmasq answers over UDP from the world, from the host, from a neighbour, and as the resolver of a container', async () => {
    await using _ = await town()
    const dnsmasq = ['dnsmasq', '-k', '-u', 'root', '-R', '-h', '-C', '/dev/null', '--address=/site.test/203.0.113.7']
    await server('names', ['--network', 'town', '-p', '5353:53/udp', '-p', '5353:53/tcp'], ...dnsmasq)
    const dig = (...words: string[]) => [
      'dig',
      '+short',
      '+tries=1',
      '+time=2',
      '-p',
      '5353',
      'www.site.test',
      ...words,
    ]
    await eventually('the world is answered', async () => (await fromWorld(...dig(`@${HOST}`))) === '203.0.113.7\n')
    expect(await fromHost(...dig('@127.0.0.1'))).toBe('203.0.113.7\n')
    expect(await fromHost(...dig('@::1'))).toBe('203.0.113.7\n')
    expect(await fromWorld(...dig('+tcp', `@${HOST}`))).toBe('203.0.113.7\n')
    // A flow of its own for each question.
    const many = Array.from({ length: 100 }, () => fromWorld(...dig(`@${HOST}`)))
    expect(new Set(await Promise.all(many))).toEqual(new Set(['203.0.113.7\n']))
    const address = await inspect(daemon(), 'names', '{{.NetworkSettings.Networks.town.IPAddress}}')
    const lookup = (options: readonly string[], ...words: string[]) =>
      daemon().ok(
        'run',
        '--rm',
        '--network',
        'town',
        ...options,
        BUSYBOX,
        'nslookup',
        '-type=a',
        'www.site.test',
        ...words,
      )
    expect(await lookup([], 'names')).toContain('203.0.113.7')
    expect(await lookup(['--dns', address])).toContain('203.0.113.7')
  })

  test('iperf3 moves bulk out through address translation, which shows the host’s address', async () => {
    const listening = spawnServer(inWorld(world))
    try {
      await eventually('iperf3 listens', () => listensOn(inWorld(world), 5201))
      const sent = transfer(await client([], 'iperf3', '-c', WORLD, '-n', BULK, '-J'))
      expect(sent.received).toBeGreaterThan(ARRIVED)
      const got = transfer(await client([], 'iperf3', '-c', WORLD, '-n', BULK, '-R', '-J'))
      expect(got.received).toBeGreaterThan(ARRIVED)
      const [peer = ''] = (await listening.told()).match(/Accepted connection from [\d.]+/) ?? []
      expect(peer).toBe(`Accepted connection from ${HOST}`)
    } finally {
      listening[Symbol.dispose]()
    }
  })

  test('iperf3 moves bulk in through a published port, over TCP both ways and over UDP, and between containers by name', async () => {
    await using _ = await town()
    await server('sink', ['--network', 'town', '-p', '5201:5201', '-p', '5201:5201/udp'], 'iperf3', '-s')
    const measure = async (...words: string[]) =>
      transfer(await fromWorld('iperf3', '-c', HOST, '--connect-timeout', '5000', '-J', ...words))
    await eventually('iperf3 answers', async () => (await measure('-n', '1M')).received > 0)
    expect((await measure('-n', BULK)).received).toBeGreaterThan(ARRIVED)
    expect((await measure('-n', BULK, '-R')).received).toBeGreaterThan(ARRIVED)
    // Slowly, so that a busy machine loses none in its buffers.
    const udp = await measure('-u', '-b', '8M', '-t', '1')
    expect(udp.packets).toBeGreaterThan(100)
    expect(udp.lost / udp.packets).toBeLessThan(0.2)
    const inside = transfer(await client(['--network', 'town'], 'iperf3', '-c', 'sink', '-n', BULK, '-J'))
    expect(inside.received).toBeGreaterThan(ARRIVED)
  })
})

const WRK = ['wrk', '--threads', '1', '--connections', '32', '--timeout', '10s']
const REDIS = ['redis-server', '--save', '', '--protected-mode', 'no']
/** The host's resolvers are out of reach of a daemon in a namespace of its own. */
const IMPATIENT = ['--dns-option', 'timeout:1', '--dns-option', 'attempts:1']
const ROWS = 'select count(*) from rows'
const RUNNING = '{{.State.Running}}'
const BULK = '200M'
/** What is under way at the end of the sender is not counted. */
const ARRIVED = 0.9 * 200 * 1024 * 1024

/** More rows than there is time to write, each in a transaction of its own. */
function inserts(from: number): string {
  return Array.from({ length: 100_000 }, (_, i) => `insert into rows values (${from + i});\n`).join('')
}

/** What goes with the first process is gone before its turn. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** What iperf3 counted, by the side that got it. Bytes of TCP, packets of UDP. */
function transfer(json: string): { received: number; packets: number; lost: number } {
  const { end } = JSON.parse(json) as {
    end: { sum_received?: { bytes: number }; sum?: { packets?: number; lost_packets?: number } }
  }
  return { received: end.sum_received?.bytes ?? 0, packets: end.sum?.packets ?? 0, lost: end.sum?.lost_packets ?? 0 }
}

/** `iperf3 -s` behind these words; what it prints, so far. */
function spawnServer([program = '', ...words]: string[]): Disposable & { told: () => Promise<string> } {
  const child = spawn(program, [...words, 'iperf3', '-s', '--forceflush'], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return {
    told: () => eventually('iperf3 tells who came', () => output.includes('Accepted') && output),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

async function listensOn(place: readonly string[], port: number): Promise<boolean> {
  return (await run([...place, 'busybox', 'netstat', '-ltn'])).stdout.includes(`:${port} `)
}

/** What is read is what other tools say: lsns, findmnt, ip, nft, capsh, prlimit and /proc itself, about a process in namespaces of its own. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'
import { changesBetween } from '../../story/src/index.ts'
import {
  FactReader,
  propagationOf,
  readCgroups,
  readFacts,
  readFirewall,
  readIdMaps,
  readLimits,
  readMembers,
  readMounts,
  readNamespaces,
  readNetwork,
  readOwner,
  readProcesses,
  readStatus,
} from '../src/index.ts'
import { Subject } from './process.ts'

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' })
const OWN = ['--mount', '--net', '--pid', '--uts', '--ipc', '--mount-proc']

describeWith(['root', 'ip', 'nft', 'findmnt', 'lsns', 'capsh', 'setpriv', 'prlimit'], 'facts of a process', () => {
  let subject: Subject

  beforeAll(async () => {
    subject = await Subject.start(
      [...OWN],
      'set -e; hostname box; mount -t tmpfs -o size=1m,nodev "my tmp" /mnt; mount --make-shared /mnt; ip link set lo up; ip link add br0 type bridge; ip addr add 192.0.2.1/24 dev br0; ip link set br0 up; ip route add 198.51.100.0/24 via 192.0.2.9; ip route add blackhole 203.0.113.0/24; ip -6 addr add 2001:db8::1/64 dev br0 nodad; nft add table inet t; nft "add chain inet t c { type filter hook input priority 0; }"; nft add rule inet t c counter accept',
    )
  })
  afterAll(async () => subject[Symbol.asyncDispose]())

  test('namespaces as lsns lists them, and whose they are', () => {
    const { namespaces } = JSON.parse(run('lsns', '-J', '-p', String(subject.pid), '-o', 'NS,TYPE')) as {
      namespaces: { ns: number; type: string }[]
    }
    const facts = readNamespaces(subject.pid)
    const byKind = (list: { kind: string; inode: number }[]) =>
      list.map(({ kind, inode }) => `${kind} ${inode}`).toSorted()
    expect(byKind(facts)).toEqual(byKind(namespaces.map(({ ns, type }) => ({ kind: type, inode: ns }))))
    expect(facts.flatMap(({ kind, isReaders }) => (isReaders ? [] : [kind])).toSorted()).toEqual([
      'ipc',
      'mnt',
      'net',
      'pid',
      'uts',
    ])
    const user = facts.find(({ kind }) => kind === 'user')
    expect(readOwner(subject.pid, 'net')).toEqual({ userInode: user?.inode, uid: 0 })
    const pids = facts.find(({ kind }) => kind === 'pid')!
    expect(readMembers(facts).get(pids.link)).toEqual([subject.pid])
  })

  test('mounts as findmnt lists them', () => {
    const { filesystems } = JSON.parse(
      run('findmnt', '-J', '-l', '--task', String(subject.pid), '-o', 'TARGET,FSTYPE,PROPAGATION,ID'),
    ) as { filesystems: { target: string; fstype: string; propagation: string; id: number }[] }
    const ours = readMounts(subject.pid).map((mount) => ({
      target: mount.point,
      fstype: mount.type,
      propagation: propagationOf(mount).replace(/:\d+/, ''),
      id: mount.id,
    }))
    expect(ours).toEqual(filesystems)
    const row = readFacts(subject.pid).mounts?.rows.find(([key]) => key === '/mnt')
    expect(row?.[1]).toMatch(/^tmpfs my tmp rw,nodev,relatime,size=1024k shared:\d+$/)
  })

  test('links, addresses and routes as ip lists them', () => {
    const network = readNetwork(subject.pid)
    type Link = { ifname: string; mtu: number; flags: string[]; address: string; linkinfo?: { info_kind?: string } }
    expect(network?.links.map(({ name, mtu, up, mac, kind }) => ({ name, mtu, up, mac, kind }))).toEqual(
      (subject.json('ip', '-j', '-d', 'link') as Link[]).map(({ ifname, mtu, flags, address, linkinfo }) => ({
        name: ifname,
        mtu,
        up: flags.includes('UP'),
        mac: address,
        kind: linkinfo?.info_kind,
      })),
    )
    type Address = { ifname: string; addr_info: { local: string; prefixlen: number; scope: string }[] }
    const addresses = (subject.json('ip', '-j', 'address') as Address[]).flatMap(({ ifname, addr_info: all }) =>
      all.map(({ local, prefixlen, scope }) => ({ link: ifname, address: `${local}/${prefixlen}`, scope })),
    )
    const sorted = (list: object[]): string[] => list.map((one) => JSON.stringify(one)).toSorted()
    expect(sorted(network?.addresses ?? [])).toEqual(sorted(addresses))
    type Route = { type?: string; dst: string; gateway?: string; dev?: string; protocol: string; metric?: number }
    const routes = ['-4', '-6'].flatMap((version) => subject.json('ip', version, '-d', '-j', 'route') as Route[])
    expect(
      sorted(
        network?.routes.map(({ type, to, via, link, protocol, metric }) => ({
          type,
          to,
          via,
          link,
          protocol,
          metric,
        })) ?? [],
      ),
    ).toEqual(
      sorted(
        routes.map(({ type, dst, gateway, dev, protocol, metric }) => ({
          type: type ?? 'unicast',
          to: dst,
          via: gateway,
          link: dev,
          protocol,
          metric,
        })),
      ),
    )
  })

  test('where a cable ends is found, though numbers of links are the same in both namespaces', async () => {
    await using other = await Subject.start(['--net'])
    // In a third namespace there is a link with the same number as ours.
    run('ip', 'link', 'add', 'e-bridge', 'type', 'bridge')
    try {
      run('ip', 'link', 'add', 'e-outside', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(subject.pid))
      run('ip', 'link', 'set', 'e-outside', 'master', 'e-bridge')
      const between = ['type', 'veth', 'peer', 'name', 'eth1', 'netns', String(other.pid)]
      subject.run('ip', 'link', 'add', 'to-other', ...between)
      const network = readNetwork(subject.pid)
      expect(network?.cables).toEqual([
        {
          inside: 'eth0',
          outside: expect.objectContaining({ name: 'e-outside', master: 'e-bridge', kind: 'veth' }) as unknown,
        },
      ])
      expect(network?.bridges.map(({ link }) => link.name)).toContain('e-bridge')
      expect(readNetwork(other.pid)?.cables).toEqual([])
      expect(readFacts(subject.pid).links?.rows.map(([key]) => key)).toEqual(
        expect.arrayContaining(['eth0', 'host: e-outside', 'host: e-bridge']),
      )
    } finally {
      run('ip', 'link', 'delete', 'e-bridge')
      run('ip', 'link', 'delete', 'e-outside')
    }
  })

  test('the host name is read in there, and ours stays ours', () => {
    const own = hostname()
    expect(readFacts(subject.pid).security?.rows).toContainEqual(['hostname', 'box'])
    expect(hostname()).toBe(own)
    expect(run('hostname').trim()).toBe(own)
  })

  test('sysctls are those of the namespace', () => {
    subject.run('sh', '-c', 'echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start')
    expect(readNetwork(subject.pid)?.sysctls['net.ipv4.ip_unprivileged_port_start']).toBe('80')
    expect(readNetwork(process.pid)?.sysctls['net.ipv4.ip_unprivileged_port_start']).toBe(
      readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').trim(),
    )
  })

  test('rules of nft inside, without their counters', async () => {
    const tables = await readFirewall({ namespace: `/proc/${subject.pid}/ns/net` })
    expect(tables).toEqual([
      {
        family: 'inet',
        name: 't',
        sets: [],
        chains: [{ name: 'c', hook: 'type filter hook input priority filter; policy accept;', rules: ['accept'] }],
      },
    ])
  })

  test('a reader runs nft again only after a change, and then sees it', async () => {
    const reader = new FactReader({ owner: 'factstest' })
    run('nft', 'add', 'table', 'inet', 'mini-docker-factstest')
    try {
      const before = await reader.read(subject.pid)
      expect(before.nft?.rows).toContainEqual(['inside: inet t chain c 1', 'accept'])
      run('nft', 'add set inet mini-docker-factstest s { type ifname; elements = { "br-x" } }')
      const after = await reader.read(subject.pid)
      expect(changesBetween(before, after)).toEqual([
        { section: 'nft', key: 'inet mini-docker-factstest set s', kind: 'added', after: '1 elements' },
        { section: 'nft', key: 'inet mini-docker-factstest set s br-x', kind: 'added', after: 'br-x' },
      ])
    } finally {
      run('nft', 'delete', 'table', 'inet', 'mini-docker-factstest')
    }
  })

  test('changes are the changes, and nothing else', () => {
    const before = readFacts(subject.pid)
    expect(changesBetween(before, readFacts(subject.pid))).toEqual([])
    subject.run('ip', 'link', 'set', 'br0', 'mtu', '1400')
    subject.run('mount', '-t', 'tmpfs', 'second', '/mnt')
    const changes = changesBetween(before, readFacts(subject.pid))
    expect(changes.map(({ section, key, kind }) => `${section} ${key} ${kind}`)).toEqual([
      'mounts /mnt#2 added',
      'links br0 changed',
    ])
    subject.run('umount', '/mnt')
  })

  test('all sections are read in a moment', () => {
    const times = Array.from({ length: 21 }, () => {
      const start = performance.now()
      readFacts(subject.pid)
      return performance.now() - start
    }).toSorted((a, b) => a - b)
    expect(times[10]).toBeLessThan(50)
  })

  test('processes are those of its pid namespace', () => {
    expect(readProcesses(subject.pid)).toEqual([
      expect.objectContaining({ pid: subject.pid, inner: 1, name: 'sleep', command: ['sleep', '1000'], uid: 0 }),
    ])
  })
})

describeWith(['root', 'setpriv', 'capsh', 'prlimit'], 'facts of what a process may do', () => {
  test('capabilities as capsh decodes them, no_new_privs, ids', async () => {
    const limited =
      'exec setpriv --bounding-set -net_raw --inh-caps -all --ambient-caps -all --no-new-privs --reuid 7 --clear-groups'
    await using subject = await Subject.start(['--pid'], `${limited} sh -c "echo ready; exec sleep 1000"`)
    const status = readStatus(subject.pid)
    const mask = /^CapBnd:\t(\w+)$/m.exec(readFileSync(`/proc/${subject.pid}/status`, 'utf8'))?.[1] ?? ''
    const [, decoded = ''] = run('capsh', `--decode=${mask}`).trim().split('=')
    expect(status.capabilities.Bounding.map((name) => name.toLowerCase())).toEqual(decoded.split(','))
    expect(status.capabilities.Bounding).not.toContain('CAP_NET_RAW')
    expect(status).toMatchObject({ noNewPrivileges: true, uids: [7, 7, 7, 7], groups: [] })
  })

  test('limits as prlimit prints them', async () => {
    await using subject = await Subject.start(['--pid'], 'ulimit -n 77')
    const rows = run('prlimit', `--pid=${subject.pid}`, '--raw', '--noheadings', '--output', 'RESOURCE,SOFT,HARD')
    const theirs = rows
      .trim()
      .split('\n')
      .map((line) => `RLIMIT_${line}`)
    expect(
      readLimits(subject.pid)
        .map(({ resource, soft, hard }) => `${resource} ${soft} ${hard}`)
        .toSorted(),
    ).toEqual(theirs.toSorted())
    expect(readFacts(subject.pid).limits?.rows).toContainEqual(['RLIMIT_NOFILE', '77 files'])
  })

  test('ids of a user namespace, and its open files', async () => {
    await using subject = await Subject.start(['--user', '--map-root-user'])
    expect(readIdMaps(subject.pid)).toEqual({
      uids: [{ inside: 0, outside: 0, count: 1 }],
      gids: [{ inside: 0, outside: 0, count: 1 }],
      setgroups: 'deny',
    })
    expect(readFacts(subject.pid, ['fds']).fds?.rows).toEqual(
      readdirSync(`/proc/${subject.pid}/fd`).map((fd) => [fd, readlinkSync(`/proc/${subject.pid}/fd/${fd}`)]),
    )
  })

  test('the groups that /proc names, and what is written there', async () => {
    await using subject = await Subject.start(['--pid'])
    const groups = readCgroups(subject.pid)
    const pids = groups.find(({ controllers }) => controllers.includes('pids'))
    if (pids === undefined) throw new Error('no controller pids')
    const directory = `${pids.directory}/facts-test-${process.pid}`
    mkdirSync(directory)
    try {
      const before = readFacts(subject.pid, ['cgroup'])
      writeFileSync(`${directory}/pids.max`, '42')
      writeFileSync(`${directory}/cgroup.procs`, String(subject.pid))
      const moved = readCgroups(subject.pid).find(({ controllers }) => controllers.includes('pids'))
      expect(moved).toMatchObject({
        directory,
        processes: 1,
        limits: { 'pids.max': '42' },
        usage: { 'pids.current': '1' },
      })
      const lines = readFileSync(`/proc/${subject.pid}/cgroup`, 'utf8')
      expect(lines).toContain(`:${moved?.path}\n`)
      const changes = changesBetween(before, readFacts(subject.pid, ['cgroup']))
      expect(changes).toContainEqual(expect.objectContaining({ key: 'pids.max', after: '42' }))
    } finally {
      writeFileSync(`${pids.directory}/cgroup.procs`, String(subject.pid))
      rmdirSync(directory)
    }
  })
})

describeWith(['root'], 'a process that is not there', () => {
  test('is an error of ours', () => {
    const error = expect.objectContaining({ name: 'UserError', code: 'not-found' }) as Error
    expect(() => readFacts(4_194_305)).toThrow(error)
    expect(() => readNamespaces(4_194_305)).toThrow(error)
  })

  test('ends while it is read: facts lack a part, or it is not found', async () => {
    for (let round = 0; round < 40; round++) {
      const child = spawn('sh', ['-c', `read -t 0 _; exit 0`], { stdio: 'ignore' })
      const ended = once(child, 'exit')
      try {
        for (let i = 0; i < 5; i++) expect(readFacts(child.pid ?? 0)).toBeTypeOf('object')
      } catch (error) {
        expect(error).toMatchObject({ name: 'UserError', code: 'not-found' })
      }
      await ended
    }
  })

  test('a zombie has a status and nothing else', async () => {
    await using parent = await Subject.start(['--pid'], 'sh -c "exit 0" & sleep 0.1')
    const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim()
    const zombie = Number(children.split(' ')[0])
    if (zombie === 0) return expect(children, 'the shell has waited for it').toBe('')
    expect(readFacts(zombie).mounts).toBeUndefined()
    expect(readFacts(zombie).capabilities).toBeDefined()
  })
})

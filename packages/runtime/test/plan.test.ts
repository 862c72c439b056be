import { describe, expect, test } from 'vitest'
import { call, formatCall, type Step } from '@mini-docker/syscall'
import { messages, planContainer, planExec, type PlanOptions, type Spec } from '../src/index.ts'
import { dockerSpec, V2_MACHINE } from './spec.ts'

const OPTIONS: PlanOptions = {
  bundle: '/var/lib/mini-docker/containers/abc',
  overlay: { layersDir: '/var/lib/mini-docker/layers', lower: ['l/22', 'l/11'], upper: '/upper', work: '/work' },
  cgroupPath: 'mini-docker/abc',
  log: { maxBytes: 1000, maxFiles: 2 },
  openStdin: false,
  autoRemove: false,
}

const print = (steps: Step[]) =>
  steps
    .map(({ id, where, stage, calls, shell, undo = [] }) =>
      [
        `## ${id} (${stage}, ${where})`,
        ...shell.map((line) => `$ ${line}`),
        ...calls.map(formatCall),
        ...undo.map((call) => `undo ${formatCall(call)}`),
        '',
      ].join('\n'),
    )
    .join('\n')

const plan = (spec: Spec, options: Partial<PlanOptions> = {}) =>
  planContainer(spec, { ...OPTIONS, ...options }, V2_MACHINE)
const ids = (steps: Step[]) => steps.map(({ id }) => id)

describe('what the kernel is asked for', () => {
  test('a container as docker configures it', async () => {
    await expect(print(plan(dockerSpec(['sh', '-c', 'true'])).steps)).toMatchFileSnapshot('golden/docker-like.txt')
  })

  test('a terminal, a user, a read-only root, files and directories from the host', async () => {
    const spec = dockerSpec(['sh'], {
      terminal: true,
      consoleSize: { height: 24, width: 80 },
      user: { uid: 1000, gid: 1000, additionalGids: [10], umask: 0o077 },
      noNewPrivileges: true,
      cwd: '/work/dir',
    })
    const mounts = [
      ...(spec.mounts ?? []),
      { destination: '/etc/resolv.conf', type: 'bind', source: '/run/my.conf', options: ['rbind', 'ro', 'rprivate'] },
      { destination: '/data', type: 'bind', source: '/srv', options: ['rbind', 'rslave'] },
    ]
    await expect(
      print(plan({ ...spec, root: { path: 'rootfs', readonly: true }, mounts }, { openStdin: true }).steps),
    ).toMatchFileSnapshot('golden/terminal.txt')
  })

  test('exec', async () => {
    const { steps } = planExec(
      dockerSpec(['ls']).process,
      { pid: 4321, cgroupPath: 'mini-docker/abc' },
      { directory: '/run/e', openStdin: true },
      V2_MACHINE,
    )
    await expect(print(steps)).toMatchFileSnapshot('golden/exec.txt')
  })

  test('every step has words in both languages', () => {
    const spec = dockerSpec(['sh'], { terminal: true, noNewPrivileges: true, cwd: '/a' })
    const all = [
      ...plan({
        ...spec,
        root: { path: 'rootfs', readonly: true },
        linux: { ...spec.linux, sysctl: { 'net.x': '1' }, rootfsPropagation: 'shared' },
      }).steps,
      ...planExec(spec.process, { pid: 1, cgroupPath: 'a' }, { directory: '/e', openStdin: false }, V2_MACHINE).steps,
    ]
    const silent = ids(all).filter((id) => messages[id] === undefined && !id.startsWith('mount.'))
    expect(silent).toEqual([])
  })
})

describe('order', () => {
  test('limits stand before the child is born, and the user is left last', () => {
    const order = ids(plan(dockerSpec(['sh'])).steps)
    const before = (a: string, b: string) => expect(order.indexOf(a), `${a} before ${b}`).toBeLessThan(order.indexOf(b))
    before('cgroup.create', 'namespaces.clone')
    before('namespaces.clone', 'rootfs.overlay')
    before('mount./proc', 'rootfs.pivot')
    before('rootfs.pivot', 'security.masked-paths')
    before('security.rlimits', 'security.bounding')
    before('process.user', 'security.capabilities')
    before('security.capabilities', 'process.death-signal')
    expect(order.at(-1)).toBe('process.exec')
  })

  test('steps of a network stand before the birth, after it, and in the namespace before sysctls are set', () => {
    const step = (id: string, where: Step['where']): Step => {
      return { id, stage: 'network', where, calls: [call('getpid', [])], shell: [], man: [] }
    }
    const nat: Step = { ...step('network.nat', 'host'), calls: [], shell: ['nft add table inet mini-docker'] }
    const spec = dockerSpec(['sh'])
    const order = ids(
      plan(
        { ...spec, linux: { ...spec.linux, sysctl: { 'net.ipv4.ip_forward': '0' } } },
        {
          network: {
            before: [nat, step('network.socket', 'host')],
            born: [step('network.veth', 'host')],
            inside: [step('network.address', 'container')],
          },
        },
      ).steps,
    )
    const at = (id: string) => order.indexOf(id)
    expect(at('namespaces.clone')).toBe(at('network.socket') + 1)
    expect(at('network.socket')).toBe(at('network.nat') + 1)
    expect(at('network.veth')).toBeGreaterThan(at('namespaces.clone'))
    expect(at('network.address')).toBe(order.findLastIndex((id) => id.includes('loopback')) + 1)
    expect(at('network.address')).toBe(order.findIndex((id) => id.includes('sysctl')) - 1)
  })

  test('no mount is made by a path of the image, only on descriptors below the root', () => {
    const mounts = plan(dockerSpec(['sh']))
      .steps.filter(({ id }) => id.startsWith('mount.'))
      .flatMap(({ calls }) => calls)
    for (const { name, args } of mounts) {
      if (name === 'mount') expect(args[1]).toHaveProperty('fdPath')
      if (name === 'mkdirat') expect(args[0]).toHaveProperty('ref')
    }
  })
})

describe('what cannot be done is refused', () => {
  const linux = (extra: object) => ({ ...dockerSpec(['sh']), linux: { ...dockerSpec(['sh']).linux, ...extra } })
  test.each<[string, Spec]>([
    ['unsupported ociVersion "2.0.0"', { ...dockerSpec(['sh']), ociVersion: '2.0.0' }],
    ['linux.seccomp is not built yet', linux({ seccomp: {} })],
    ['user namespaces are not built yet', linux({ namespaces: [{ type: 'mount' }, { type: 'user' }] })],
    ['a mount namespace of its own', linux({ namespaces: [] })],
    ['process.args must not be empty', dockerSpec([])],
    ['cwd "relative" is not an absolute path', dockerSpec(['sh'], { cwd: 'relative' })],
    [
      'mount option tmpcopyup is not built yet',
      { ...dockerSpec(['sh']), mounts: [{ destination: '/a', type: 'tmpfs', options: ['tmpcopyup'] }] },
    ],
    [
      'mount destination "a" is not an absolute path',
      { ...dockerSpec(['sh']), mounts: [{ destination: 'a', type: 'tmpfs' }] },
    ],
    ['invalid sysctl name', linux({ sysctl: { '../../etc/x': '1' } })],
  ])('%s', (message, spec) => {
    expect(() => plan(spec)).toThrow(message)
  })
})

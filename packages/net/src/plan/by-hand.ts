/**
 * What the command `net` does, as steps: one link, address or route at a time, in a namespace that has a name. Names of namespaces are those of
 * ip-netns(8): files below /run/netns that a namespace is mounted on, so that it stays without a process in it.
 */
import {
  AT_FDCWD,
  call,
  CLONE_NEWNET,
  CLONE_PIDFD,
  executeCalls,
  MNT_DETACH,
  MS_BIND,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  ref,
  shellWord,
  struct,
  UserError,
  type Call,
  type Step,
} from '@mini-docker/syscall'
import { formatCidr, type Cidr } from '../address/cidr.ts'
import { deleteAddress, deleteRoute, newAddress, newRoute, type Route } from '../rtnetlink/address.ts'
import { deleteLink, getLink, newLink, setHairpin, setLink } from '../rtnetlink/link.ts'
import { askIndexCalls, requestCalls, type Request } from '../rtnetlink/request.ts'
import { planHostSocket } from './endpoint.ts'
import { addressLine, HOST, NAMESPACE, step } from './step.ts'

export const NAMESPACES = '/run/netns'

/** @throws UserError `invalid` for a name that is no file name */
export function namespacePath(name: string): string {
  if (!/^[A-Za-z0-9_][\w.-]{0,63}$/.test(name))
    throw new UserError('invalid', `invalid namespace name ${JSON.stringify(name)}`)
  return `${NAMESPACES}/${name}`
}

/** `net.ns.add`: a namespace that stays. Its `lo` is switched off. */
export function planAddNamespace(name: string): Step[] {
  const path = namespacePath(name)
  const calls = [
    call('mkdirat', [AT_FDCWD, NAMESPACES, 0o755], { allow: ['EEXIST'] }),
    call('openat', [AT_FDCWD, path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444]),
    call('unshare', [CLONE_NEWNET]),
    call('mount', ['/proc/self/ns/net', path, null, MS_BIND, null]),
  ]
  const shell = [`mkdir -p ${NAMESPACES}`, `touch ${path}`, `unshare --net=${path} true`]
  return [step('net.ns.add', 'host', calls, shell, ['unshare(2)', 'ip-netns(8)'])]
}

/** `net.ns.remove`: it ends when no process is in it. */
export function planRemoveNamespace(name: string): Step[] {
  const path = namespacePath(name)
  const calls = [call('umount2', [path, MNT_DETACH], { allow: ['EINVAL'] }), call('unlinkat', [AT_FDCWD, path, 0])]
  return [step('net.ns.remove', 'host', calls, [`umount ${path}`, `rm ${path}`], ['umount(2)', 'ip-netns(8)'])]
}

/** `net.ns.exec`: a command whose network is that of the namespace; all else is as here. For `launch` with its monitor. */
export function planExecute(name: string, argv: readonly string[], env: readonly string[], cwd: string): Step[] {
  const fields = { flags: CLONE_PIDFD, pidfd: { out: 4, as: [EXECUTED.pidfd] }, exit_signal: 17 }
  const clone = call('clone3', [struct('clone_args', fields), 88], { as: EXECUTED.child })
  const shell = [`nsenter --net=${namespacePath(name)} ${argv.map(shellWord).join(' ')}`]
  return [
    ...enter(name),
    step('net.ns.clone', 'host', [clone], [], ['clone(2)']),
    step('net.ns.exec', 'container', [call('chdir', [cwd]), ...executeCalls(argv, env)], shell, ['execve(2)']),
  ]
}

/** What the monitor of `planExecute` waits for. */
export const EXECUTED = { child: 'net.child', pidfd: 'net.pidfd' }

/** Any of the programs below, in a namespace: it goes there before it speaks to the kernel. Without a name, here. */
export function planIn(name: string | undefined, steps: readonly Step[]): Step[] {
  if (name === undefined) return [...steps]
  const prefix = `nsenter --net=${namespacePath(name)}`
  const inside = steps.map((one) => ({
    ...one,
    shell: one.shell.map((line) => `${prefix} ${line.includes(' > ') ? `sh -c '${line}'` : line}`),
  }))
  return [...enter(name), ...inside]
}

export type Cable = {
  name: string
  peer: string
  /** Where the other end is; default: the same namespace. */
  peerNamespace?: string | undefined
  /** The first end becomes a port of it. */
  bridge?: string | undefined
  hairpin?: boolean | undefined
}

/** `net.veth`: a cable with two ends. `here` is where it is made from. */
export function planCable({ name, peer, peerNamespace, bridge, hairpin = false }: Cable, here?: string): Step[] {
  const path = peerNamespace === undefined ? undefined : namespacePath(peerNamespace)
  const open: Call[] =
    path === undefined ? [] : [call('openat', [AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0], { as: PEER })]
  const link = newLink({
    name,
    kind: 'veth',
    ...(bridge !== undefined && { master: ref(MASTER) }),
    peer: { name: peer, ...(path !== undefined && { namespace: { fd: ref(PEER) } }) },
  })
  const calls = [
    ...(bridge === undefined ? [] : askIndexCalls(HOST, getLink(bridge), MASTER)),
    ...requestCalls(HOST, link),
    ...(hairpin
      ? [...askIndexCalls(HOST, getLink(name), LINK), ...requestCalls(HOST, setHairpin(ref(LINK), true))]
      : []),
  ]
  const shell = [
    `ip link add ${name} type veth peer name ${peer}${path === undefined ? '' : ` netns ${peerNamespace}`}`,
    ...(bridge === undefined ? [] : [`ip link set ${name} master ${bridge}`]),
    ...(hairpin ? [`bridge link set dev ${name} hairpin on`] : []),
  ]
  const veth = step('net.veth', 'host', calls, shell, ['veth(4)', 'ip-link(8)'])
  const there = open.length === 0 ? [] : [step('net.peer', 'host', open, [], ['network_namespaces(7)'])]
  // The other namespace is found by its name before this process goes anywhere.
  return [...there, ...planIn(here, [planHostSocket(), veth])]
}

/** `net.link`: a link switched on or off, or removed. */
export function planLinkChange(name: string, change: 'up' | 'down' | 'remove'): Step[] {
  const wanted = change === 'remove' ? deleteLink(name) : setLink(name, { up: change === 'up' })
  const line = change === 'remove' ? `ip link del ${name}` : `ip link set ${name} ${change}`
  return [planHostSocket(), step('net.link', 'host', requestCalls(HOST, wanted), [line], ['ip-link(8)'])]
}

/** `net.address`. */
export function planAddressChange(change: 'add' | 'remove', name: string, address: Cidr): Step[] {
  const wanted = change === 'add' ? newAddress : deleteAddress
  const line = change === 'add' ? addressLine(address, name) : `ip addr del ${formatCidr(address)} dev ${name}`
  return [planHostSocket(), onLink('net.address', name, (index) => wanted({ index, address }), line, 'ip-address(8)')]
}

/** `net.route`. */
export function planRouteChange(change: 'add' | 'remove', name: string, route: Omit<Route, 'index'>): Step[] {
  const wanted = change === 'add' ? newRoute : deleteRoute
  const to = route.to === undefined ? 'default' : formatCidr(route.to)
  const via = route.gateway === undefined ? '' : ` via ${route.gateway}`
  const line = `ip -${route.version} route ${change === 'add' ? 'replace' : 'del'} ${to}${via} dev ${name}`
  return [planHostSocket(), onLink('net.route', name, (index) => wanted({ ...route, index }), line, 'ip-route(8)')]
}

const PEER = 'net.peer'
const MASTER = 'net.master'
const LINK = 'net.link'

function onLink(
  id: string,
  name: string,
  wanted: (index: { ref: string }) => Request,
  line: string,
  man: string,
): Step {
  const calls = [...askIndexCalls(HOST, getLink(name), LINK), ...requestCalls(HOST, wanted(ref(LINK)))]
  return step(id, 'host', calls, [line], [man])
}

function enter(name: string): Step[] {
  const path = namespacePath(name)
  return [
    step(
      'net.enter',
      'host',
      [
        call('openat', [AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0], { as: NAMESPACE }),
        call('setns', [ref(NAMESPACE), CLONE_NEWNET]),
      ],
      [],
      ['setns(2)', 'ip-netns(8)'],
    ),
  ]
}

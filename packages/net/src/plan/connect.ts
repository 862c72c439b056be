/**
 * A running container gets into one more network, or out of one: one program, whose process speaks to the host first, then goes into the
 * container's network namespace, setns(2), and does there what is done inside at a start. The namespace is opened once, by the first
 * step that needs it, so no other process can get in its place. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN.
 */
import { AT_FDCWD, call, CLONE_NEWNET, O_CLOEXEC, O_RDONLY, ref, type Step } from '@mini-docker/syscall'
import { deleteLink } from '../rtnetlink/link.ts'
import { openSocketCall, requestCalls } from '../rtnetlink/request.ts'
import {
  planAddress,
  planDefaultRoute,
  planHostSocket,
  planMacvlan,
  planVeth,
  type Endpoint,
  type Interface,
  type MacvlanEndpoint,
} from './endpoint.ts'
import { HOST, NAMESPACE, step } from './step.ts'

/** The container, by its first process as the host sees it. */
export type Running = { pid: number }

/**
 * The program that connects a running container. Its end must have a name that the container does not have yet. The undo takes back a pair when
 * a later call failed: the container lives on.
 */
export function planConnect(endpoint: Endpoint | MacvlanEndpoint, { pid }: Running): Step[] {
  const target = { fd: ref(NAMESPACE) }
  return [
    planHostSocket(),
    openNamespace(pid),
    'bridge' in endpoint ? withUndo(planVeth(endpoint, target), endpoint) : planMacvlan(endpoint, target),
    joinNamespace(pid),
    inShell(pid, onHost(planAddress(endpoint))),
  ]
}

/**
 * The program that disconnects it. Of a pair that is gone already nothing is left to do.
 * @param next the interface whose gateways are the way out from now on, where this one was
 */
export function planDisconnect(endpoint: Endpoint | MacvlanEndpoint, { pid }: Running, next?: Interface): Step[] {
  const onBridge = 'bridge' in endpoint
  const inside = [
    ...(onBridge ? [] : [planUnplug(endpoint.name, INSIDE, [openSocketCall(INSIDE)])]),
    ...(next === undefined || next.gateways.length === 0 ? [] : [onHost(planDefaultRoute(next))]),
  ].map((one) => inShell(pid, one))
  return [
    ...(onBridge ? [planHostSocket(), planUnplug(endpoint.hostName, HOST)] : []),
    ...(inside.length === 0 ? [] : [openNamespace(pid), joinNamespace(pid), ...inside]),
  ]
}

const INSIDE = 'network.inside'

function withUndo(veth: Step, { hostName }: Endpoint): Step {
  return { ...veth, undo: [openSocketCall(HOST), ...requestCalls(HOST, deleteLink(hostName), ['ENODEV'])] }
}

/** The step `network.unplug`. */
function planUnplug(name: string, socket: string, open: Step['calls'] = []): Step {
  const calls = [...open, ...requestCalls(socket, deleteLink(name), ['ENODEV'])]
  return step('network.unplug', 'host', calls, [`ip link del ${name}`], ['ip-link(8)'])
}

/** The step `network.namespace`. */
function openNamespace(pid: number): Step {
  const calls = [call('openat', [AT_FDCWD, `/proc/${pid}/ns/net`, O_RDONLY | O_CLOEXEC, 0], { as: NAMESPACE })]
  return step('network.namespace', 'host', calls, [`PID=${pid}`], ['network_namespaces(7)', 'proc(5)'])
}

/** The step `network.join`. In a script each line that follows goes there by itself. */
function joinNamespace(pid: number): Step {
  const calls = [call('setns', [ref(NAMESPACE), CLONE_NEWNET])]
  return step(
    'network.join',
    'host',
    calls,
    [`# from here on: nsenter --target ${pid} --net`],
    ['setns(2)', 'nsenter(1)'],
  )
}

function inShell(pid: number, one: Step): Step {
  const inside = one.id === 'network.address' || one.id === 'network.route' || one.id === 'network.unplug'
  return inside ? { ...one, shell: one.shell.map((line) => `nsenter --target ${pid} --net ${needsShell(line)}`) } : one
}

/** A redirection is the shell's, which has to be inside too. */
function needsShell(line: string): string {
  return line.includes(' > ') ? `sh -c '${line}'` : line
}

function onHost(one: Step): Step {
  return { ...one, where: 'host' }
}

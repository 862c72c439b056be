/**
 * The interface of the host that a macvlan network is on, where it is not there yet, as steps: the part of a cable that carries a VLAN's tag
 * (`eth0.10`), or a dummy, whose frames go nowhere, for a network that is for its containers alone. See ip-link(8).
 */
import { ref, shellWord, type Step } from '@mini-docker/syscall'
import { deleteLink, getLink, newOwnedLink, setLink, type NewLink } from '../rtnetlink/link.ts'
import { askIndexCalls, requestCalls, requestTogetherCalls } from '../rtnetlink/request.ts'
import { planHostSocket } from './endpoint.ts'
import { HOST, step } from './step.ts'

export type Parent = {
  name: string
  /** Whose it is: `ownerAlias(…)`. */
  alias: string
  /** The cable that carries the tag, by name, and the tag; a dummy without. */
  vlan?: { on: string; id: number } | undefined
}

/** The program that makes it, and switches it on. One of that name and kind is taken as it is. Needs CAP_NET_ADMIN. */
export function planParent({ name, alias, vlan }: Parent): Step[] {
  const below = vlan === undefined ? undefined : `network.cable.${vlan.on}`
  const link: NewLink & { alias: string } =
    vlan === undefined || below === undefined
      ? { name, alias, kind: 'dummy' }
      : { name, alias, kind: 'vlan', parent: ref(below), id: vlan.id }
  const calls = [
    ...(vlan === undefined || below === undefined ? [] : askIndexCalls(HOST, getLink(vlan.on), below)),
    ...requestTogetherCalls(HOST, newOwnedLink(link)),
    ...requestCalls(HOST, setLink(name, { up: true })),
  ]
  const kind = vlan === undefined ? 'type dummy' : `link ${vlan.on} type vlan id ${vlan.id}`
  const shell = [`ip link add ${name} ${kind}`, `ip link set ${name} alias ${shellWord(alias)} up`]
  const parent = { ...step('network.parent', 'host', calls, shell, ['ip-link(8)']), undoShell: [`ip link del ${name}`] }
  return [planHostSocket(), parent]
}

/** The program that removes it. One that is gone already is no error. */
export function planRemoveParent(name: string): Step[] {
  const calls = requestCalls(HOST, deleteLink(name), ['ENODEV'])
  return [planHostSocket(), step('network.parent.remove', 'host', calls, [`ip link del ${name}`], ['ip-link(8)'])]
}

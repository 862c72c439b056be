/** `-p`, `-P` and `--expose`, as docker's API has them: `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`. */
import { tryAddress } from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import { z } from 'zod'
import type { Config, HostConfig } from '../../api/bodies.ts'
import { text } from '../../api/schema.ts'

export type Protocol = 'tcp' | 'udp' | 'sctp'
/** A port of the container that is asked for on the host; of `from` to `to` the first that is free, 0 for any. */
export type Binding = { protocol: Protocol; containerPort: number; hostIp: string; from: number; to: number }

const bindings = z.record(z.string(), z.array(z.object({ HostIp: text, HostPort: text })).nullish())

/** What is asked for, checked. @throws UserError `invalid` in docker's words */
export function parseBindings(
  host: Pick<HostConfig, 'PortBindings' | 'PublishAllPorts'>,
  exposed: Config['ExposedPorts'],
): Binding[] {
  const result = bindings.safeParse(host.PortBindings)
  if (!result.success)
    throw new UserError('invalid', `invalid port bindings: ${result.error.issues[0]?.path.join('.') ?? ''}`)
  const asked = Object.entries(result.data).flatMap(([key, list]) => {
    const port = parsePort(key)
    return (list ?? []).map((item) => ({ ...port, ...parseHost(item) }))
  })
  const exposedPorts = Object.keys(exposed).map(parsePort)
  if (!host.PublishAllPorts) return asked
  const isAsked = (port: { protocol: Protocol; containerPort: number }): boolean =>
    asked.some(({ protocol, containerPort }) => protocol === port.protocol && containerPort === port.containerPort)
  return [
    ...asked,
    ...exposedPorts.filter((port) => !isAsked(port)).map((port) => ({ ...port, hostIp: '', from: 0, to: 0 })),
  ]
}

/** `80`, `80/tcp`. @throws UserError `invalid` */
export function parsePort(key: string): { protocol: Protocol; containerPort: number } {
  const [number = '', protocol = 'tcp'] = key.split('/')
  if (!/^\d{1,5}$/.test(number) || Number(number) < 1 || Number(number) > 65535)
    throw new UserError('invalid', `invalid port specification: ${JSON.stringify(key)}`)
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp')
    throw new UserError(
      'invalid',
      `invalid port specification: ${JSON.stringify(key)}: unknown protocol ${JSON.stringify(protocol)}`,
    )
  return { protocol, containerPort: Number(number) }
}

function parseHost({
  HostIp,
  HostPort,
}: {
  HostIp: string
  HostPort: string
}): Pick<Binding, 'hostIp' | 'from' | 'to'> {
  const hostIp = HostIp.replace(/^\[(.*)\]$/, '$1')
  if (hostIp !== '' && tryAddress(hostIp) === undefined) throw new UserError('invalid', `invalid IP address: ${HostIp}`)
  if (HostPort === '') return { hostIp, from: 0, to: 0 }
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(HostPort) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (Number.isNaN(from) || from > 65535 || to > 65535 || to < from)
    throw new UserError('invalid', `invalid port specification: ${JSON.stringify(HostPort)}`)
  return { hostIp, from, to }
}

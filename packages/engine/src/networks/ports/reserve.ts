/** The ports that containers publish, and the sockets that hold them. A port that is taken is refused here, before anything starts. */
import { tell } from '@mini-docker/syscall'
import { StatusError } from '../../api/status.ts'
import type { PortState } from '../sandbox.ts'
import type { Binding } from './bindings.ts'
import { holdPort, type HeldPort, type Target } from './forward.ts'

export type Where = {
  /** Of the endpoint that the ports lead to, for docker's words. */
  endpointId: string
  containerName: string
  ipv4: string
  ipv6: string
  /** Where a binding names no address. */
  hostIps: readonly string[]
}

export class PortReservations {
  /** By the container's id. */
  readonly #held = new Map<string, { socket: HeldPort; state: PortState }[]>()
  readonly #taken = new Map<string, string>()

  /** Holds what was asked for. @throws StatusError 500 with docker's words; then nothing is held. */
  async reserve(containerId: string, bindings: readonly Binding[], where: Where): Promise<PortState[]> {
    const ports: PortState[] = []
    try {
      for (const binding of bindings) {
        const hostIps = binding.hostIp === '' ? where.hostIps : [binding.hostIp]
        ports.push(...(await this.#first(containerId, binding, hostIps, where)))
      }
      return ports
    } catch (error) {
      this.release(containerId)
      throw error
    }
  }

  /** Holds the ports of a container that a daemon before this one started. */
  async adopt(containerId: string, ports: readonly PortState[], where: Where): Promise<void> {
    for (const port of ports) {
      const { protocol, containerPort, hostIp, hostPort } = port
      await this.#hold(
        containerId,
        { protocol, containerPort, hostIp, from: hostPort, to: hostPort },
        [hostIp],
        hostPort,
        where,
      )
    }
  }

  /** The container is somewhere else now; its ports stay. */
  lead(containerId: string, where: Where): void {
    for (const { socket, state } of this.#held.get(containerId) ?? []) socket.lead(targetOf(state, where))
  }

  release(containerId: string): void {
    for (const { socket } of this.#held.get(containerId) ?? []) socket[Symbol.dispose]()
    this.#held.delete(containerId)
    for (const [key, owner] of this.#taken) if (owner === containerId) this.#taken.delete(key)
  }

  releaseAll(): void {
    for (const id of this.#held.keys()) this.release(id)
  }

  /** The first port of the range that all addresses have free. */
  async #first(containerId: string, binding: Binding, hostIps: readonly string[], where: Where): Promise<PortState[]> {
    for (let port = binding.from, tries = 0; ;) {
      try {
        return await this.#hold(containerId, binding, hostIps, port, where)
      } catch (error) {
        // An ephemeral one is chosen for the first address; another may have it taken.
        if (port === 0 ? ++tries > 20 : ++port > binding.to) throw error
      }
    }
  }

  async #hold(
    containerId: string,
    binding: Binding,
    hostIps: readonly string[],
    wanted: number,
    where: Where,
  ): Promise<PortState[]> {
    const { protocol, containerPort } = binding
    const held: { socket: HeldPort; state: PortState }[] = []
    const keys: string[] = []
    let port = wanted
    try {
      for (const hostIp of hostIps) {
        if (port !== 0) {
          this.#claim(containerId, protocol, hostIp, port, where)
          keys.push(keyOf(protocol, hostIp, port))
        }
        const target = targetOf({ hostIp, containerPort }, where)
        const socket = await tell(
          'network.port',
          () => `bind(<${protocol} socket>, ${shown(hostIp)}:${port})`,
          () => holdPort(protocol, hostIp, port, target),
        ).catch((error: NodeJS.ErrnoException) => {
          // No IPv6 on this machine: nobody asked for it by name.
          if (
            hostIp === '::' &&
            binding.hostIp === '' &&
            (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL')
          )
            return undefined
          throw refusal(
            where,
            `failed to bind host port for ${shown(hostIp)}:${port}:${target.address}:${containerPort}/${protocol}: ${WORDS[error.code ?? ''] ?? error.message}`,
            error,
          )
        })
        if (socket === undefined) continue
        const chosen = port === 0
        port = socket.port
        held.push({ socket, state: { protocol, containerPort, hostIp, hostPort: port } })
        if (chosen) {
          this.#claim(containerId, protocol, hostIp, port, where)
          keys.push(keyOf(protocol, hostIp, port))
        }
      }
    } catch (error) {
      for (const { socket } of held) socket[Symbol.dispose]()
      for (const key of keys) this.#taken.delete(key)
      throw error
    }
    this.#held.set(containerId, [...(this.#held.get(containerId) ?? []), ...held])
    return held.map(({ state }) => state)
  }

  /** Between containers: also for what no socket can hold, and for `0.0.0.0` beside one address. */
  #claim(containerId: string, protocol: string, hostIp: string, port: number, where: Where): void {
    const any = hostIp.includes(':') ? '::' : '0.0.0.0'
    const collides = [...this.#taken.keys()].some((key) => {
      const [otherProtocol, otherIp = '', otherPort] = key.split(' ')
      const sameVersion = otherIp.includes(':') === hostIp.includes(':')
      return (
        otherProtocol === protocol &&
        Number(otherPort) === port &&
        sameVersion &&
        (otherIp === hostIp || otherIp === any || hostIp === any)
      )
    })
    if (collides) throw refusal(where, `Bind for ${shown(hostIp)}:${port} failed: port is already allocated`)
    this.#taken.set(keyOf(protocol, hostIp, port), containerId)
  }
}

/** An IPv6 port of the host leads to the container's IPv6, where it has some; so does each one of a container without IPv4. */
export function addressFor(
  { hostIp }: Pick<PortState, 'hostIp'>,
  { ipv4, ipv6 }: Pick<Where, 'ipv4' | 'ipv6'>,
): string {
  return (hostIp.includes(':') && ipv6 !== '') || ipv4 === '' ? ipv6 : ipv4
}

function targetOf(port: Pick<PortState, 'hostIp' | 'containerPort'>, where: Where): Target {
  return { address: addressFor(port, where), port: port.containerPort }
}

const WORDS: Record<string, string> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
}

function keyOf(protocol: string, hostIp: string, port: number): string {
  return `${protocol} ${hostIp} ${port}`
}

function shown(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** In docker's words: a port that cannot be had. */
export function refusal({ containerName, endpointId }: Where, words: string, cause?: unknown): StatusError {
  return new StatusError(
    500,
    `driver failed programming external connectivity on endpoint ${containerName} (${endpointId}): ${words}`,
    { cause },
  )
}

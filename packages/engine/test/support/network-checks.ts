/** Compares a model of networks with what a daemon's API tells, and with what the kernel has: links, addresses, routes, rules, names. */
import { execFile } from 'node:child_process'
import { isDeepStrictEqual, promisify } from 'node:util'
import { eventually } from '../../../../test/harness/eventually.ts'
import type { KillableDaemon } from './killable.ts'
import { leadsOut, type ModelContainer, type NetworkModel } from './network-model.ts'

type Endpoint = { IPAddress: string; GlobalIPv6Address: string }

/** What the API tells; addresses that it gave since the last look are taken into the model. */
export async function checkApi(model: NetworkModel, daemon: KillableDaemon): Promise<void> {
  const get = async (path: string) => (await daemon.request('GET', path)).json
  const listed = (await get('/networks')) as { Name: string }[]
  const names = listed.map(({ Name }) => Name).filter((name) => !['bridge', 'host', 'none'].includes(name))
  same('networks', names.toSorted(), [...model.networks].toSorted())
  const all = (await get('/containers/json?all=1')) as { Names: string[] }[]
  same('containers', all.map(({ Names }) => Names[0]!.slice(1)).toSorted(), [...model.containers.keys()].toSorted())
  for (const [name, container] of model.containers) {
    const { State, NetworkSettings } = await get(`/containers/${name}/json`)
    same(`${name} runs`, State.Running, container.running)
    const shown = NetworkSettings.Networks as Record<string, Endpoint>
    const expected = container.mode === 'none' ? ['none'] : [...container.networks.keys()]
    same(`networks of ${name}`, Object.keys(shown).toSorted(), expected.toSorted())
    if (container.running) takeAddresses(name, container, shown)
  }
  for (const network of ['bridge', ...model.networks]) {
    const { Containers } = await get(`/networks/${network}`)
    const shown = Object.values(Containers as Record<string, { Name: string; IPv4Address: string }>)
    const members = [...model.containers].filter(([, { running, networks }]) => running && networks.has(network))
    same(`members of ${network}`, shown.map(({ Name }) => Name).toSorted(), members.map(([name]) => name).toSorted())
    const addresses = shown.map(({ IPv4Address }) => IPv4Address)
    same(`addresses in ${network}`, [...new Set(addresses)], addresses)
  }
}

/** An address stays what it was, and is the one that was asked for. */
function takeAddresses(name: string, { networks, addresses }: ModelContainer, shown: Record<string, Endpoint>): void {
  for (const [network, wanted] of networks) {
    const address = shown[network]!.IPAddress
    same(`address of ${name} in ${network}`, address, wanted ?? addresses.get(network) ?? address)
    if (address === '') throw new Error(`${name} has no address in ${network}`)
    if (network === 'both') same('IPv6', shown[network]!.GlobalIPv6Address.startsWith('fd90:3::'), true)
    addresses.set(network, address)
  }
}

/** What the kernel has; links and rules of what has ended may take a moment to go. */
export async function checkKernel(model: NetworkModel, daemon: KillableDaemon): Promise<void> {
  const running = [...model.containers].filter(([, { running: runs }]) => runs)
  const endpoints = running.reduce((count, [, { networks }]) => count + networks.size, 0)
  await eventually('as many cables as endpoints', async () => {
    const { length } = await veths(daemon)
    if (length !== endpoints) throw new Error(`${length} cables, ${endpoints} endpoints`)
    return true
  })
  const published = running
    .filter(([, { holdsPort }]) => holdsPort)
    .map(([, { port, addresses }]) => ({ port: port!, addresses: [...addresses.values()] }))
  await eventually('the ports of those that run, and no others', async () => {
    const rules = await portRules(daemon)
    same(
      'ports',
      rules.map(({ port }) => String(port)).toSorted(),
      published.map(({ port }) => String(port)).toSorted(),
    )
    for (const { port, addresses } of published) {
      const { address = '' } = rules.find((rule) => rule.port === port) ?? {}
      if (!addresses.includes(address))
        throw new Error(`port ${port} leads to ${address}, not to ${addresses.join(' ')}`)
    }
    return true
  })
  for (const [name, container] of running) await checkInside(model, daemon, name, container)
}

async function checkInside(
  model: NetworkModel,
  daemon: KillableDaemon,
  name: string,
  container: ModelContainer,
): Promise<void> {
  const { networks, addresses } = container
  const { Pid } = await daemon.state(name)
  const inside = async (...words: string[]): Promise<string> =>
    (await execute('nsenter', [`--net=/proc/${Pid}/ns/net`, '--', ...words])).stdout
  const links = JSON.parse(await inside('ip', '-j', '-4', 'addr')) as { addr_info: { local: string }[] }[]
  const seen = links.flatMap(({ addr_info: list }) => list.map(({ local }) => local))
  same(
    `addresses in ${name}`,
    seen.filter((address) => address !== '127.0.0.1').toSorted(),
    [...addresses.values()].toSorted(),
  )
  const routes = JSON.parse(await inside('ip', '-j', '-4', 'route')) as { dst: string }[]
  const ways = leadsOut(container) ? 1 : 0
  same(`ways out of ${name}`, routes.filter(({ dst }) => dst === 'default').length, ways)
  for (const [other, { running, addresses: places }] of model.containers) {
    const shared = [...networks.keys()].filter((network) => network !== 'bridge' && places.has(network))
    if (!running || other === name || shared.length === 0) continue
    // Docker answers with the address of the first network that knows the name.
    const answer = (await inside('dig', '+short', '+time=3', '+tries=2', '@127.0.0.11', other)).trim()
    const right = shared.map((one) => places.get(one) ?? '')
    if (!right.includes(answer)) throw new Error(`${name} asks for ${other}: ${answer}, not of ${right.join(' ')}`)
  }
}

/** Takes everything away and sees that nothing is left: no cable, no bridge of a user, no port, no address, no journal. */
export async function emptyOut(daemon: KillableDaemon): Promise<void> {
  const all = (await daemon.request('GET', '/containers/json?all=1')).json as { Id: string }[]
  for (const { Id } of all) await daemon.request('DELETE', `/containers/${Id}?force=1`)
  const networks = (await daemon.request('GET', '/networks?filters={"type":["custom"]}')).json as { Id: string }[]
  for (const { Id } of networks) {
    const { status, text } = await daemon.request('DELETE', `/networks/${Id}`)
    same(`network rm: ${text}`, status, 204)
  }
  await eventually('nothing is left', async () => {
    const left = [...(await veths(daemon)), ...(await links(daemon)).filter((link) => link.startsWith('md-'))]
    same('left', [left, await portRules(daemon), daemon.leftovers()], [[], [], { journal: [], containers: [] }])
    return true
  })
  same('members of bridge', (await daemon.request('GET', '/networks/bridge')).json.Containers, {})
}

/** Without vitest, since the soak has none. */
export function same(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${what}: ${JSON.stringify(actual)}, should be ${JSON.stringify(expected)}`)
}

const execute = promisify(execFile)

async function links(daemon: KillableDaemon): Promise<string[]> {
  const found = JSON.parse(await daemon.namespace.start('ip', '-j', 'link')) as { ifname: string }[]
  return found.map(({ ifname }) => ifname)
}

async function veths(daemon: KillableDaemon): Promise<string[]> {
  return (await links(daemon)).filter((name) => name.startsWith('veth'))
}

/** Ports of 0.0.0.0 that the kernel leads to containers. */
async function portRules(daemon: KillableDaemon): Promise<{ port: number; address: string }[]> {
  const rules = await daemon.namespace.start('nft', 'list', 'ruleset')
  return [...rules.matchAll(/\btcp \. (\d+) : (\d+\.\d+\.\d+\.\d+) \. 80\b/g)].map(([, port, address = '']) => ({
    port: Number(port),
    address,
  }))
}

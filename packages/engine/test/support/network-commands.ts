/** Requests about networks as fast-check runs them, on the model and on a real daemon, each followed by a look at all that the API and the kernel tell. */
import fc from 'fast-check'
import type { KillableDaemon } from './killable.ts'
import { CONTAINERS, NETWORKS, NetworkModel, wantedAddress } from './network-model.ts'
import { checkApi, checkKernel, emptyOut, same } from './network-checks.ts'

type Command = fc.AsyncCommand<NetworkModel, KillableDaemon>

/** One request: the model says what it should be answered. */
class Request implements Command {
  readonly words: string
  readonly expected: (model: NetworkModel) => number
  readonly ask: (daemon: KillableDaemon) => Promise<{ status: number; text: string }>

  constructor(words: string, expected: Request['expected'], ask: Request['ask']) {
    this.words = words
    this.expected = expected
    this.ask = ask
  }
  check(): boolean {
    return true
  }
  async run(model: NetworkModel, daemon: KillableDaemon): Promise<void> {
    const expected = this.expected(model)
    const { status, text } = await this.ask(daemon)
    same(`${this.words}: ${text}`, status, expected)
    await checkApi(model, daemon)
  }
  toString(): string {
    return this.words
  }
}

/** Something that happens to the daemon or its machine, after which everything is as it was. */
class Event implements Command {
  readonly words: string
  readonly happen: (daemon: KillableDaemon, model: NetworkModel) => Promise<void>

  constructor(words: string, happen: Event['happen']) {
    this.words = words
    this.happen = happen
  }
  check(): boolean {
    return true
  }
  async run(model: NetworkModel, daemon: KillableDaemon): Promise<void> {
    await this.happen(daemon, model)
    await checkApi(model, daemon)
    await checkKernel(model, daemon)
  }
  toString(): string {
    return this.words
  }
}

const network = fc.constantFrom(...NETWORKS.map(({ name }) => name))
const container = fc.constantFrom(...CONTAINERS)
const place = fc.oneof({ arbitrary: network, weight: 5 }, fc.constant('bridge'))

const createNetwork = network.map((name) => {
  const { subnet, subnet6, internal } = NETWORKS.find((kind) => kind.name === name)!
  const Config = [subnet, ...(subnet6 === undefined ? [] : [subnet6])].map((Subnet) => ({ Subnet }))
  const body = { Name: name, Internal: internal === true, EnableIPv6: subnet6 !== undefined, IPAM: { Config } }
  return new Request(
    `network create ${name}`,
    (model) => model.createNetwork(name),
    (daemon) => daemon.request('POST', '/networks/create', body),
  )
})

const removeNetwork = network.map(
  (name) =>
    new Request(
      `network rm ${name}`,
      (model) => model.removeNetwork(name),
      (daemon) => daemon.request('DELETE', `/networks/${name}`),
    ),
)

const create = fc
  .tuple(
    container,
    fc.oneof({ arbitrary: network, weight: 5 }, fc.constantFrom('bridge', 'none')),
    fc.boolean(),
    fc.constantFrom(undefined, 8080, 8081),
  )
  .map(([name, mode, asks, wish]) => {
    const wanted = asks && mode !== 'bridge' && mode !== 'none' ? wantedAddress(mode) : undefined
    const port = mode === 'none' ? undefined : wish
    const HostConfig = {
      NetworkMode: mode,
      PortBindings: port === undefined ? {} : { '80/tcp': [{ HostPort: String(port) }] },
    }
    const body = {
      Image: 'demo',
      Cmd: ['sleep', '1000'],
      StopSignal: 'SIGKILL',
      HostConfig,
      NetworkingConfig: wanted === undefined ? {} : { EndpointsConfig: { [mode]: settings(wanted) } },
    }
    return new Request(
      `create ${name} --network ${mode}${wanted === undefined ? '' : ` --ip ${wanted}`}${port === undefined ? '' : ` -p ${port}:80`}`,
      (model) => model.createContainer(name, mode, wanted, port),
      (daemon) => daemon.request('POST', `/containers/create?name=${name}`, body),
    )
  })

const settings = (wanted: string | undefined) => (wanted === undefined ? {} : { IPAMConfig: { IPv4Address: wanted } })

const ofContainer = (
  word: string,
  expected: (model: NetworkModel, name: string) => number,
  method: string,
  path: (name: string) => string,
) =>
  container.map(
    (name) =>
      new Request(
        `${word} ${name}`,
        (model) => expected(model, name),
        (daemon) => daemon.request(method, `/containers/${path(name)}`),
      ),
  )

const connect = fc.tuple(container, place, fc.boolean()).map(([name, to, asks]) => {
  const wanted = asks && to !== 'bridge' ? wantedAddress(to) : undefined
  return new Request(
    `network connect ${wanted === undefined ? '' : `--ip ${wanted} `}${to} ${name}`,
    (model) => model.connect(name, to, wanted),
    (daemon) =>
      daemon.request('POST', `/networks/${to}/connect`, { Container: name, EndpointConfig: settings(wanted) }),
  )
})

const disconnect = fc.tuple(container, place).map(
  ([name, from]) =>
    new Request(
      `network disconnect ${from} ${name}`,
      (model) => model.disconnect(name, from),
      (daemon) => daemon.request('POST', `/networks/${from}/disconnect`, { Container: name }),
    ),
)

const prune = fc.constant(
  new Event('network prune', async (daemon, model) => {
    const { status, json } = await daemon.request('POST', '/networks/prune')
    const deleted = (json.NetworksDeleted as string[] | null) ?? []
    same('network prune', [status, deleted.toSorted()], [200, model.pruneNetworks().toSorted()])
  }),
)

const restart = fc.constantFrom('SIGKILL' as const, 'SIGTERM' as const).map(
  (signal) =>
    new Event(`${signal} of the daemon, and a new one`, async (daemon) => {
      await daemon.end(signal)
      await daemon.boot()
    }),
)

const flush = fc.constant(
  new Event('nft flush ruleset, and gc', async (daemon) => {
    daemon.namespace.run('nft', 'flush', 'ruleset')
    await daemon.request('POST', '/x/gc')
  }),
)

const look = fc.constant(new Event('a look at the kernel', async () => {}))

const ALL = [
  { arbitrary: createNetwork, weight: 4 },
  { arbitrary: removeNetwork, weight: 2 },
  { arbitrary: create, weight: 5 },
  {
    arbitrary: ofContainer(
      'start',
      (model, name) => model.start(name),
      'POST',
      (name) => `${name}/start`,
    ),
    weight: 6,
  },
  {
    arbitrary: ofContainer(
      'stop',
      (model, name) => model.stop(name),
      'POST',
      (name) => `${name}/stop`,
    ),
    weight: 2,
  },
  {
    arbitrary: ofContainer(
      'kill',
      (model, name) => model.kill(name),
      'POST',
      (name) => `${name}/kill`,
    ),
    weight: 1,
  },
  {
    arbitrary: ofContainer(
      'rm',
      (model, name) => model.remove(name, false),
      'DELETE',
      (name) => name,
    ),
    weight: 1,
  },
  {
    arbitrary: ofContainer(
      'rm -f',
      (model, name) => model.remove(name, true),
      'DELETE',
      (name) => `${name}?force=1`,
    ),
    weight: 2,
  },
  { arbitrary: connect, weight: 6 },
  { arbitrary: disconnect, weight: 4 },
  { arbitrary: prune, weight: 1 },
  { arbitrary: restart, weight: 1 },
  { arbitrary: flush, weight: 1 },
  { arbitrary: look, weight: 2 },
]

export type PropertyOptions = { seed: number; seconds: number }

/** A few sequences for each seed from `seed` on, until time is up. @returns how many. @throws what fast-check says of the shortest sequence that fails */
export async function checkNetworkSequences(
  daemon: KillableDaemon,
  { seed, seconds }: PropertyOptions,
): Promise<number> {
  let sequences = 0
  const commands = fc.commands([fc.oneof(...ALL)], { size: 'max', maxCommands: 40 })
  const property = fc.asyncProperty(commands, async (sequence) => {
    sequences += 1
    try {
      const model = new NetworkModel()
      await fc.asyncModelRun(() => ({ model, real: daemon }), sequence)
      await checkKernel(model, daemon)
    } finally {
      await emptyOut(daemon)
    }
  })
  const deadline = performance.now() + seconds * 1000
  for (let next = seed; performance.now() < deadline; next += 1)
    await fc.assert(property, { seed: next, numRuns: SEQUENCES_A_SEED })
  return sequences
}

const SEQUENCES_A_SEED = 4

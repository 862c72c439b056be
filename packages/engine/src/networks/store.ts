/** All networks: by id, by name, and by the beginning of an id. Each has a file, written durably before anyone hears of it. */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { UserError } from '@mini-docker/syscall'
import { StatusError } from '../api/status.ts'
import { nowRfc3339 } from '../clock.ts'
import { writeDurable, writeVolatile } from '../state/atomic-file.ts'
import { OPTION, readNetwork, type NetworkRecord } from './record.ts'

export class NetworkStore {
  readonly #dir: string
  readonly #byId = new Map<string, NetworkRecord>()
  /** Names of networks that are being made. */
  readonly #reserved = new Set<string>()

  /** Reads what there is; what cannot be read is left as it is and goes to the log. Docker's three are made where they are missing. */
  constructor(root: string, log: (line: string) => void) {
    this.#dir = path.join(root, 'networks')
    fs.mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
    for (const name of fs.readdirSync(this.#dir)) this.#load(path.join(this.#dir, name), log)
    for (const name of ['bridge', 'host', 'none'])
      if (!this.all().some((network) => network.name === name)) this.#add(predefined(name))
  }

  /** In the order of their creation. */
  all(): NetworkRecord[] {
    return [...this.#byId.values()].toSorted((a, b) => (a.created < b.created ? -1 : 1))
  }

  /** By name, as a container's settings have it. @throws UserError `not-found` */
  byName(name: string): NetworkRecord {
    const network = this.all().find((one) => one.name === name)
    if (network === undefined) throw new UserError('not-found', `network ${name} not found`)
    return network
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** By full id, name, or a beginning of the id that only one has. @throws UserError in docker's words */
  find(reference: string): NetworkRecord {
    const exact = this.#byId.get(reference) ?? this.all().find(({ name }) => name === reference)
    if (exact !== undefined) return exact
    const matches = reference === '' ? [] : this.all().filter(({ id }) => id.startsWith(reference))
    if (matches.length > 1)
      throw new UserError(
        'invalid',
        `network ${reference} is ambiguous (${matches.length} matches found on network ID)`,
      )
    const [match] = matches
    if (match === undefined) throw new UserError('not-found', `network ${reference} not found`)
    return match
  }

  /**
   * Takes the name while `make` finds out the rest; the network is there when its file is.
   * @throws UserError `conflict` for a name in use
   */
  async create(name: string, make: () => NetworkRecord): Promise<NetworkRecord> {
    if (this.#reserved.has(name) || this.all().some((network) => network.name === name))
      throw new StatusError(409, `network with name ${name} already exists`)
    this.#reserved.add(name)
    try {
      const network = make()
      // Others that are being made must see its subnet.
      this.#byId.set(network.id, network)
      await writeDurable(this.#file(network.id), JSON.stringify(network)).catch((error: unknown) => {
        this.#byId.delete(network.id)
        throw error
      })
      return network
    } finally {
      this.#reserved.delete(name)
    }
  }

  /** Writes a changed record: only the default network's subnet ever changes. */
  replace(network: NetworkRecord): void {
    writeVolatile(this.#file(network.id), JSON.stringify(network))
    this.#byId.set(network.id, network)
  }

  delete({ id }: NetworkRecord): void {
    fs.rmSync(this.#file(id), { force: true })
    this.#byId.delete(id)
  }

  #file(id: string): string {
    return path.join(this.#dir, `${id}.json`)
  }

  #add(network: NetworkRecord): void {
    this.replace(network)
  }

  #load(file: string, log: (line: string) => void): void {
    if (!/^[0-9a-f]{64}\.json$/.test(path.basename(file))) {
      // A temporary name of a write that was cut short.
      if (file.includes('.tmp-')) fs.rmSync(file, { force: true })
      return
    }
    try {
      const network = readNetwork(fs.readFileSync(file, 'utf8'))
      if (`${network.id}.json` === path.basename(file)) this.#byId.set(network.id, network)
      else log(`${file} is skipped: it describes network ${network.id}`)
    } catch (error) {
      log(`network in ${file} is skipped, it cannot be read: ${String(error)}`)
    }
  }
}

const DEFAULT_OPTIONS = {
  [OPTION.defaultBridge]: 'true',
  [OPTION.icc]: 'true',
  [OPTION.masquerade]: 'true',
  [OPTION.hostBinding]: '0.0.0.0',
  [OPTION.name]: 'mini-docker0',
  [OPTION.mtu]: '1500',
}

/** The subnet of `bridge` is chosen when it is first needed: then the host's routes tell what is free. */
function predefined(name: string): NetworkRecord {
  return {
    id: randomBytes(32).toString('hex'),
    name,
    created: nowRfc3339(),
    driver: name === 'none' ? 'null' : name === 'host' ? 'host' : 'bridge',
    enableIPv4: true,
    enableIPv6: false,
    internal: false,
    attachable: false,
    predefined: true,
    options: name === 'bridge' ? DEFAULT_OPTIONS : {},
    labels: {},
    configured: false,
    ipamOptions: null,
    pools: [],
    configOnly: false,
    configFrom: '',
  }
}

/** GET /containers/json: filters and the summary of one container. */
import { UserError } from '@mini-docker/syscall'
import { filterFlag, matchAny, matchLabels, type Filters } from '../api/query.ts'
import type { Engine } from '../engine.ts'
import { containerNetworksJson, portListJson } from '../networks/json.ts'
import { mountsJson } from './inspect.ts'
import { commandLine } from './merge.ts'
import { statusText } from './duration.ts'
import type { Container } from './model.ts'

export const CONTAINER_FILTERS = [
  'ancestor',
  'before',
  'expose',
  'exited',
  'health',
  'id',
  'isolation',
  'is-task',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
]
const STATUSES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']

export type ListOptions = { all: boolean; limit: number; filters: Filters }

/** Newest first. Without `all` only what runs, unless a filter on the state asks for others. */
export function listContainers(engine: Engine, { all, limit, filters }: ListOptions): Container[] {
  for (const status of filters.get('status') ?? [])
    if (!STATUSES.includes(status)) throw new UserError('invalid', `invalid filter 'status=${status}'`)
  const newestFirst = engine.containers.all().toSorted((a, b) => (a.record.created < b.record.created ? 1 : -1))
  const imageIdOf = imageIds(engine)
  const anyState = all || limit > 0 || filters.has('status') || filters.has('exited')
  const matching = inOrder(engine, newestFirst, filters)
    .filter((container) => anyState || container.running)
    .filter((container) => matches(engine, imageIdOf, container, filters))
  return limit > 0 ? matching.slice(0, limit) : matching
}

/** `before` and `since` name a container: those older, or newer, than it. */
function inOrder(engine: Engine, newestFirst: Container[], filters: Filters): Container[] {
  const [before] = filters.get('before') ?? []
  const [since] = filters.get('since') ?? []
  const from = before === undefined ? 0 : newestFirst.indexOf(engine.containers.find(before)) + 1
  const to = since === undefined ? newestFirst.length : newestFirst.indexOf(engine.containers.find(since))
  return newestFirst.slice(from, to)
}

function matches(engine: Engine, imageIdOf: ImageIdOf, container: Container, filters: Filters): boolean {
  const { record, state, id } = container
  const ancestors = (value: string): boolean => record.config.Image === value || imageIdOf(value) === record.imageId
  return (
    matchLabels(filters, record.config.Labels) &&
    matchAny(filters, 'id', (value) => id.startsWith(value)) &&
    matchAny(filters, 'name', (value) => namePattern(value).test(`/${record.name}`)) &&
    matchAny(filters, 'status', (value) => state.status === value) &&
    matchAny(
      filters,
      'exited',
      (value) => !container.running && state.status === 'exited' && String(state.exitCode) === value,
    ) &&
    matchAny(filters, 'ancestor', ancestors) &&
    matchAny(filters, 'health', (value) => value === 'none') &&
    matchAny(filters, 'network', (value) => inNetwork(engine, container, value)) &&
    matchAny(filters, 'volume', (value) =>
      record.mounts.some(({ name, destination }) => name === value || destination === value),
    ) &&
    matchAny(filters, 'expose', (value) =>
      Object.keys(record.config.ExposedPorts).some((port) => port === value || port.split('/')[0] === value),
    ) &&
    matchAny(filters, 'isolation', (value) => value === 'default') &&
    matchAny(filters, 'publish', (value) =>
      (container.state.network?.ports ?? []).some((port) => isPort(value, port.hostPort, port.protocol)),
    ) &&
    filterFlag(filters, 'is-task') !== true
  )
}

function inNetwork(engine: Engine, { record, state }: Container, wanted: string): boolean {
  const ids = Object.values(state.network?.endpoints ?? {}).map(({ networkId }) => networkId)
  const names = Object.keys(record.networks)
  return (
    names.includes(wanted) ||
    ids.includes(wanted) ||
    engine.networks.store.all().some(({ id, name }) => id === wanted && names.includes(name))
  )
}

/** `8080`, `8080/tcp`, `8000-8100`. */
function isPort(wanted: string, port: number, protocol: string): boolean {
  const [, from, to = from, of = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(\w+))?$/.exec(wanted) ?? []
  return from !== undefined && port >= Number(from) && port <= Number(to) && protocol === of
}

/** Docker's name filter is a regular expression over `/name`. */
function namePattern(value: string): RegExp {
  try {
    return new RegExp(value.startsWith('^') && !value.startsWith('^/') ? `^/?${value.slice(1)}` : value)
  } catch (cause) {
    throw new UserError('invalid', `invalid filter 'name=${value}': not a regular expression`, { cause })
  }
}

/** From what create was given to the id of the image it means now; asked for many containers, looked up once for each image. */
export type ImageIdOf = (reference: string) => string | undefined

export function imageIds(engine: Engine): ImageIdOf {
  const known = new Map<string, string | undefined>()
  return (reference) => {
    if (!known.has(reference)) known.set(reference, engine.images.resolve(reference)?.id)
    return known.get(reference)
  }
}

/** One element of the list. `size` when it was asked for. */
export function summary(
  engine: Engine,
  imageIdOf: ImageIdOf,
  container: Container,
  size?: { rw: number; rootFs: number },
): object {
  const { record, state, id } = container
  return {
    Id: id,
    Names: [`/${record.name}`],
    Image: imageName(imageIdOf, container),
    ImageID: record.imageId,
    Command: shellWords(commandLine(record.config)),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portListJson(container),
    ...(size === undefined ? {} : { ...(size.rw > 0 ? { SizeRw: size.rw } : {}), SizeRootFs: size.rootFs }),
    Labels: record.config.Labels,
    State: state.status,
    Status: statusText(state, Date.now()),
    HostConfig: { NetworkMode: record.hostConfig.NetworkMode },
    NetworkSettings: { Networks: containerNetworksJson(engine, container) },
    Mounts: mountsJson(record.mounts),
  }
}

/** The name it was created by, while that still means the same image; else the id. */
function imageName(imageIdOf: ImageIdOf, { record }: Container): string {
  return imageIdOf(record.config.Image) === record.imageId ? record.config.Image : record.imageId
}

/** Docker quotes words with spaces and the like: `sh -c 'sleep 1'`. */
function shellWords(words: string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`)).join(' ')
}

/** Whose process it is: a container is looked for at the daemon that the client speaks to, then at docker's and podman's usual places. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { containerIdOf, type Anatomy } from '@mini-docker/facts'
import { CliError, PROGRAM } from '../cli/errors.ts'
import type { Terminal } from '../cli/terminal.ts'
import { containerPath } from '../client/containers.ts'
import { ApiError, Engine } from '../client/engine.ts'
import { daemonSocket } from '../client/host.ts'
import { openEngine } from '../client/open.ts'
import type { ContainerFact } from './subject.ts'

export type Found = {
  pid: number
  container?: ContainerFact
  names: (anatomy: Anatomy) => Promise<Record<string, string>>
}

/** Somebody who knows containers; undefined for one that he does not have. */
type Keeper = { inspect: (name: string) => Promise<Inspected | undefined> }
type Inspected = { pid: number; running: boolean; container: ContainerFact }

/** What of docker's inspect is looked at; podman's is shaped alike. */
type InspectBody = {
  Id: string
  Name: string
  Image: string
  ImageName?: string
  State: { Pid: number; Running: boolean }
  Config?: { Image?: string }
  NetworkSettings?: { Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null }
}
type ImageBody = { RootFS?: { Layers?: string[] | null } }

/**
 * A number that is a process is that process; everything else is a container's name or id.
 * @throws CliError where nobody has such a container, or it is not running
 */
export async function findSubject(word: string, terminal: Terminal): Promise<Found> {
  const isProcess = /^\d+$/.test(word) && existsSync(`/proc/${word}`)
  const keepers = keepersFor(terminal)
  const id = isProcess ? containerIdOf(Number(word)) : word
  const inspected = id === undefined ? undefined : await firstOf(keepers, id)
  const names = async (anatomy: Anatomy): Promise<Record<string, string>> => namesOf(keepers, anatomy)
  if (isProcess) return { pid: Number(word), ...(inspected !== undefined && { container: inspected.container }), names }
  if (inspected === undefined) throw await notFound(word, terminal)
  if (!inspected.running) throw new CliError(`${PROGRAM}: container ${word} is not running`)
  const { pid, container } = inspected
  if (!existsSync(`/proc/${pid}`) || (containerIdOf(pid) ?? container.id) !== container.id) {
    throw new CliError(
      `${PROGRAM}: process ${pid} of container ${word} is not of this machine\nhint: run anatomy where the daemon of ${container.source} runs, in its pid namespace`,
    )
  }
  return { pid, container, names }
}

async function firstOf(keepers: readonly Keeper[], name: string): Promise<Inspected | undefined> {
  for (const { inspect } of keepers) {
    const inspected = await inspect(name)
    if (inspected !== undefined) return inspected
  }
  return undefined
}

/** Names of other containers in its namespaces. One that nobody knows stays its id. */
async function namesOf(keepers: readonly Keeper[], { namespaces }: Anatomy): Promise<Record<string, string>> {
  const ids = new Set(
    namespaces.flatMap(({ sharedWith }) => sharedWith.flatMap(({ containerId }) => containerId ?? [])),
  )
  const names: Record<string, string> = {}
  for (const id of ids) {
    const inspected = await firstOf(keepers, id)
    if (inspected !== undefined) names[id] = inspected.container.name
  }
  return names
}

/** The last one asked is the daemon of this machine that would have to be started first. */
async function notFound(word: string, terminal: Terminal): Promise<Error> {
  const engine = openEngine(terminal)
  try {
    await engine.json('GET', containerPath(word, 'json'))
    return new CliError(`${PROGRAM}: container ${word} is not running`)
  } catch (error) {
    return error as Error
  } finally {
    engine.close()
  }
}

function keepersFor({ env }: Terminal): Keeper[] {
  const runtime = env['XDG_RUNTIME_DIR']
  const sockets = [
    daemonSocket(env).path,
    '/var/run/docker.sock',
    '/run/podman/podman.sock',
    ...(runtime === undefined ? [] : [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`]),
  ]
  return [...[...new Set(sockets)].filter((path) => existsSync(path)).map(engineKeeper), { inspect: askPodman }]
}

function engineKeeper(path: string): Keeper {
  return {
    async inspect(name) {
      const engine = new Engine(path)
      try {
        const body = await engine.json<InspectBody>('GET', containerPath(name, 'json'))
        const image = await engine
          .json<ImageBody>('GET', `/images/${encodeURIComponent(body.Image)}/json`)
          .catch(() => ({}))
        return inspectedFrom(body, image, await kindOf(engine), `unix://${path}`)
      } catch (error) {
        if (error instanceof ApiError && error.status !== 404) throw error
        // Nobody there, not allowed to ask, or not his container.
        return undefined
      } finally {
        engine.close()
      }
    },
  }
}

async function kindOf(engine: Engine): Promise<ContainerFact['engine']> {
  const { Platform, Components } = await engine.json<{
    Platform?: { Name?: string }
    Components?: { Name: string }[] | null
  }>('GET', '/version')
  const names = [Platform?.Name ?? '', ...(Components ?? []).map(({ Name }) => Name)].join(' ').toLowerCase()
  return names.includes('podman') ? 'podman' : names.includes('mini-docker') ? 'mini-docker' : 'docker'
}

/** podman has no daemon: its containers are there without its socket. */
async function askPodman(name: string): Promise<Inspected | undefined> {
  const podman = async <T>(...args: string[]): Promise<T | undefined> => {
    try {
      const { stdout } = await promisify(execFile)('podman', args, { encoding: 'utf8' })
      return (JSON.parse(stdout) as T[])[0]
    } catch {
      return undefined
    }
  }
  const body = await podman<InspectBody>('inspect', '--type', 'container', name)
  if (body === undefined) return undefined
  const image = (await podman<ImageBody>('image', 'inspect', body.Image)) ?? {}
  return inspectedFrom(body, image, 'podman', 'podman inspect')
}

function inspectedFrom(
  body: InspectBody,
  image: ImageBody,
  engine: ContainerFact['engine'],
  source: string,
): Inspected {
  const ports = Object.entries(body.NetworkSettings?.Ports ?? {}).flatMap(([key, bindings]) => {
    const [port = '', protocol = 'tcp'] = key.split('/')
    return (bindings ?? []).map(({ HostIp, HostPort }) => ({
      protocol,
      hostAddress: HostIp,
      hostPort: Number(HostPort),
      containerPort: Number(port),
    }))
  })
  return {
    pid: body.State.Pid,
    running: body.State.Running,
    container: {
      engine,
      id: body.Id,
      name: body.Name.replace(/^\//, ''),
      image: body.ImageName ?? body.Config?.Image ?? body.Image,
      layers: image.RootFS?.Layers ?? [],
      ports,
      source,
    },
  }
}

/**
 * POST /containers/create: everything is checked and written, nothing runs. The container exists when its config.json
 * has its name; a folder without one was never finished and is taken away by gc.
 */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Image } from '@mini-docker/image'
import { familiarReference, parseReference } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { CreateBody } from '../api/bodies.ts'
import { Streams } from '../attach/streams.ts'
import { nowRfc3339 } from '../clock.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { ensureDemo, isDemo } from '../images/demo.ts'
import { StateFile, writeDurable, writeVolatile } from '../state/atomic-file.ts'
import { followDaemonRoot } from '../volumes/daemon-root.ts'
import { parseMountPoints } from '../volumes/mount-point.ts'
import { modeOf, validateNetworks, withDefaultNetwork } from '../networks/mode.ts'
import { resolveLinks } from '../networks/links.ts'
import { prepareVolumes } from '../volumes/prepare.ts'
import { removeAnonymousVolumes } from '../volumes/use.ts'
import { inheritedMounts } from '../volumes/volumes-from.ts'
import { mergeConfig } from './merge.ts'
import { Container, NEW_STATE, type ContainerRecord } from './model.ts'
import { validateCreate } from './validate.ts'

/** A container as create would make it, without making it. Used by create and by plan. */
export async function draftContainer(
  engine: Engine,
  body: CreateBody,
  id: string,
  name: string,
): Promise<ContainerRecord> {
  const hostConfig = withDefaultNetwork(engine, validateCreate(body, { cpus: engine.host.cpus }))
  const networks = validateNetworks(engine, body, hostConfig)
  const links = hostConfig.Links === null ? null : resolveLinks(engine, hostConfig.Links)
  const image = await findImage(engine, body.Image)
  const { HostConfig: _host, NetworkingConfig: _network, MacAddress: _mac, ...asked } = body
  const config = mergeConfig(asked, image.config.config ?? {})
  const inherited = inheritedMounts(engine, hostConfig.VolumesFrom ?? [])
  const mounts = followDaemonRoot(parseMountPoints(config, hostConfig, inherited), engine.root)
  for (const mount of mounts) refuseMissingSource(mount)
  const chain = (await engine.images.unpack(image)).toReversed()
  return {
    id,
    name,
    created: nowRfc3339(),
    imageId: image.id,
    chain,
    config: { ...config, Hostname: config.Hostname || defaultHostname(engine, hostConfig, id) },
    hostConfig: { ...withFullReference(engine, hostConfig), Links: links },
    mounts,
    networks,
  }
}

/** Makes the container. @throws UserError for what docker refuses; then nothing is left. */
export async function createContainer(engine: Engine, body: CreateBody, wantedName: string): Promise<Container> {
  const id = randomBytes(32).toString('hex')
  const name = engine.containers.reserve(wantedName, id)
  const dir = path.join(engine.root, 'containers', id)
  engine.creating.add(id)
  let mounts: ContainerRecord['mounts'] = []
  try {
    const record = await draftContainer(engine, body, id, name)
    for (const folder of ['', 'upper', 'work', 'rootfs'])
      fs.mkdirSync(path.join(dir, folder), { mode: folder === '' ? 0o710 : 0o755 })
    using volumes = await prepareVolumes(engine, record)
    record.mounts = mounts = volumes.points
    const container = newContainer(engine, record, dir)
    await saveRecord(container)
    engine.containers.add(container)
    containerEvent(engine, container, 'create')
    return container
  } catch (error) {
    engine.containers.release(name, id)
    await removeAnonymousVolumes(engine, mounts)
    await fs.promises.rm(dir, { recursive: true, force: true })
    throw error
  } finally {
    engine.creating.delete(id)
  }
}

/** The object for a record that is, or is about to be, on the disk. */
export function newContainer(engine: Engine, record: ContainerRecord, dir: string, state = NEW_STATE): Container {
  const stateFile = new StateFile(path.join(dir, 'state.json'), (error) =>
    engine.log(`state of container ${record.id} cannot be written: ${String(error)}`),
  )
  return new Container(record, state, dir, stateFile, new Streams())
}

/** Writes config.json. A container that is removed when it ends need not survive a power cut. */
export async function saveRecord({ record, dir }: Container): Promise<void> {
  const [file, data] = [path.join(dir, 'config.json'), JSON.stringify(record)]
  if (record.hostConfig.AutoRemove) writeVolatile(file, data)
  else await writeDurable(file, data)
}

/** @throws UserError `not-found`: `No such image: x:latest`, which makes docker's client try to pull. */
async function findImage(engine: Engine, reference: string): Promise<Image> {
  if (reference === '') throw new UserError('invalid', 'no image specified')
  const found = engine.images.resolve(reference)
  if (found !== undefined) return found
  if (isDemo(reference)) return ensureDemo(engine.images)
  throw new UserError('not-found', `No such image: ${familiar(reference)}`)
}

function familiar(reference: string): string {
  return familiarReference(parseReference(reference))
}

function refuseMissingSource({ type, source, createSource }: ContainerRecord['mounts'][number]): void {
  if (type !== 'bind' || createSource === true || fs.existsSync(source)) return
  throw new UserError('invalid', `invalid mount config for type "bind": bind source path does not exist: ${source}`)
}

/** The other container may get another name. */
function withFullReference(engine: Engine, host: ContainerRecord['hostConfig']): ContainerRecord['hostConfig'] {
  const mode = modeOf(host)
  if (mode.kind !== 'container') return host
  return { ...host, NetworkMode: `container:${engine.containers.find(mode.reference).id}` }
}

/** In the host's network and host-name namespace a container is the host, elsewhere the beginning of its id. */
function defaultHostname(engine: Engine, host: ContainerRecord['hostConfig'], id: string): string {
  return host.NetworkMode === 'host' || host.UTSMode === 'host' ? engine.host.hostname : id.slice(0, 12)
}

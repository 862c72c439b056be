/**
 * What a create and a start would do, as steps: nothing is made. The files that a create leaves in the container's folder are steps too, so that
 * the shell lines of the list make an equal container on a machine that has the image's layers and nothing else.
 */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { LayerView } from '@mini-docker/unionfs'
import { shellWord, type Step } from '@mini-docker/syscall'
import type { CreateBody } from '../api/bodies.ts'
import type { Engine } from '../engine.ts'
import { previewNetworks } from '../networks/enter.ts'
import { etcContents } from '../networks/files.ts'
import { localMount } from '../volumes/host-mount.ts'
import type { MountPoint } from '../volumes/mount-point.ts'
import type { Volume } from '../volumes/store.ts'
import { draftContainer } from './create.ts'
import { layerDirs } from './layers.ts'
import type { ContainerRecord } from './model.ts'
import type { Spec } from '../oci.ts'
import { planStart, specOfStart } from './start.ts'

/** `POST /containers/create` and the start after it. @throws what create refuses */
export async function planCreate(engine: Engine, body: CreateBody, name: string): Promise<Step[]> {
  const id = randomBytes(32).toString('hex')
  const record = await draftContainer(engine, body, id, name)
  record.mounts = record.mounts.map((mount) =>
    mount.type === 'volume' && mount.source === ''
      ? { ...mount, source: engine.volumes.dataPath(mount.name || id) }
      : mount,
  )
  return planDryStart(engine, record)
}

/** The start of a container as it would be now. Volumes without a name have no place before they are made. */
export function planDryStart(engine: Engine, record: ContainerRecord): Step[] {
  const dir = path.join(engine.root, 'containers', record.id)
  const { sandbox, ...network } = previewNetworks(engine, record)
  const { steps } = planStart(engine, record, dir, { network, sandbox, dryRun: true })
  const overlay = steps.find(({ id }) => id === 'rootfs.overlay')
  return [
    planFolder(engine, record, dir, sandbox),
    ...record.mounts.flatMap((mount) => [...planVolume(engine, record, mount, dir, overlay), ...planBindSource(mount)]),
    ...steps,
  ]
}

/** The OCI config of the next start as it would be now, and the image's layers, topmost first: what another runtime needs for an equal container. */
export function specDryStart(engine: Engine, record: ContainerRecord): { spec: Spec; layers: string[] } {
  const dir = path.join(engine.root, 'containers', record.id)
  const { sandbox, ...network } = previewNetworks(engine, record)
  const { spec } = specOfStart(engine, record, dir, { network, sandbox, dryRun: true })
  return { spec, layers: layerDirs(engine, record) }
}

/** The step `container.folder`. */
function planFolder(
  engine: Engine,
  record: ContainerRecord,
  dir: string,
  sandbox: ReturnType<typeof previewNetworks>['sandbox'],
): Step {
  const there = fs.existsSync(dir)
  const folders = ['upper', 'work', 'rootfs'].map((name) => shellWord(path.join(dir, name)))
  const files = Object.entries(etcContents(engine, record, sandbox) ?? {})
  return hostStep(
    'container.folder',
    [
      ...(there ? [] : [`mkdir -p ${folders.join(' ')}`]),
      ...files.map(([name, text]) => `printf %s ${shellWord(text)} > ${shellWord(path.join(dir, name))}`),
    ],
    there ? [] : [`rm -rf --one-file-system ${shellWord(dir)}`],
    ['hosts(5)', 'resolv.conf(5)'],
  )
}

/** The steps `volume.folder`, for a volume that is not there yet, and `volume.mount`, for one that is a filesystem of its own. */
function planVolume(
  engine: Engine,
  record: ContainerRecord,
  { type, name = '', source, destination, copyUp }: MountPoint,
  dir: string,
  overlay: Step | undefined,
): Step[] {
  if (type !== 'volume') return []
  if (engine.volumes.has(name)) {
    const volume = engine.volumes.get(name)
    return planVolumeMount(volume, engine.volumes.dataPath(name))
  }
  const layers = layerDirs(engine, record)
  const filled = copyUp === true && layers.length > 0 && new LayerView(layers).stat(destination)?.type === 'directory'
  const content = shellWord(path.join(dir, 'rootfs', destination))
  const copy = [...(overlay?.shell ?? []), `cp -aT ${content} ${shellWord(source)}`].join(' && ')
  return [
    hostStep(
      'volume.folder',
      [`mkdir -p ${shellWord(source)}`, ...(filled ? [`unshare --mount sh -c ${shellWord(copy)}`] : [])],
      [`rm -rf --one-file-system ${shellWord(path.dirname(source))}`],
      ['mkdir(1)', 'cp(1)'],
    ),
  ]
}

/** The step `volume.mount`: what is mounted on the host, once for all containers. */
export function planVolumeMount(volume: Volume, place: string): Step[] {
  const mount = localMount(volume)
  if (mount?.kind !== 'filesystem') return []
  const { device, type } = mount
  const words = volume.options?.['o'] ?? ''
  const options = words === '' ? '' : ` -o ${shellWord(words)}`
  return [
    hostStep(
      'volume.mount',
      [`mount -t ${type}${options} ${shellWord(device)} ${shellWord(place)}`],
      [`umount -l ${shellWord(place)}`],
      ['mount(8)'],
    ),
  ]
}

/** The step `volume.source`: `-v` makes the folder of the host that it names. */
function planBindSource({ type, source, createSource }: MountPoint): Step[] {
  if (type !== 'bind' || createSource !== true || fs.existsSync(source)) return []
  return [hostStep('volume.source', [`mkdir -p ${shellWord(source)}`], [], ['mkdir(1)'])]
}

function hostStep(id: string, shell: string[], undoShell: string[], man: string[]): Step {
  return { id, stage: 'rootfs', where: 'host', calls: [], shell, undoShell, man }
}

/** The images of the daemon, opened without it: a class is served whether a daemon runs or not. */
import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  familiarReference,
  familiarRepository,
  ImageStore,
  parseName,
  parseReference,
  type Image,
  type Reference,
} from '@mini-docker/image'
import { CliError } from '../cli/errors.ts'
import { Engine } from '../client/engine.ts'
import { daemonSocket } from '../client/host.ts'

const DATA_ROOT = '/var/lib/mini-docker'

/** Where the daemon keeps its images: what it says itself, or the usual place when none runs. */
export async function findStoreRoot(env: Record<string, string | undefined>): Promise<string> {
  const { path, isDefault } = daemonSocket(env)
  const engine = new Engine(path)
  try {
    return (await engine.json<{ DockerRootDir: string }>('GET', '/info')).DockerRootDir
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (isDefault && (code === 'ENOENT' || code === 'ECONNREFUSED')) return DATA_ROOT
    if (code === undefined) throw error
    throw new CliError(`Cannot connect to the Docker daemon at unix://${path}: ${code}. Is the docker daemon running?`)
  } finally {
    engine.close()
  }
}

/** Only for reading: makes nothing where there is no store. */
export async function openStore(root: string): Promise<ImageStore> {
  refuseIfClosed(root)
  if (existsSync(join(root, 'oci-layout'))) return await ImageStore.open(root, { layersInUse: () => 'all' })
  throw new CliError(`no images of mini-docker in ${root}\nhint: pull or load some first; --root says where they are`)
}

/** To who may not look into a directory, everything in it seems to be missing. */
function refuseIfClosed(root: string): void {
  try {
    accessSync(root, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES')
      throw new CliError(`permission denied: ${root}\nhint: the daemon's images are root's: try sudo`)
  }
}

type Named = Pick<Image, 'id' | 'names' | 'repoDigests'>

/**
 * Which names are meant by words on a command line: `alpine:3.20` that one, `alpine` all its tags, an ID all names of the image.
 * Names that come later count too. Without words, every name. Throws for a word that means nothing now.
 */
export function chooseNames(images: readonly Named[], words: readonly string[]): (name: Reference) => boolean {
  if (words.length === 0) return () => true
  const choices = words.map((word) => chooseOne(images, word))
  return (name) => choices.some((choice) => choice(name))
}

function chooseOne(images: readonly Named[], word: string): (name: Reference) => boolean {
  const names = images.flatMap((image) => [...image.names, ...image.repoDigests])
  const wanted = asName(word)
  if (wanted !== undefined) {
    const familiar = familiarReference(wanted)
    const isBare = wanted.tag === undefined && wanted.digest === undefined
    const choice = (name: Reference): boolean =>
      isBare ? familiarRepository(name) === familiar : familiarReference(name) === familiar
    if (names.some((name) => choice(parse(name)))) return choice
  }
  const byID = /^(?:sha256:)?([0-9a-f]{4,64})$/.exec(word)?.[1]
  const image = byID === undefined ? undefined : images.find(({ id }) => id.slice('sha256:'.length).startsWith(byID))
  if (image === undefined) throw new CliError(`No such image: ${word}`)
  if (image.names.length === 0)
    throw new CliError(`image ${word} has no name, and a registry knows only names\nhint: mini-docker tag ${word} NAME`)
  return (name) => image.names.includes(familiarReference(name))
}

function asName(word: string): Reference | undefined {
  try {
    return parseName(word)
  } catch {
    return undefined
  }
}

function parse(name: string): Reference {
  return name.includes('@') ? parseName(name) : parseReference(name)
}

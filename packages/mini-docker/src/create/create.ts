/** `POST /containers/create`, with what docker's client does around it: cidfile, pulling, warnings. */
import { ApiError, type Engine } from '../client/engine.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { CreateBody } from './body.ts'
import { openError } from './files.ts'
import { checkReference, withDefaultTag } from './reference.ts'

/** Creates the container and gives its ID. Throws Errors with docker's words, or ApiError. */
export async function createContainer(
  engine: Engine,
  flags: Flags,
  body: CreateBody,
  terminal: Terminal,
): Promise<string> {
  checkReference(body.Image)
  const pull = flags.string('pull') ?? 'missing'
  if (!['always', 'missing', 'never'].includes(pull)) {
    throw new Error(`invalid pull option: '${pull}': must be one of "always", "missing" or "never"`)
  }
  const local = body.HostConfig.Dns.find((address) => /^127\.|^::1$/.test(address))
  if (local !== undefined) terminal.err(`WARNING: Localhost DNS (${local}) may fail in containers.\n`)
  if (Object.values(body.NetworkingConfig.EndpointsConfig).some(({ MacAddress }) => MacAddress !== ''))
    await engine.requireVersion('specify mac-address per network', '1.44')
  const cidFile = await openCidFile(flags.string('cidfile'))
  try {
    if (pull === 'always') await pullImage(engine, flags, body.Image, terminal)
    const created = await createOrPull(engine, flags, body, pull === 'missing', terminal)
    for (const warning of created.Warnings ?? []) terminal.err(`WARNING: ${warning}\n`)
    cidFile?.write(created.Id)
    return created.Id
  } finally {
    cidFile?.close()
  }
}

type Created = { Id: string; Warnings: string[] | null }

async function createOrPull(
  engine: Engine,
  flags: Flags,
  body: CreateBody,
  mayPull: boolean,
  terminal: Terminal,
): Promise<Created> {
  const query = { name: flags.string('name'), platform: flags.string('platform') }
  const send = () => engine.json<Created>('POST', '/containers/create', { query, json: body })
  try {
    return await send()
  } catch (error) {
    // Also when the image that is here is for another platform.
    const missing = error instanceof ApiError && error.status === 404
    if (!missing || !mayPull) throw error
    if (!flags.bool('quiet')) terminal.err(`Unable to find image '${withDefaultTag(body.Image)}' locally\n`)
    await pullImage(engine, flags, body.Image, terminal)
    return await send()
  }
}

/** Asks the daemon to fetch the image and shows its progress on stderr. */
async function pullImage(engine: Engine, flags: Flags, image: string, terminal: Terminal): Promise<void> {
  const { pullForContainer } = await import('../client/create-image.ts')
  await pullForContainer(engine, image, { platform: flags.string('platform'), quiet: flags.bool('quiet') }, terminal)
}

/** The file for `--cidfile`: made before the container, so that a wrong path costs nothing; removed when nothing was written. */
async function openCidFile(
  path: string | undefined,
): Promise<{ write: (id: string) => void; close: () => void } | undefined> {
  if (path === undefined || path === '') return undefined
  const { existsSync, openSync, writeSync, closeSync, unlinkSync } = await import('node:fs')
  if (existsSync(path))
    throw new Error(`container ID file found, make sure the other container isn't running or delete ${path}`)
  let fd: number
  try {
    fd = openSync(path, 'wx', 0o666)
  } catch (error) {
    throw new Error(`failed to create the container ID file: ${openError(path, error).message}`, { cause: error })
  }
  let written = false
  return {
    write(id) {
      writeSync(fd, id)
      written = true
    },
    close() {
      closeSync(fd)
      if (!written) unlinkSync(path)
    },
  }
}

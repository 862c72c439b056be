/**
 * Docker's config.json on the disk. Others keep their settings in it too, so what we do not know is kept, in its order; a file that
 * cannot be understood is never replaced (docker does, and all of it is lost).
 */
import type { Stats } from 'node:fs'
import { mkdir, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import * as z from 'zod'
import { randomName, syncDirectory } from '../store/durable.ts'
import { lockDirectory } from '../store/lock-directory.ts'
import { AuthEntry } from './auth-entry.ts'
import { parseSecretJSON } from './secret-json.ts'

const ConfigFile = z.looseObject({
  auths: z.record(z.string(), AuthEntry).nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
})
export type ConfigFile = z.infer<typeof ConfigFile>

const LOCK_TIMEOUT_MS = 10_000

/** `{}` when there is none, or it is empty. @throws UserError `invalid` when it is not docker's config.json. */
export async function readConfig(path: string): Promise<ConfigFile> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw new UserError('unavailable', `cannot read ${path}: ${error.code}`, { cause: error })
  })
  if (bytes.toString().trim() === '') return {}
  return parseSecretJSON(`docker's configuration ${path}`, bytes, ConfigFile)
}

/**
 * Changes the file as a whole or not at all: another login at the same moment waits, a crash leaves the old one. `change` returns
 * undefined when there is nothing to do. Mode and owner stay; a new file can be read by its owner only. A symbolic link stays,
 * and the file it names is changed.
 */
export async function updateConfig(
  path: string,
  change: (config: ConfigFile) => ConfigFile | undefined,
): Promise<void> {
  const target = await targetOf(path)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  await using _lock = await lockDirectory(dirname(target), LOCK_TIMEOUT_MS).catch((cause: unknown) => {
    if (!(cause instanceof UserError)) throw cause
    throw new UserError('conflict', `${path} is being changed by another process`, { cause, hint: 'try again' })
  })
  const changed = change(await readConfig(target))
  if (changed !== undefined) await replace(target, `${JSON.stringify(changed, undefined, '\t')}\n`)
}

/** Where a chain of symbolic links ends, though nothing may be there yet. */
async function targetOf(path: string): Promise<string> {
  const existing = await realpath(path).catch(ifMissing)
  if (existing !== undefined) return existing
  // realpath has refused loops.
  const link = await readlink(path).catch(ifMissing)
  return link === undefined ? resolve(path) : await targetOf(resolve(dirname(path), link))
}

async function replace(target: string, text: string): Promise<void> {
  const old = await stat(target).catch(ifMissing)
  const temporary = `${target}.${randomName()}.tmp`
  try {
    await using file = await open(temporary, 'wx', 0o600)
    if (old !== undefined) await copyPermissions(file, old)
    await file.writeFile(text)
    await file.sync()
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { force: true })
    const code = (cause as NodeJS.ErrnoException).code
    throw new UserError('unavailable', `cannot write ${target}: ${code}`, {
      cause,
      hint: 'its content has not changed',
    })
  }
  await syncDirectory(dirname(target))
}

async function copyPermissions(
  file: { chown(uid: number, gid: number): Promise<void>; chmod(mode: number): Promise<void> },
  { mode, uid, gid }: Stats,
): Promise<void> {
  // Only root may give a file away; a member of the old group who writes it becomes its owner, as with docker.
  await file.chown(uid, gid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error
  })
  await file.chmod(mode & 0o777)
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  // EINVAL: readlink of what is no link.
  if (error.code !== 'ENOENT' && error.code !== 'EINVAL') throw error
}

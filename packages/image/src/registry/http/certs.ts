/**
 * Certificates of a registry, where docker looks for them:
 *
 *   /etc/docker/certs.d/registry.example:5000/ca.crt         whom to trust besides the usual authorities
 *                                             client.cert    who we are
 *                                             client.key     and its key
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '@mini-docker/syscall'
import type { RegistryConfig } from '../config.ts'

export type Certificates = { readonly ca: readonly Buffer[]; readonly clients: readonly ClientCertificate[] }
export type ClientCertificate = { readonly cert: Buffer; readonly key: Buffer }

const NONE: Certificates = { ca: [], clients: [] }

/** @throws UserError `invalid` where a certificate has no key or the other way round, with docker's words. */
export async function readCertificates(
  { certsDirs, certDir }: Pick<RegistryConfig, 'certsDirs' | 'certDir'>,
  host: string,
): Promise<Certificates> {
  if (certDir !== undefined) {
    const names = await namesIn(certDir)
    if (names !== undefined) return await readFolder(certDir, names)
    throw new UserError('not-found', `there is no directory ${certDir} with certificates`)
  }
  for (const directory of certsDirs) {
    const path = join(directory, host)
    const names = await namesIn(path)
    if (names !== undefined) return await readFolder(path, names)
  }
  return NONE
}

async function readFolder(path: string, names: readonly string[]): Promise<Certificates> {
  const read = (name: string): Promise<Buffer> => readFile(join(path, name))
  const ca = names.filter((name) => name.endsWith('.crt')).toSorted()
  const certs = names.filter((name) => name.endsWith('.cert')).toSorted()
  for (const key of names.filter((name) => name.endsWith('.key'))) {
    requireFile(path, names, key, key.replace(/\.key$/, '.cert'), 'client certificate')
  }
  for (const cert of certs) requireFile(path, names, cert, keyOf(cert), 'key')
  const clients = certs.map(async (cert) => ({ cert: await read(cert), key: await read(keyOf(cert)) }))
  const [cas, pairs] = await Promise.all([Promise.all(ca.map(read)), Promise.all(clients)])
  return { ca: cas, clients: pairs }
}

function keyOf(cert: string): string {
  return cert.replace(/\.cert$/, '.key')
}

function requireFile(path: string, names: readonly string[], have: string, need: string, what: string): void {
  if (names.includes(need)) return
  throw new UserError('invalid', `missing ${what} ${need} for ${have}`, {
    hint: `in ${path}, authorities end in .crt, and a client certificate is a pair of .cert and .key`,
  })
}

async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    return await readdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UserError('denied', `certificates in ${path} cannot be read: ${code}`, {
      hint: 'check owner and mode of the directory',
      cause: error,
    })
  }
}

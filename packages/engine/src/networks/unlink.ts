/** A container no longer has a link to another. */
import { UserError } from '@mini-docker/syscall'
import type { HostConfig } from '../api/bodies.ts'
import { StatusError } from '../api/status.ts'
import { saveRecord } from '../containers/create.ts'
import type { Engine } from '../engine.ts'
import { parseLink } from './endpoint.ts'
import { rewriteEtcFiles } from './files.ts'

/** `DELETE /containers/web/db?link=1`: the link of `web` called `db`. @throws StatusError, UserError in docker's words */
export async function removeLink(engine: Engine, reference: string): Promise<void> {
  const [name = '', alias] = reference.replace(/^\//, '').split('/')
  const container = engine.containers.find(name)
  if (alias === undefined) throw new StatusError(500, 'Conflict, cannot remove the default link name of the container')
  await container.lock.run(async () => {
    const { record } = container
    const links = record.hostConfig.Links ?? []
    const kept = links.filter((link) => parseLink(link).alias !== alias)
    if (kept.length === links.length) throw new UserError('not-found', `No such container: ${reference}`)
    const hostConfig: HostConfig = { ...record.hostConfig, Links: kept.length === 0 ? null : kept }
    container.record = { ...record, hostConfig }
    await saveRecord(container)
    if (container.alive) rewriteEtcFiles(engine, container)
  })
}

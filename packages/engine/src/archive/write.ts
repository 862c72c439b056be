/** PUT /containers/{id}/archive: a tar is unpacked in a directory of the container. */
import * as path from 'node:path'
import type { Readable } from 'node:stream'
import { decompress, extractTree } from '@mini-docker/image'
import { UserError } from '@mini-docker/syscall'
import type { Container } from '../containers/model.ts'
import { userOf } from '../containers/start.ts'
import { containerEvent, type Engine } from '../engine.ts'
import { findDirectory } from './place.ts'
import { openView } from './view.ts'

export type WriteOptions = {
  /** A directory does not take the place of something else, nor the other way round. */
  keepKinds: boolean
  /** Everything belongs to the container's user, where it has one. */
  ownedByUser: boolean
}

/**
 * Unpacks the archive, plain or compressed, below a directory. What was unpacked before an error stays, as with docker.
 * @throws UserError in docker's words: no such directory, a read-only place, a name that leads out, no tar.
 */
export async function writePath(
  engine: Engine,
  container: Container,
  directory: string,
  body: Readable,
  { keepKinds, ownedByUser }: WriteOptions,
): Promise<void> {
  await using view = await openView(engine, container)
  const into = findDirectory(view.whole, directory, container.record.name)
  refuseReadOnly(container, into)
  const { record, dir } = container
  const user =
    ownedByUser && record.config.User !== ''
      ? userOf(engine, record, path.join(dir, 'upper'), record.config.User)
      : undefined
  const abort = (): void => void body.destroy(view.aborted.reason as Error)
  view.aborted.addEventListener('abort', abort)
  try {
    await extractTree(decompress('the archive', body), view.whole.number, {
      into,
      keepKinds,
      ...(user === undefined ? {} : { owner: { uid: user.uid, gid: user.gid } }),
    })
  } finally {
    view.aborted.removeEventListener('abort', abort)
  }
  containerEvent(engine, container, 'extract-to-dir')
}

/** The innermost mount decides; without one, the root filesystem. @throws UserError `invalid`, in docker's words. */
function refuseReadOnly({ record }: Container, directory: string): void {
  const mounted = record.mounts
    .filter(({ destination }) => directory === destination || directory.startsWith(`${destination}/`))
    .toSorted((a, b) => b.destination.length - a.destination.length)[0]
  if (mounted?.readOnly === true) throw new UserError('invalid', 'mounted volume is marked read-only')
  if (mounted === undefined && record.hostConfig.ReadonlyRootfs)
    throw new UserError('invalid', 'container rootfs is marked read-only')
}

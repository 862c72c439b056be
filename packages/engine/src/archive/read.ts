/** GET and HEAD /containers/{id}/archive, and export: files of a container as a tar. */
import { packEntry, packTree } from '@mini-docker/image'
import { containerEvent, type Engine } from '../engine.ts'
import type { Container } from '../containers/model.ts'
import { findPlace, type PathStat } from './place.ts'
import { openView } from './view.ts'

/** A tar that is made while it is read. The container's filesystem is held until it is disposed. */
export type Archive = AsyncDisposable & { tar: AsyncIterable<Uint8Array>; aborted: AbortSignal }

/** What a path of the container is. @throws UserError `not-found` in docker's words. */
export async function statPath(engine: Engine, container: Container, path: string): Promise<PathStat> {
  await using view = await openView(engine, container)
  using place = findPlace(view.whole, path, container.record.name)
  return place.stat
}

/**
 * The file or directory of a path as a tar of that one entry. It has the name that was asked for, even where links led elsewhere;
 * a link itself is archived as a link. @throws UserError as `statPath`.
 */
export async function readPath(
  engine: Engine,
  container: Container,
  path: string,
): Promise<Archive & { stat: PathStat }> {
  await using held = new AsyncDisposableStack()
  const view = held.use(await openView(engine, container))
  const place = held.use(findPlace(view.whole, path, container.record.name))
  const { name } = place.stat
  const tar = packEntry(place.directory.number, place.name, name === '/' ? '' : name, { live: true })
  containerEvent(engine, container, 'archive-path')
  return archive(held.move(), tar, view.aborted, { stat: place.stat })
}

/** The root filesystem without what is mounted on it, as a tar. */
export async function exportContainer(engine: Engine, container: Container): Promise<Archive> {
  await using held = new AsyncDisposableStack()
  const view = held.use(await openView(engine, container))
  const tar = packTree(`/proc/self/fd/${view.bare.number}`, { live: true })
  containerEvent(engine, container, 'export')
  return archive(held.move(), tar, view.aborted, {})
}

function archive<T extends object>(
  held: AsyncDisposableStack,
  tar: AsyncIterable<Uint8Array>,
  aborted: AbortSignal,
  more: T,
): Archive & T {
  return { ...more, tar, aborted, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

/** The images of the daemon as one archive, for `class pack` and `save --all`. */
import type { Image } from '@mini-docker/image'
import type { Engine } from '../client/engine.ts'
import type { ImagesFile } from './pack.ts'

export type Listed = Pick<Image, 'id' | 'names' | 'repoDigests'>

/** All images that the daemon has. */
export async function listImages(engine: Engine): Promise<Listed[]> {
  type Summary = { Id: string; RepoTags: string[] | null; RepoDigests: string[] | null }
  const summaries = await engine.json<Summary[]>('GET', '/images/json')
  return summaries.map(({ Id, RepoTags, RepoDigests }) => ({
    id: Id as Image['id'],
    // Docker's own API says <none>:<none> where there is no name.
    names: (RepoTags ?? []).filter((name) => !name.startsWith('<none>')),
    repoDigests: (RepoDigests ?? []).filter((name) => !name.startsWith('<none>')),
  }))
}

/** Asked for twice: once to count, once to pack. Equal images give equal bytes, so both are the same. */
export async function imagesFile(engine: Engine, names: readonly string[]): Promise<ImagesFile> {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    const answer = await engine.stream('GET', '/images/get', { query: { names } })
    try {
      yield* answer.body()
    } finally {
      answer.close()
    }
  }
  let size = 0
  for await (const chunk of open()) size += chunk.length
  return { size, open }
}

/** Those that were made for another platform than `platform` (`linux/amd64`). */
export async function namesForOthers(engine: Engine, images: readonly Listed[], platform: string): Promise<string[]> {
  const others: string[] = []
  for (const { id, names } of images) {
    const { Os, Architecture } = await engine.json<{ Os: string; Architecture: string }>('GET', `/images/${id}/json`)
    if (`${Os}/${Architecture}` !== platform) others.push(...names.map((name) => `${name} (${Os}/${Architecture})`))
  }
  return others
}

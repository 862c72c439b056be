/** `POST /images/create`: the daemon fetches an image; here its progress becomes something to look at. */
import type { Terminal } from '../cli/terminal.ts'
import type { Engine } from './engine.ts'
import { showProgress, type ShowOptions } from './progress/show.ts'
import { registryAuth } from './registry-auth.ts'
import { serverOfImage, wantedImage, type WantedImage } from './registry-name.ts'

/**
 * Fetches an image, with the credentials that config.json has for its registry. With `onRequest`, our daemon tells of each HTTP
 * request. Throws ApiError, or the stream's error.
 */
export async function createImage(
  engine: Engine,
  { name, repository, tag }: WantedImage,
  { platform, ...shown }: ShowOptions & { platform: string | undefined },
  terminal: Terminal,
): Promise<void> {
  const path = shown.onRequest === undefined ? '/images/create' : '/x/images/create'
  const answer = await engine.stream('POST', path, {
    query: { fromImage: repository, tag, platform },
    headers: await registryAuth(serverOfImage(name), terminal),
  })
  await showProgress(answer.body(), terminal, shown)
}

/** What run and create do about an image that is not there: `:latest` without a word, progress on stderr. */
export async function pullForContainer(
  engine: Engine,
  image: string,
  { platform, quiet }: { platform: string | undefined; quiet: boolean },
  terminal: Terminal,
): Promise<void> {
  await createImage(engine, wantedImage(image, { allTags: false }), { platform, quiet, on: 2 }, terminal)
}

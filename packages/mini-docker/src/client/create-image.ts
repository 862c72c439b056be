/** `POST /images/create`: the daemon fetches an image; here its progress becomes something to look at. */
import type { Terminal } from '../cli/terminal.ts'
import type { Engine } from './engine.ts'
import { awaitProgress, showProgress } from './progress/show.ts'
import { registryAuth } from './registry-auth.ts'
import { serverOfImage, wantedImage, type WantedImage } from './registry-name.ts'

export type PullOptions = {
  platform: string | undefined
  /** Where progress goes; undefined for nowhere. */
  progressOn: 1 | 2 | undefined
}

/** Fetches an image, with the credentials that config.json has for its registry. Throws ApiError, or the stream's error. */
export async function createImage(
  engine: Engine,
  { name, repository, tag }: WantedImage,
  { platform, progressOn }: PullOptions,
  terminal: Terminal,
): Promise<void> {
  const answer = await engine.stream('POST', '/images/create', {
    query: { fromImage: repository, tag, platform },
    headers: await registryAuth(serverOfImage(name), terminal),
  })
  if (progressOn === undefined) await awaitProgress(answer.body(), terminal)
  else await showProgress(answer.body(), terminal, progressOn)
}

/** What run and create do about an image that is not there: `:latest` without a word, progress on stderr. */
export async function pullForContainer(
  engine: Engine,
  image: string,
  { platform, quiet }: { platform: string | undefined; quiet: boolean },
  terminal: Terminal,
): Promise<void> {
  const wanted = wantedImage(image, { allTags: false })
  await createImage(engine, wanted, { platform, progressOn: quiet ? undefined : 2 }, terminal)
}

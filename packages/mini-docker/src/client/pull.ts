/** `POST /images/create`: the daemon fetches an image; here its progress becomes lines. */
import { parseImageName } from '../create/reference.ts'
import type { Engine } from './engine.ts'
import { jsonLines } from './json-stream.ts'

/** One message of the progress stream of pull, load and import. */
export type Progress = {
  status?: string
  stream?: string
  id?: string
  progress?: string
  error?: string
  errorDetail?: { code?: number; message: string }
}

/** Fetches `image` (`:latest` when it names no tag) and gives each line of progress to `show`. Throws ApiError, or the stream's error. */
export async function pull(engine: Engine, image: string, show: (line: string) => void): Promise<void> {
  const name = parseImageName(image)
  const fromImage = image.replace(/@.*$/, '').replace(/:[^:/]*$/, (tail) => (name.tag === undefined ? tail : ''))
  const answer = await engine.stream('POST', '/images/create', {
    query: { fromImage, tag: name.digest ?? name.tag ?? 'latest' },
  })
  await showProgress(answer.body(), show)
}

/** Shows a progress stream as docker does without a terminal: a line per status, bars left out. */
export async function showProgress(body: AsyncIterable<Buffer>, show: (line: string) => void): Promise<void> {
  for await (const message of jsonLines<Progress>(body)) {
    if (message.errorDetail !== undefined) throw new Error(message.errorDetail.message)
    if (message.error !== undefined) throw new Error(message.error)
    if (message.progress !== undefined && message.progress !== '') continue
    if (message.stream !== undefined) show(message.stream)
    else if (message.status !== undefined)
      show(`${message.id === undefined ? '' : `${message.id}: `}${message.status}\n`)
  }
}

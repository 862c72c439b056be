/** JSON values one after the other in a stream (events, stats, progress of load and pull): one a line. */

/** Each line that is not empty, whatever the boundaries of the chunks. */
export async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield line.trim()
  }
  if (pending.trim() !== '') yield pending.trim()
}

/** Each line's value. Throws on a line that is not JSON. */
export async function* jsonLines<T>(chunks: AsyncIterable<Buffer>): AsyncGenerator<T> {
  for await (const line of textLines(chunks)) yield JSON.parse(line) as T
}

/** JSON values one after the other in a stream (events, stats, progress of load and pull), with or without newlines between. */

/** Each line's value, whatever the boundaries of the chunks. Throws on a line that is not JSON. */
export async function* jsonLines<T>(chunks: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of chunks) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T
  }
  if (pending.trim() !== '') yield JSON.parse(pending) as T
}

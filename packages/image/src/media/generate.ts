/** The bytes that some work writes, for whoever iterates: a write waits until what it wrote has been taken. */

/**
 * Starts `work` when the first bytes are asked for. Its failure is thrown to the reader; who stops reading makes the next write fail, and
 * has `work` to the end of its clean-up before returning.
 */
export async function* generate(
  work: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let offered = Promise.withResolvers<Uint8Array | undefined>()
  let taken = Promise.withResolvers<void>()
  let stopped = false
  const write = async (chunk: Uint8Array): Promise<void> => {
    offered.resolve(chunk)
    await taken.promise
    if (stopped) throw new Error('nobody reads on')
  }
  const ended = work(write).then(
    () => offered.resolve(undefined),
    (error: unknown) => offered.reject(error),
  )
  try {
    for (let chunk = await offered.promise; chunk !== undefined; chunk = await offered.promise) {
      offered = Promise.withResolvers()
      yield chunk
      const { resolve } = taken
      taken = Promise.withResolvers()
      resolve()
    }
  } finally {
    stopped = true
    offered.promise.catch(() => {})
    taken.resolve()
    await ended
  }
}

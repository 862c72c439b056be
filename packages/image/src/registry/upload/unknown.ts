/**
 * Bytes on their way up while they are made (a layer that is compressed meanwhile): one PATCH without a length, as docker pushes, and
 * the digest at its end. They are made only once, so the newest of them are kept: after a cut the registry is asked how far it
 * came, and gets the rest again.
 */
import { Sha256, type Digest } from '../../digest.ts'
import { RegistryError } from '../error.ts'
import { stuck, UploadSession, type UploadTarget } from './session.ts'

/** More than lies in the buffers between us and a registry, so that what it lacks after a cut is still here. */
const KEPT_BYTES = 8 << 20

/** @throws RegistryError when it is refused, or cut where it can't go on. */
export async function uploadUnknown(
  target: UploadTarget,
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ digest: Digest; size: number }> {
  const session = await target.endpoint.retrying(() => UploadSession.start(target))
  await using source = new ReplayedSource(bytes)
  let failures = 0
  while (!source.ended || session.offset < source.size) {
    const from = session.offset
    try {
      await session.append({ size: undefined, open: () => source.from(from) })
      if (session.offset === from && from < source.size) throw stuck('a blob', session)
    } catch (error) {
      const delayMs = target.endpoint.delayAfter(error, ++failures + 1)
      if (delayMs === undefined) throw error
      await target.endpoint.wait(delayMs)
      if (!(await session.recall()) || !source.has(session.offset)) throw error
    }
  }
  const { digest, size } = source
  await session.finish(digest)
  return { digest, size }
}

/** A stream that can be read again from a little way back. */
class ReplayedSource implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #hash = new Sha256()
  #kept: Uint8Array[] = []
  #keptBytes = 0
  #pulling: Promise<void> | undefined
  ended = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Bytes that came by so far. */
  get size(): number {
    return this.#hash.bytes
  }

  /** Of all of it, at the end; once. */
  get digest(): Digest {
    return this.#hash.digest()
  }

  has(offset: number): boolean {
    return offset <= this.size && offset >= this.size - this.#keptBytes
  }

  /**
   * The stream from there on. A reader that was left behind, by a request that failed, takes nothing away from the next one.
   * @throws RegistryError when these bytes are not kept any more.
   */
  async *from(offset: number): AsyncGenerator<Uint8Array, void> {
    for (let at = offset; ;) {
      const chunk = this.#keptFrom(at)
      if (chunk !== undefined) {
        at += chunk.length
        yield chunk
      } else if (this.ended) return
      else await this.#more()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.ended) await this.#source.return?.()
  }

  #keptFrom(at: number): Uint8Array | undefined {
    if (!this.has(at)) throw gone(at)
    let start = this.size
    for (const chunk of this.#kept.toReversed()) {
      start -= chunk.length
      if (start <= at) return at < start + chunk.length ? chunk.subarray(at - start) : undefined
    }
    return undefined
  }

  /** By hand: leaving a for-await would end the source, and there may be another try. */
  async #more(): Promise<void> {
    this.#pulling ??= this.#source.next().then(({ done, value }) => {
      this.#pulling = undefined
      if (done === true) this.ended = true
      else this.#keep(value)
    })
    await this.#pulling
  }

  #keep(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    this.#kept.push(chunk)
    this.#keptBytes += chunk.length
    while (this.#keptBytes - (this.#kept[0]?.length ?? 0) > KEPT_BYTES) {
      this.#keptBytes -= this.#kept.shift()?.length ?? 0
    }
  }
}

function gone(offset: number): RegistryError {
  return new RegistryError(`the upload would have to go on at byte ${offset}, which was sent and is gone`, {
    code: 'unavailable',
    hint: 'push again',
  })
}

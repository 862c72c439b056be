/**
 * Who keeps images: ours, docker, podman. The three command lines agree but for a few words. What is measured is the whole client command, to
 * its end; before each sample all that the last one left to the disk is written.
 */
import { must, run } from '../../test/harness/command.ts'
import { commandLines, type Bench } from '../bench.ts'
import { processMs } from '../measure.ts'

export class Keeper {
  readonly name: string
  readonly #words: readonly string[]
  readonly #env: Record<string, string>
  /** Words that let podman use a registry without TLS. The others do on loopback. */
  readonly #insecure: readonly string[]

  constructor(name: string, words: readonly string[], env: Record<string, string>, insecure: readonly string[] = []) {
    this.name = name
    this.#words = words
    this.#env = env
    this.#insecure = insecure
  }

  /** Milliseconds of a pull. */
  pull(reference: string): Promise<number> {
    return this.#timed('pull', ...this.#insecure, reference)
  }
  push(reference: string): Promise<number> {
    return this.#timed('push', ...this.#insecure, reference)
  }
  load(archive: string): Promise<number> {
    return this.#timed('load', '-i', archive)
  }
  save(reference: string, archive: string): Promise<number> {
    return this.#timed('save', '-o', archive, reference)
  }

  async tag(from: string, to: string): Promise<void> {
    await must([...this.#words, 'tag', from, to], { env: this.#env })
  }

  /** Removes these images with their blobs and trees, if they are there. @throws Error when one of them stays. */
  async remove(...references: string[]): Promise<void> {
    const env = this.#env
    for (const reference of references) {
      await run([...this.#words, 'rmi', '-f', reference], { env })
      const left = await must([...this.#words, 'images', '-q', reference], { env })
      if (left.trim() !== '') throw new Error(`${this.name}: ${reference} is still there`)
    }
  }

  async #timed(...words: string[]): Promise<number> {
    return await processMs([...this.#words, ...words], this.#env)
  }
}

export function keepers(bench: Bench): Keeper[] {
  const { ours, docker, podman, env } = commandLines(bench)
  return [
    new Keeper('mini-docker', ours, {}),
    ...(docker === undefined ? [] : [new Keeper('docker', docker, {})]),
    ...(podman === undefined ? [] : [new Keeper('podman', podman, env, ['--tls-verify=false'])]),
  ]
}

/** Removes an image from all of them. One who cannot is no reason to stop: it will have failed in its samples as well. */
export async function removeEverywhere(bench: Bench, reference: string): Promise<void> {
  for (const keeper of keepers(bench)) {
    await keeper.remove(reference).catch((error: unknown) => console.error(`bench: ${(error as Error).message}`))
  }
}

/** Waits until the filesystem has nothing left to write, so that nobody pays for who came before. */
export async function settle({ scratch }: Pick<Bench, 'scratch'>): Promise<void> {
  await must(['sync', '--file-system', scratch], { timeoutMs: 300_000 })
}

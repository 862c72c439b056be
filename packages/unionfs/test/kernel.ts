/** Asks the oracle process, and keeps a scratch directory. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Answer, Question } from './oracle.ts'
import { removeTree } from './trees.ts'

export class Kernel implements AsyncDisposable {
  readonly scratch = mkdtempSync(join(tmpdir(), 'unionfs-'))
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  constructor() {
    const script = join(import.meta.dirname, 'oracle.ts')
    // The trees are random and the oracle is root: outside of the scratch directory its world is read-only.
    const shell = 'mount --bind "$1" "$1" && mount -o remount,bind,ro / && exec "$2" "$3"'
    const command = ['sh', '-ec', shell, 'sh', this.scratch, process.execPath, script]
    this.#child = spawn('unshare', ['-m', '--propagation', 'private', ...command])
    this.#child.stderr.pipe(process.stderr)
    this.#reader = createInterface({ input: this.#child.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  async ask(question: Question): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    const line = await this.#lines.next()
    if (line.done === true) throw new Error('the oracle died; its last words are above')
    return JSON.parse(line.value) as Answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await gone
    this.#reader.close()
    removeTree(this.scratch)
  }
}

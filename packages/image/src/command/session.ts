/** What all commands of `image` have: input and output, the environment, the store, and an end on Ctrl-C that cleans up. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { UserError } from '@mini-docker/syscall'
import { ImageStore } from '../store/store.ts'

export type Io = {
  stdin: Readable
  stdout: Writable
  stderr: Writable
  /** HOME, DOCKER_CONFIG, PATH, HTTP_PROXY …; nothing by default. */
  env?: Readonly<Record<string, string | undefined>>
}

export class Session {
  readonly io: Io
  readonly env: Readonly<Record<string, string | undefined>>
  /** The exit code of a command that ends well. */
  code = 0
  readonly #root: () => string

  constructor(io: Io, root: () => string) {
    this.io = io
    this.env = io.env ?? {}
    this.#root = root
  }

  /** A line on standard output. */
  print(text: string): void {
    this.io.stdout.write(`${text}\n`)
  }

  /** A line on standard error. */
  note(text: string): void {
    this.io.stderr.write(`${text}\n`)
  }

  /** A mistyped --root is an error, not a new directory. */
  async open(): Promise<ImageStore> {
    const root = this.#root()
    if (existsSync(join(root, 'oci-layout'))) return await this.openOrMake()
    throw new UserError('not-found', `no image store in ${root}`, {
      hint: 'image pull, image load, image import and image demo make one; --root says where',
    })
  }

  /** For what adds images. Layers may be in use by containers of a daemon that this command knows nothing of: then all layers stay. */
  async openOrMake(): Promise<ImageStore> {
    return await ImageStore.open(this.#root(), { layersInUse: () => (this.hasContainers() ? 'all' : []) })
  }

  hasContainers(): boolean {
    const containers = join(this.#root(), 'containers')
    return existsSync(containers) && readdirSync(containers).length > 0
  }

  /** Runs work that Ctrl-C shall end at a good moment: half-written files are removed then, and the exit code is 130. */
  async interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const stop = (): void => controller.abort(new Interrupted())
    for (const name of SIGNALS) process.once(name, stop)
    try {
      return await work(controller.signal)
    } finally {
      for (const name of SIGNALS) process.off(name, stop)
    }
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The user has ended it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor() {
    super('interrupted')
  }
}

/** Only root can unpack; others keep and check. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** The thread that unpacks: hashes the tar that comes through the ring, and makes the tree. One layer at a time. See messages.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { Sha256 } from '../digest.ts'
import { TarParser } from '../tar/parser.ts'
import { LayerWriter } from '../tree/layer.ts'
import { describeFailure, SLOT_BYTES, type FromThread, type ToThread, type Unpacked } from './messages.ts'

const ring = Buffer.from(workerData as SharedArrayBuffer)
const port = parentPort
if (port === null) throw new Error('unpack.worker.ts runs as a thread')

const tell = (message: FromThread): void => port.postMessage(message)

class Job implements Disposable {
  readonly #parser = new TarParser()
  readonly #writer: LayerWriter
  readonly #hash = new Sha256()

  constructor(directory: string) {
    this.#writer = new LayerWriter(directory, {})
  }

  take(bytes: Buffer): void {
    this.#hash.update(bytes)
    this.#parser.push(bytes)
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) this.#writer.take(event)
  }

  finish(): Unpacked {
    this.#parser.finish()
    return { applied: this.#writer.finish(), diffID: this.#hash.diffID() }
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]()
  }
}

/** Undefined between layers, and after a failure until the sender has heard of it. */
let job: Job | undefined

port.on('message', (message: ToThread) => {
  try {
    handle(message)
  } catch (error) {
    endJob()
    tell({ kind: 'failed', failure: describeFailure(error) })
  }
})

function handle(message: ToThread): void {
  switch (message.kind) {
    case 'begin':
      job = new Job(message.directory)
      return
    case 'bytes': {
      const { slot, length } = message
      const from = slot * SLOT_BYTES
      try {
        job?.take(ring.subarray(from, from + length))
      } finally {
        tell({ kind: 'free', slot })
      }
      return
    }
    case 'end': {
      const unpacked = job?.finish()
      endJob()
      if (unpacked !== undefined) tell({ kind: 'unpacked', unpacked })
      return
    }
    case 'stop':
      endJob()
      tell({ kind: 'stopped' })
  }
}

function endJob(): void {
  const ended = job
  job = undefined
  ended?.[Symbol.dispose]()
}

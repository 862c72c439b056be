/** The thread that unpacks, one layer at a time: bytes come through the ring, a tree and its diffID come out. See messages.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { Arriving } from './arriving.ts'
import { describeFailure, type FromThread, type ToThread } from './messages.ts'
import { unpackLayer, type UnpackJob } from './unpack-layer.ts'

const ring = Buffer.from(workerData as SharedArrayBuffer)
const port = parentPort
if (port === null) throw new Error('unpack.worker.ts runs as a thread')

const tell = (message: FromThread): void => port.postMessage(message)
const free = (slot: number): void => tell({ kind: 'free', slot })

let arriving = new Arriving(ring, free)
/** Settles when the layer at hand is done with, well or badly. */
let running: Promise<void> = Promise.resolve()

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'begin':
      arriving = new Arriving(ring, free)
      running = unpack(message.job, arriving)
      return
    case 'bytes':
      return arriving.push(message)
    case 'end':
      return arriving.end()
    case 'stop':
      arriving.fail(new Error('stopped'))
      void running.then(() => tell({ kind: 'stopped' }))
  }
})

async function unpack(job: UnpackJob, input: Arriving): Promise<void> {
  try {
    tell({ kind: 'unpacked', unpacked: await unpackLayer(job, input) })
  } catch (error) {
    await input.return()
    tell({ kind: 'failed', failure: describeFailure(error) })
  }
}

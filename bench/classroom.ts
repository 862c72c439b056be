/**
 * A class pulls at once: `node bench/classroom.ts [CLIENTS] [MB]` serves one image of so many MB on loopback to so many clients (300 and 50
 * by default), each with a connection of its own for config and layer. Tells the rate and the server's memory. Needs no root.
 *
 * The clients are raw sockets in one process, which count bytes and hash one answer in fifty: the server is to be measured, not they.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  digestOf,
  ImageStore,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_MANIFEST,
  parseReference,
  type Digest,
} from '../packages/image/src/index.ts'

const HASHED_EACH = 50
const SAMPLE_MS = 50
const PATIENCE_MS = 300_000
const STALL_MS = 2000

const [clients = 300, megabytes = 50] = process.argv.slice(2).map(Number)
const root = mkdtempSync(join(tmpdir(), 'mini-docker-classroom-'))
try {
  const layer = await makeImage(megabytes * 1_000_000)
  using server = await startServer()
  const before = rssOf(server.pid, 'VmRSS')
  const began = performance.now()
  const peak = watchMemory(server.pid)
  const results = await Promise.all(
    Array.from({ length: clients }, (_, i) => pull(server.port, layer, i % HASHED_EACH === 0)),
  )
  const seconds = (performance.now() - began) / 1000
  const bytes = results.reduce((sum, one) => sum + one.bytes, 0)
  const firstMs = results.map(({ firstByteMs }) => firstByteMs).toSorted((a, b) => a - b)
  const total = cpuSeconds(server.pid)
  print(
    `${clients} clients, ${(bytes / 1e9).toFixed(2)} GB in ${seconds.toFixed(1)} s: ${(bytes / 1e6 / seconds).toFixed(0)} MB/s`,
  )
  print(
    `first byte: median ${firstMs[Math.trunc(clients / 2)]?.toFixed(0)} ms, slowest ${firstMs.at(-1)?.toFixed(0)} ms`,
  )
  print(`server: ${before} MB before, ${peak()} MB at most, ${total.toFixed(1)} s of CPU`)
  const stalled = await stall(server.port, layer)
  print(`with ${clients} clients that have stopped reading: ${rssOf(server.pid, 'VmRSS')} MB`)
  for (const socket of stalled) socket.destroy()
} finally {
  rmSync(root, { recursive: true, force: true })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A layer that does not compress; what is in it does not matter, since nobody unpacks it. */
async function makeImage(bytes: number): Promise<Digest> {
  const store = await ImageStore.open(root)
  const layer = randomBytes(bytes)
  const digest = digestOf(layer)
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digest] } }),
  )
  const describe = (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  })
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: describe(OCI_CONFIG, config),
      layers: [describe(OCI_LAYER, layer)],
    }),
  )
  await store.adding(async () => {
    for (const blob of [layer, config, manifest]) await store.ingestBlob(blob)
    await store.add(describe(OCI_MANIFEST, manifest), [parseReference('class')])
  })
  return digest
}

async function startServer(): Promise<Disposable & { port: number; pid: number }> {
  const main = join(import.meta.dirname, '../packages/mini-docker/src/main.ts')
  const args = [main, 'class', 'serve', '-q', '--root', root, '--listen', '127.0.0.1:0']
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const port = Number(/:(\d+)\s*$/.exec(line.toString())?.[1])
  return { port, pid: child.pid!, [Symbol.dispose]: () => void child.kill('SIGTERM') }
}

type Pulled = { bytes: number; firstByteMs: number }

/** Manifest, then layer, on one connection, as it comes. */
async function pull(port: number, layer: Digest, hashed: boolean): Promise<Pulled> {
  const began = performance.now()
  const socket = connect({ host: '127.0.0.1', port })
  const timer = setTimeout(() => socket.destroy(new Error('a pull took too long')), PATIENCE_MS)
  socket.write(`GET /v2/class/manifests/latest HTTP/1.1\r\nHost: class\r\n\r\n`)
  await once(socket, 'readable')
  const firstByteMs = performance.now() - began
  socket.read()
  socket.write(`GET /v2/class/blobs/${layer} HTTP/1.1\r\nHost: class\r\nConnection: close\r\n\r\n`)
  const hash = createHash('sha256')
  let body = -1
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const part = body === -1 ? chunk.subarray(chunk.indexOf('\r\n\r\n') + 4) : chunk
    body = Math.max(body, 0) + part.length
    if (hashed) hash.update(part)
  }
  clearTimeout(timer)
  if (body !== megabytes * 1_000_000) throw new Error(`a client got ${body} bytes`)
  if (hashed && `sha256:${hash.digest('hex')}` !== layer) throw new Error('a client got other bytes')
  return { bytes: body, firstByteMs }
}

/** Clients that ask for the layer, and read nothing of it. */
async function stall(port: number, layer: Digest): Promise<Socket[]> {
  const sockets = Array.from({ length: clients }, () => connect({ host: '127.0.0.1', port }).pause())
  for (const socket of sockets) socket.write(`GET /v2/class/blobs/${layer} HTTP/1.1\r\nHost: class\r\n\r\n`)
  await sleep(STALL_MS)
  return sockets
}

function watchMemory(pid: number): () => number {
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, rssOf(pid, 'VmRSS'))), SAMPLE_MS)
  return () => {
    clearInterval(timer)
    return Math.max(peak, rssOf(pid, 'VmHWM'))
  }
}

/** Of /proc/PID/status, in MB. */
function rssOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round((Number(kib) * 1024) / 1e6)
}

/** User and system time, from /proc/PID/stat, in clock ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

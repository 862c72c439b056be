/** A store with some images, served on loopback for one test. */
import { get, type IncomingHttpHeaders } from 'node:http'
import type { Digest } from '../../src/digest.ts'
import { parseName, parseReference } from '../../src/reference.ts'
import type { Descriptor } from '../../src/schema.ts'
import { ImageServer, type ServeOptions } from '../../src/serve/index.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { collect, type TestImage } from './archives.ts'

/** Puts an image into a store under names, which may have digests. */
export async function put(store: ImageStore, one: TestImage, ...names: string[]): Promise<void> {
  await store.adding(async () => {
    for (const blob of [...one.layers, one.config, one.manifest]) await store.ingestBlob(blob)
    await store.add(one.descriptor, names.map(parse))
  })
}

function parse(name: string) {
  return name.includes('@') ? parseName(name) : parseReference(name)
}

export type Reply = { status: number; headers: IncomingHttpHeaders; body: Buffer }

export type Served = AsyncDisposable & {
  server: ImageServer
  /** `127.0.0.1:PORT` */
  host: string
  ask: (path: string, options?: { method?: string; headers?: Record<string, string> }) => Promise<Reply>
  /** The code of the OCI error that a path is refused with, and its status. */
  refusal: (path: string, options?: { method?: string; headers?: Record<string, string> }) => Promise<[number, string]>
}

export async function serve(store: ImageStore, options: Partial<ServeOptions> = {}): Promise<Served> {
  const server = await ImageServer.listen(store, { host: '127.0.0.1', port: 0, ...options })
  const host = `127.0.0.1:${server.port}`
  const ask: Served['ask'] = (path, options) => fetchRaw(`http://${host}`, path, options)
  return {
    server,
    host,
    ask,
    async refusal(path, options) {
      const { status, body, headers } = await ask(path, options)
      if (headers['content-type'] !== 'application/json') throw new Error(`${path} is refused without JSON`)
      const { errors } = JSON.parse(body.toString()) as { errors: { code: string; message: string }[] }
      if (errors.length !== 1 || !/\S/.test(errors[0]?.message ?? '')) throw new Error(`${path}: ${body.toString()}`)
      return [status, errors[0]?.code ?? '']
    },
    [Symbol.asyncDispose]: () => server.stop(100),
  }
}

/** Sends the path as it is: fetch() would tidy it up. */
function fetchRaw(origin: string, path: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const request = get(origin, { path, agent: false, ...options }, (response) => {
    collect(response).then(
      (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      reject,
    )
  })
  request.on('error', reject)
  return promise
}

/** An artifact that speaks of a manifest: a signature, say. */
export function artifact(subject: Descriptor, config: Descriptor, layer: Descriptor, artifactType?: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      ...(artifactType !== undefined && { artifactType }),
      config,
      layers: [layer],
      subject,
      annotations: { 'org.example.signed': 'yes' },
    }),
  )
}

export function pathOf(name: string, kind: 'blobs' | 'manifests', digest: Digest | string): string {
  return `/v2/${name}/${kind}/${digest}`
}

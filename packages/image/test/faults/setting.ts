/** A registry with an image in it, a fault proxy before it, an empty store: what a test of a pull begins with. */
import {
  FaultProxy,
  putContent,
  Registry,
  type Content,
  type Fault,
  type ProxiedRequest,
  type RegistryOptions,
} from '../../../../test/harness/registry/index.ts'
import type { ImageStore } from '../../src/store/store.ts'
import { argumentsFor, type ProgramArguments } from './program.ts'
import { freshStore } from './pull.ts'

export const NEEDS = ['root', 'docker-registry', 'openssl', 'htpasswd', 'skopeo', 'umoci']

/** A request for a blob, as the proxy writes it. */
export const BLOB = /^GET .*\/blobs\//

export type Setting = AsyncDisposable & {
  registry: Registry
  proxy: FaultProxy
  store: ImageStore
  /** The image, asked for through the proxy. */
  name: string
  /** The same for a pull in another process. */
  program: ProgramArguments
  blobs(): ProxiedRequest[]
  /** Bytes of blobs that went to clients. */
  blobBytes(): number
}

export async function setUp(content: Content, faults: Fault[] = [], options: RegistryOptions = {}): Promise<Setting> {
  await using stack = new AsyncDisposableStack()
  const registry = stack.use(await Registry.start(options))
  const proxy = stack.use(await FaultProxy.start(registry))
  await putContent(registry, 'team/app', '1', content)
  proxy.faults = faults
  const store = await freshStore()
  const name = `${proxy.host}/team/app:1`
  const blobs = () => proxy.matching(BLOB)
  const kept = stack.move()
  return {
    registry,
    proxy,
    store,
    name,
    program: argumentsFor(registry, store.root, name),
    blobs,
    blobBytes: () => blobs().reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Bytes of all blobs of an image. */
export function bytesOf(content: Content): number {
  return content.blobs.reduce((sum, { length }) => sum + length, 0)
}

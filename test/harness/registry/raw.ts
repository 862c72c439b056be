/**
 * Requests to a registry with nothing clever: what the tests put into it or look up behind the back of the code they test. A
 * manifest goes up as it is, right or wrong.
 */
import { createHash } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { readFileSync } from 'node:fs'
import type { Registry } from './registry.ts'
import { SERVICE } from './token-server.ts'

export type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer }
export type Asked = { headers?: Record<string, string>; body?: Uint8Array | string }

/** One request as the registry's user; `path` begins with /v2/. Any status is an answer. */
export async function request(registry: Registry, method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const authorization = await authorizationFor(registry, path)
  const headers = { ...(authorization !== undefined && { Authorization: authorization }), ...asked.headers }
  return await send(registry, method, new URL(path, registry.url), { ...asked, headers })
}

/** Uploads a blob in one piece; does nothing where the repository has it. */
export async function putBlob(registry: Registry, repository: string, bytes: Uint8Array): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const blob = `/v2/${repository}/blobs/${digest}`
  if ((await request(registry, 'HEAD', blob)).status === 200) return digest
  const started = await must(registry, 'POST', `/v2/${repository}/blobs/uploads/`, {}, 202)
  const url = new URL(String(started.headers.location), registry.url)
  url.searchParams.set('digest', digest)
  await must(registry, 'PUT', url.pathname + url.search, { body: bytes, headers: OCTETS }, 201)
  return digest
}

/** `tag` may be a digest. Returns the digest. */
export async function putManifest(
  registry: Registry,
  repository: string,
  tag: string,
  mediaType: string,
  bytes: Uint8Array,
): Promise<string> {
  const headers = { 'Content-Type': mediaType }
  const answer = await must(registry, 'PUT', `/v2/${repository}/manifests/${tag}`, { body: bytes, headers }, 201)
  return String(answer.headers['docker-content-digest'])
}

/** The manifest that it serves under a tag or digest. */
export async function getManifest(registry: Registry, repository: string, tag: string): Promise<Answer> {
  return await must(registry, 'GET', `/v2/${repository}/manifests/${tag}`, { headers: { Accept: ALL_MANIFESTS } }, 200)
}

const OCTETS = { 'Content-Type': 'application/octet-stream' }
const ALL_MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

async function must(registry: Registry, method: string, path: string, asked: Asked, status: number): Promise<Answer> {
  const answer = await request(registry, method, path, asked)
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`)
  return answer
}

async function authorizationFor(registry: Registry, path: string): Promise<string | undefined> {
  const { credentials, tokens } = registry
  if (credentials === undefined) return undefined
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
  if (tokens === undefined) return basic
  const repository = /^\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(path)?.[1]
  const url = new URL(tokens.url)
  url.searchParams.set('service', SERVICE)
  url.searchParams.set(
    'scope',
    repository === undefined ? 'registry:catalog:*' : `repository:${repository}:pull,push,delete`,
  )
  const { body } = await send(registry, 'GET', url, { headers: { Authorization: basic } })
  // Not among what the tests count.
  tokens.requests.pop()
  return `Bearer ${(JSON.parse(body.toString()) as { token: string }).token}`
}

function send(registry: Registry, method: string, url: URL, { headers, body }: Asked): Promise<Answer> {
  const secure = url.protocol === 'https:'
  const ca = registry.certificates && readFileSync(registry.certificates.ca)
  return new Promise((resolve, reject) => {
    const sent = (secure ? httpsRequest : httpRequest)(url, { method, agent: false, ca, ...(headers && { headers }) })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    sent.end(body)
  })
}

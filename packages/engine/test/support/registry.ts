/** What the tests of pulls and pushes share: requests with a name at a registry, and answers that are lines of JSON. */
import type { Api, Answer } from './api.ts'

export type Line = {
  status?: string
  id?: string
  progressDetail?: { current?: number; total?: number }
  progress?: string
  error?: string
  errorDetail?: { message: string; hint?: string }
  aux?: { Tag: string; Digest: string; Size: number }
  trace?: Record<string, unknown> & { id: string; method: string; url: string }
}
export type Lines = Answer & { lines: Line[] }

export const ANONYMOUS = { 'X-Registry-Auth': 'e30=' }

export function auth(credentials: object | undefined): Record<string, string> {
  return { 'X-Registry-Auth': Buffer.from(JSON.stringify(credentials ?? {})).toString('base64url') }
}

export type PullOptions = { platform?: string; headers?: object; path?: string }

/** `pull(docker, '127.0.0.1:5000/team/app:1.0')`, or `…@sha256:…`; without either all tags. */
export async function pull(docker: Api, name: string, options: PullOptions = {}): Promise<Lines> {
  const { platform = '', headers = ANONYMOUS, path = '/images/create' } = options
  const { image = '', tag, digest } = /^(?<image>.*?)(?::(?<tag>[^:/@]+)|@(?<digest>.+))?$/.exec(name)?.groups ?? {}
  const query = new URLSearchParams({
    fromImage: image,
    tag: digest ?? tag ?? '',
    ...(platform !== '' && { platform }),
  })
  return linesOf(await docker.request('POST', `${path}?${query.toString()}`, undefined, headers))
}

export async function push(docker: Api, name: string, headers: object = ANONYMOUS): Promise<Lines> {
  const [, image = '', tag = ''] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? []
  return linesOf(await docker.request('POST', `/images/${image}/push?tag=${tag}`, undefined, headers))
}

function linesOf(answer: Answer): Lines {
  const { text, status } = answer
  const lines =
    status === 200
      ? text
          .split('\r\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Line)
      : []
  return { ...answer, lines }
}

/** The lines without those that only show how far something is: these differ each time. */
export function steady({ lines }: Lines): string[] {
  return lines
    .filter(({ progressDetail, trace }) => progressDetail?.current === undefined && trace === undefined)
    .map(({ status, id, error, aux }) => error ?? (aux ? JSON.stringify(aux) : id ? `${id}: ${status}` : `${status}`))
}

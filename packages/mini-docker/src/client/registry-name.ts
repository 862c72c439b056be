/** Which registry an image or a search term belongs to, under the names that docker's config.json has. */
import { serverOf } from '@mini-docker/image/credentials/server'
import { parseImageName, type ImageName } from '../create/reference.ts'

/** The server whose credentials an image needs: a host, or Docker Hub's key. */
export function serverOfImage({ domain }: ImageName): string {
  return serverOf(domain)
}

/** The same for what `search` is given: `TERM` or `HOST/TERM`. */
export function serverOfTerm(term: string): string {
  const slash = term.indexOf('/')
  const host = term.slice(0, Math.max(slash, 0))
  return serverOf(/[.:]/.test(host) || host === 'localhost' ? host : '')
}

/** A name with its parts: what the daemon is asked for, and what the user is told. */
export type WantedImage = {
  name: ImageName
  /** `docker.io/library/busybox` */
  repository: string
  /** What the API calls the tag: a tag, or a digest; undefined for all tags. */
  tag: string | undefined
  /** The whole name. */
  text: string
  /** Whether `latest` was put in. */
  defaulted: boolean
}

/** Reads the name that pull and push are given. Throws docker's `invalid reference format…` and `tag can't be used…`. */
export function wantedImage(text: string, options: { allTags: boolean }): WantedImage {
  const name = parseImageName(text)
  const repository = `${name.domain}/${name.path}`
  const isBare = name.tag === undefined && name.digest === undefined
  if (options.allTags) {
    if (!isBare) throw new Error("tag can't be used with --all-tags/-a")
    return { name, repository, tag: undefined, text: repository, defaulted: false }
  }
  const tag = isBare ? 'latest' : name.tag
  const whole = `${repository}${tag === undefined ? '' : `:${tag}`}${name.digest === undefined ? '' : `@${name.digest}`}`
  return { name, repository, tag: name.digest ?? tag, text: whole, defaulted: isBare }
}

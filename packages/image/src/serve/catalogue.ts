/**
 * The repositories of a store, as a registry has them. A registry's names know no domain, a store's do:
 *
 *   in the store                     asked for as
 *   docker.io/library/alpine:3.20    alpine, library/alpine, and library/alpine?ns=docker.io (a mirror of docker.io)
 *   docker.io/team/app:1             team/app
 *   ghcr.io/team/app:1               ghcr.io/team/app, and team/app?ns=ghcr.io
 *   localhost:5000/app:1             app?ns=localhost:5000 only: a registry's names have no colon
 *
 * A catalogue is the state of one moment. See distribution-spec, "Pull"; `ns` is containerd's (docs/hosts.md there).
 */
import type { Digest } from '../digest.ts'
import { formatRepository, type Reference } from '../reference.ts'
import type { Descriptor } from '../schema.ts'
import { IndexFile } from '../store/index-file.ts'
import { nameOf } from '../store/names.ts'
import { StorePaths } from '../store/paths.ts'
import type { ImageStore } from '../store/store.ts'
import { Documents, reach, type Reached } from './reach.ts'

/** What a registry takes as a name: distribution-spec, "Pulling manifests". */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const NAME_MAX = 255
const DOCKER = 'docker.io'
const OFFICIAL = 'library/'

export function isName(name: string): boolean {
  return name.length <= NAME_MAX && NAME.test(name)
}

/** All images of one name. */
export class Repository {
  readonly domain: string
  readonly path: string
  /** Sorted by their bytes, as lists of tags are. */
  readonly tags: ReadonlyMap<string, Descriptor>
  /** By which digest an image was pulled, and what the store has of it: maybe one platform's image of an index. */
  readonly pulledAs: ReadonlyMap<Digest, Descriptor>
  readonly #reach: () => Map<Digest, Reached>
  #reached: Map<Digest, Reached> | undefined

  constructor(named: readonly Named[], reach: () => Map<Digest, Reached>) {
    const [{ name }] = named as [Named]
    this.domain = name.domain
    this.path = name.path
    const tags = named.flatMap(({ name, descriptor }) =>
      name.tag === undefined ? [] : [[name.tag, descriptor] as const],
    )
    this.tags = new Map(tags.toSorted(([a], [b]) => byBytes(a, b)))
    this.pulledAs = new Map(
      named.flatMap(({ name, descriptor }) => (name.digest === undefined ? [] : [[name.digest, descriptor] as const])),
    )
    this.#reach = reach
  }

  /** A tag that leads to this digest: docker asks for the digest, and people mean the tag. */
  tagOf(digest: string): string | undefined {
    return [...this.tags].find(([, descriptor]) => descriptor.digest === digest)?.[0]
  }

  /** All that can be pulled in it: manifests, configs, layers. */
  get reached(): ReadonlyMap<Digest, Reached> {
    return (this.#reached ??= this.#reach())
  }
}

type Named = { name: Reference; descriptor: Descriptor }

/** What is offered at one moment. */
export class Catalogue {
  readonly #repositories: ReadonlyMap<string, Repository>

  constructor(repositories: ReadonlyMap<string, Repository>) {
    this.#repositories = repositories
  }

  /**
   * The repository that a request means. Without `ns`, docker.io comes first: to be its mirror is what most clients ask for, so
   * `ghcr.io/x` of docker.io hides `x` of ghcr.io.
   */
  find(name: string, ns: string | undefined): Repository | undefined {
    if (ns !== undefined && ns !== DOCKER) return this.#repositories.get(`${ns}/${name}`)
    const path = name.includes('/') ? name : `${OFFICIAL}${name}`
    return this.#repositories.get(`${DOCKER}/${path}`) ?? (ns === undefined ? this.#repositories.get(name) : undefined)
  }

  /** Names that can be asked for, sorted. */
  names(ns?: string): string[] {
    return [...this.#repositories.values()]
      .filter(({ domain }) => ns === undefined || domain === ns)
      .flatMap((repository) => this.nameOf(repository, ns) ?? [])
      .toSorted(byBytes)
  }

  /** The shortest name that leads to a repository; undefined where none does without `ns`. */
  nameOf(repository: Repository, ns?: string): string | undefined {
    const { domain, path } = repository
    const short = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path
    const own = domain === DOCKER ? [short, path] : [ns === undefined ? `${domain}/${path}` : path]
    return own.find((name) => isName(name) && this.find(name, ns) === repository)
  }

  /** Every repository, the unreachable ones too. */
  repositories(): Repository[] {
    return [...this.#repositories.values()]
  }
}

/**
 * The catalogue of a store, made anew whenever its list of images has changed, by whomever.
 * `offers` leaves names out; everything is offered by default.
 */
export function catalogueOf(store: ImageStore, offers: (name: Reference) => boolean = () => true): () => Catalogue {
  const index = new IndexFile(new StorePaths(store.root), store.blobs)
  const documents = new Documents((what, { digest }) => store.blobs.read(what, digest))
  let known: { manifests: readonly Descriptor[]; catalogue: Catalogue } | undefined
  return () => {
    const { manifests } = index.read()
    if (known?.manifests !== manifests) known = { manifests, catalogue: read(manifests, documents, offers) }
    return known.catalogue
  }
}

function read(manifests: readonly Descriptor[], documents: Documents, offers: (name: Reference) => boolean): Catalogue {
  const all = manifests.map((descriptor) => ({ name: nameOf(descriptor), descriptor }))
  const named = all.filter((one): one is Named => one.name !== undefined && offers(one.name))
  const loose = all.filter(({ name }) => name === undefined).map(({ descriptor }) => descriptor)
  const groups = Map.groupBy(named, ({ name }) => formatRepository(name))
  return new Catalogue(
    new Map(
      [...groups].map(([key, group]) => {
        const roots = group.map(({ descriptor }) => descriptor)
        return [key, new Repository(group, () => reach(documents, roots, loose))]
      }),
    ),
  )
}

/** As the spec wants lists: "ASCIIbetical". */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

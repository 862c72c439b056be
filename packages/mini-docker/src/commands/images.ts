/** `images`: the images of the store, one line per name. */
import { formatFilters } from '../client/engine.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { FILTER, FORMAT, NO_TRUNC } from '../cli/common-flags.ts'
import { formatRows } from '../format/rows.ts'
import { goTime, humanDuration, humanSize, shortId } from '../format/units.ts'
import { Row } from '../template/values.ts'

export type ImageSummary = {
  Id: string
  Created: number
  RepoTags: string[] | null
  RepoDigests: string[] | null
  Size: number
  SharedSize: number
  VirtualSize?: number
  Containers: number
}

export const IMAGE_TITLES = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
  VirtualSize: 'SIZE',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
}

export const command: Command = {
  name: 'images',
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  about: 'List images',
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Show all images (default hides intermediate images)' },
    { name: 'digests', kind: 'bool', help: 'Show digests' },
    FILTER,
    FORMAT,
    NO_TRUNC,
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Only show image IDs' },
    {
      name: 'tree',
      kind: 'bool',
      help: '',
      notBuilt: 'the store keeps images of one platform; image tree IMAGE shows layers',
    },
  ],
  words: { atMost: 1 },
  async run(flags, [name], terminal) {
    const filters = [...flags.list('filter'), ...(name === undefined ? [] : [`reference=${name}`])]
    const images = await openEngine(terminal).json<ImageSummary[]>('GET', '/images/json', {
      query: { all: flags.bool('all'), filters: formatFilters(filters) },
    })
    const digests = flags.bool('digests') || /\bDigest\b/.test(flags.string('format') ?? '')
    const rows = images.flatMap((image) => imageRows(image, { truncate: !flags.bool('no-trunc'), digests }))
    const columns = ['Repository', 'Tag', ...(flags.bool('digests') ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size']
    const quiet = flags.bool('quiet') ? 'ID' : undefined
    terminal.out(await formatRows({ rows, columns, titles: IMAGE_TITLES }, flags.string('format'), quiet))
  },
}

/** One row per tag (with digests shown: per tag and digest), one for an image without any name. */
export function imageRows(image: ImageSummary, options: { truncate: boolean; digests: boolean }): Row[] {
  return imageNames(image, options.digests).map(([repository, tag, digest]) =>
    imageRow(image, repository, tag, digest, options.truncate),
  )
}

type Name = [repository: string, tag: string, digest: string]

function imageNames(image: ImageSummary, withDigests: boolean): Name[] {
  const tags = (image.RepoTags ?? []).filter((name) => name !== '<none>:<none>')
  const digests = (image.RepoDigests ?? []).filter((name) => name !== '<none>@<none>')
  if (tags.length === 0 && digests.length === 0) return [['<none>', '<none>', '<none>']]
  const digestsOf = (repository: string) =>
    digests.filter((name) => name.startsWith(`${repository}@`)).map((name) => name.slice(repository.length + 1))
  const tagged = tags.flatMap((name): Name[] => {
    const colon = name.lastIndexOf(':')
    const [repository, tag] = [name.slice(0, colon), name.slice(colon + 1)]
    const own = withDigests ? digestsOf(repository) : []
    return own.length === 0 ? [[repository, tag, '<none>']] : own.map((digest): Name => [repository, tag, digest])
  })
  const repositories = new Set(tagged.map(([repository]) => repository))
  const untagged = digests
    .map((name) => name.split('@') as [string, string])
    .filter(([repository]) => !repositories.has(repository))
    .map(([repository, digest]): Name => [repository, '<none>', withDigests ? digest : '<none>'])
  return [
    ...tagged,
    ...(withDigests
      ? untagged
      : untagged.filter(([name], index) => untagged.findIndex(([other]) => other === name) === index)),
  ]
}

function imageRow(image: ImageSummary, repository: string, tag: string, digest: string, truncate: boolean): Row {
  const orUnknown = (bytes: number, shown: number) => (bytes < 0 ? 'N/A' : humanSize(shown))
  return new Row('*formatter.imageContext', {
    ID: () => (truncate ? shortId(image.Id) : image.Id),
    Repository: () => repository,
    Tag: () => tag,
    Digest: () => digest,
    CreatedSince: () => `${humanDuration(Math.trunc(Date.now() / 1000) - image.Created)} ago`,
    CreatedAt: () => goTime(image.Created),
    Size: () => humanSize(image.Size, 3),
    Containers: () => (image.Containers < 0 ? 'N/A' : String(image.Containers)),
    VirtualSize: () => humanSize(image.Size),
    SharedSize: () => orUnknown(image.SharedSize, image.SharedSize),
    UniqueSize: () => orUnknown(image.SharedSize, image.Size - image.SharedSize),
  })
}

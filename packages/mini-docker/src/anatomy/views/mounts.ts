/** The mount table, the root taken apart into the layers of the image. */
import { overlayOf, propagationOf, type MountFact } from '@mini-docker/facts'
import { columnsOf } from '../../format/width.ts'
import type { Row } from '../../tui/shared/pieces.ts'
import { padded, shortIds, shortPath, type View } from '../view.ts'
import { layersOf } from '../layers.ts'
import type { Subject } from '../subject.ts'
import type { Words } from '../words.ts'

/** A host has hundreds of mounts; a container thirty. */
const MOST = 60

export function mountRows({ anatomy, container }: Subject, words: Words, width: number): View {
  const { pid, mounts } = anatomy
  const shown = mounts.slice(0, MOST)
  const points = Math.min(Math.max(...shown.map(({ point }) => columnsOf(point)), 4), Math.floor(width / 3))
  const types = Math.min(Math.max(...shown.map(({ type }) => columnsOf(type)), 4), 10)
  const rows = shown.flatMap((mount): Row[] => [
    mountRow(mount, originOf(mount, mounts, words), points, types, width),
    ...layerRows(mount, container?.layers ?? [], words, width),
  ])
  if (mounts.length > MOST) rows.push([{ text: words.more(mounts.length - MOST), dim: true }])
  return { rows, sources: [`/proc/${pid}/mountinfo`, ...(container === undefined ? [] : [container.source])] }
}

function mountRow(mount: MountFact, origin: string | undefined, points: number, types: number, width: number): Row {
  const { point, type, options } = mount
  const writable = options.includes('rw')
  const propagation = propagationOf(mount)
  const rest = [
    ...options.filter((option) => option !== 'rw' && option !== 'ro' && option !== 'relatime'),
    ...(propagation === 'private' ? [] : [propagation.replaceAll(' ', ',')]),
  ].join(',')
  const left: Row = [
    { text: padded(shortPath(point, points), points), bold: point === '/' },
    ' ',
    { text: padded(type, types), color: type === 'overlay' ? 'cyan' : 'blue' },
    ' ',
    { text: writable ? 'rw' : 'ro', color: writable ? 'green' : 'yellow' },
    ' ',
  ]
  const room = width - points - types - 5
  const shown = origin === undefined ? '' : shortPath(origin, Math.max(12, room))
  return [...left, shown, { text: shown === '' ? rest : `  ${rest}`, dim: true }]
}

/** Of a bind mount, what it shows: a place in here, or a directory of the host. */
function originOf({ root, device, type }: MountFact, mounts: readonly MountFact[], words: Words): string | undefined {
  if (root === '/' || type.startsWith('cgroup')) return undefined
  const whole = mounts.find((other) => other.device === device && other.root === '/')
  return whole === undefined ? `${words.bind} ${root}` : `= ${whole.point === '/' ? '' : whole.point}${root}`
}

function layerRows(mount: MountFact, diffIds: readonly string[], words: Words, width: number): Row[] {
  const overlay = overlayOf(mount)
  if (overlay === undefined) return []
  const layers = layersOf(overlay, diffIds)
  const titles = [
    words.upper,
    ...layers.map(({ number }) => (number === undefined ? words.otherLayer : words.layer(number, diffIds.length))),
  ]
  const wide = Math.max(...titles.map(columnsOf)) + 1
  const all = [
    ...(overlay.upper === undefined ? [] : [{ title: words.upper, path: overlay.upper, diffId: undefined }]),
    ...layers.map(({ number, path, diffId }) => ({
      title: number === undefined ? words.otherLayer : words.layer(number, diffIds.length),
      path,
      diffId,
    })),
  ]
  return all.map(({ title, path, diffId }, i) => {
    const digest = diffId === undefined ? '' : `${shortIds(diffId)} `
    const room = width - 5 - wide - columnsOf(digest)
    return [
      { text: `  ${i === all.length - 1 ? '└─' : '├─'} `, dim: true },
      { text: padded(title, wide), ...(title === words.upper ? { color: 'green' } : {}) },
      { text: digest, color: 'cyan' },
      { text: shortPath(path, Math.max(8, room)), dim: true },
    ]
  })
}

/** An image as its layers: what made each, how large it is, as a bar; from `GET /images/{name}/history`, newest first. */
import { fillStart } from '@mini-docker/image/inspect'
import { humanSize } from '../../../format/units.ts'
import { clip, columnsOf } from '../../../format/width.ts'
import { bar } from '../../shared/chart.ts'
import type { Row } from '../../shared/pieces.ts'
import { age } from '../durations.ts'
import { harmlessText } from '../harmless.ts'
import type { UiState } from '../state.ts'
import { themeOf } from '../themes.ts'
import { WORDS } from '../words.ts'

type Layer = { Created?: number; CreatedBy?: string; Size?: number; Tags?: string[] | null; Comment?: string }

const BAR = 12

export function layerRows(state: UiState, columns: number): Row[] {
  const layers = Array.isArray(state.detail.data) ? (state.detail.data as Layer[]) : []
  if (layers.length === 0) return []
  const words = WORDS[state.language].layers
  const theme = themeOf(state.theme)
  const most = Math.max(1, ...layers.map(({ Size = 0 }) => Size))
  const total = layers.reduce((sum, { Size = 0 }) => sum + Size, 0)
  const withBar = columns >= 60
  const rows = layers.map((layer, i): Row => {
    const size = layer.Size ?? 0
    return [
      { text: `${fillStart(String(layers.length - i), 3)} `, ...theme.muted },
      { text: fillStart(humanSize(size, 3), 8), ...(size === 0 ? theme.muted : {}) },
      withBar ? { text: ` ${size === 0 ? ' '.repeat(BAR) : bar(size / most, BAR)} `, ...theme.series[0] } : ' ',
      {
        text: withBar ? fillEnd(clip(age(layer.Created ?? 0, state.now, state.language), 14), 15) : '',
        ...theme.muted,
      },
      instruction(layer.CreatedBy ?? layer.Comment ?? ''),
    ]
  })
  return [
    [
      {
        text: ` #  ${fillStart(words.size, 8)}${withBar ? `${' '.repeat(BAR + 2)}${fillEnd(words.age, 15)}` : ' '}${words.instruction}`,
        ...theme.title,
      },
    ],
    ...rows,
    [],
    [
      { text: `    ${fillStart(humanSize(total, 3), 8)} `, ...theme.title },
      words.total,
      { text: `    ${words.hint}`, ...theme.muted },
    ],
  ]
}

/** As it stands in the Dockerfile, not as a shell is told. */
function instruction(createdBy: string): string {
  return harmlessText(createdBy)
    .replace(/^\/bin\/sh -c #\(nop\)\s+/, '')
    .replace(/^(?:RUN )?\/bin\/sh -c /, 'RUN ')
    .replace(/\s+# buildkit$/, '')
    .replace(/\s{2,}/g, ' ')
}

function fillEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

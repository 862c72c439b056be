/** Below: what is stored and never seen, the worst first. */
import {
  describeLayers,
  describePercent,
  fill,
  fillStart,
  formatSize,
  printable,
  type Waste,
} from '@mini-docker/image/inspect'
import type { ReactNode } from 'react'
import type { Layout } from '../layout.ts'
import type { ScreenState } from '../state.ts'
import { SCREEN_WORDS } from '../words.ts'
import type { Piece } from '../shared/pieces.ts'
import { Pane } from '../shared/pane.tsx'

export function WastedPane({ state, layout }: { state: ScreenState; layout: Layout }): ReactNode {
  const words = SCREEN_WORDS[state.language]
  const { totals } = state
  const title =
    totals === undefined
      ? '…'
      : totals.wastedBytes === 0
        ? words.nothingWasted
        : words.wasted(formatSize(totals.wastedBytes), describePercent(totals.efficiency))
  const line = ({ bytes, copies, storedIn, hiddenBy, path }: Waste): Piece[] => [
    { text: fillStart(formatSize(bytes), 7), color: 'red' },
    ` ${fillStart(`${copies}x`, 6)}  `,
    { text: `${fill(`${describeLayers(storedIn)} < ${describeLayers(hiddenBy)}`, 9)}  `, dim: true },
    `/${printable(path)}`,
  ]
  return (
    <Pane
      title={title}
      width={layout.columns}
      height={layout.wastedRows}
      colors={state.colors}
      focused={state.pane === 'wasted'}
      position={state.positions.wasted}
      items={totals?.wasted ?? []}
      line={line}
      empty=""
    />
  )
}

/** Left: the layers, bottom first, each with its size and the instruction that made it. */
import { describeChanges, describeInstruction, fillStart, formatSize } from '@mini-docker/image/inspect'
import type { ReactNode } from 'react'
import type { Layout } from '../layout.ts'
import type { LayerState, ScreenState } from '../state.ts'
import { SCREEN_WORDS } from '../words.ts'
import type { Piece } from '../shared/pieces.ts'
import { Pane } from '../shared/pane.tsx'

export function LayersPane({ state, layout }: { state: ScreenState; layout: Layout }): ReactNode {
  const words = SCREEN_WORDS[state.language]
  const numberColumns = String(state.layers.length).length
  const line = ({ head, counts }: LayerState, index: number): Piece[] => [
    { text: fillStart(String(index + 1), numberColumns), bold: true },
    fillStart(counts === undefined ? formatSize(head.size) : formatSize(counts.bytes), 8),
    '  ',
    ...(layout.layerColumns >= 50
      ? [{ text: (counts === undefined ? '…' : describeChanges(counts)).padEnd(14), dim: true }]
      : []),
    describeInstruction(head.createdBy) || words.unknownInstruction,
  ]
  return (
    <Pane
      title={words.layers}
      width={layout.layerColumns}
      height={layout.bodyRows}
      colors={state.colors}
      focused={state.pane === 'layers'}
      position={state.positions.layers}
      items={state.layers}
      line={line}
      empty=""
    />
  )
}

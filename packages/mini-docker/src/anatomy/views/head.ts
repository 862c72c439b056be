/** Who it is. */
import type { Words } from '../words.ts'
import type { Subject } from '../subject.ts'
import { fitRow, type Row } from '../../tui/shared/pieces.ts'
import { padded, paragraph } from '../view.ts'
import { columnsOf } from '../../format/width.ts'
import { printableLine } from '../../format/printable.ts'

export function headRows({ anatomy, container }: Subject, words: Words, width: number): Row[] {
  const { pid, command, status, hostname, places } = anatomy
  const title = Math.max(columnsOf(words.process), columnsOf(words.hostname)) + 2
  const line = printableLine(command.join(' ')) || `[${status.name}]`
  const first: Row =
    container === undefined
      ? [{ text: `pid ${pid}`, bold: true, color: 'green' }, `  ${status.name}`]
      : [
          { text: container.name, bold: true, color: 'green' },
          `  ${container.image}`,
          { text: `  ${container.engine} ${container.id.slice(0, 12)}`, dim: true },
        ]
  return [
    fitRow(first, width),
    ...paragraph(words.process, title, `${pid}  ${line}`, width),
    ...(places.exe === undefined
      ? []
      : [[{ text: padded('exe', title), dim: true }, `${places.exe}  (cwd ${places.cwd ?? '?'})`]]),
    ...(hostname === undefined ? [] : [[{ text: padded(words.hostname, title), dim: true }, printableLine(hostname)]]),
  ]
}

/** Where progress is shown, as docker's client does: redrawn in place on a terminal, a line per status elsewhere. */
import type { Terminal } from '../../cli/terminal.ts'
import { printableLine, printableText } from '../../format/printable.ts'
import { ProgressBlock } from './block.ts'
import type { ProgressMessage } from './message.ts'

export type Display = Disposable & { show: (message: ProgressMessage) => void }

/** `inPlace` false: nothing is redrawn on a terminal either. Disposing leaves what was shown last. */
export function openDisplay(
  terminal: Terminal,
  on: 1 | 2,
  { quiet, inPlace }: { quiet: boolean; inPlace: boolean },
): Display {
  const write = on === 1 ? terminal.out : terminal.err
  if (quiet) return { show() {}, [Symbol.dispose]() {} }
  if (!inPlace || !terminal.isTty(on) || terminal.env['TERM'] === 'dumb') {
    return { show: (message) => write(plainLine(message)), [Symbol.dispose]() {} }
  }
  const block = new ProgressBlock(write, () => sizeOf(terminal, on))
  return {
    show(message) {
      const { id = '' } = message
      if (id !== '' && isProgress(message)) return block.update(id, message)
      block.end()
      return write(textOf(message))
    },
    [Symbol.dispose]: () => block.end(),
  }
}

/** A terminal that does not know its size (a serial line) is taken for a small one. */
function sizeOf(terminal: Terminal, on: 1 | 2): { rows: number; columns: number } {
  const size = terminal.size(on)
  return { rows: size?.rows || 24, columns: size?.columns || 80 }
}

function isProgress({ progressDetail, progress }: ProgressMessage): boolean {
  return progressDetail !== undefined || (progress !== undefined && progress !== '')
}

/** Where nothing can be redrawn, what only counts further is left out. */
function plainLine(message: ProgressMessage): string {
  const { progress = '', progressDetail: { current = 0, total = 0 } = {} } = message
  return current > 0 || total > 0 || progress !== '' ? '' : textOf(message)
}

function textOf({ stream = '', id = '', status = '' }: ProgressMessage): string {
  const head = id === '' ? '' : `${printableLine(id)}: `
  return stream === '' ? `${head}${printableLine(status)}\n` : `${head}${printableText(stream)}`
}

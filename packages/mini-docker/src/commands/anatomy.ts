/** `anatomy`: the cross-section of a running container, of whichever engine, or of any process, as the kernel describes it. */
import { readAnatomy } from '@mini-docker/facts'
import { drawAnatomy } from '../anatomy/draw.ts'
import { findSubject } from '../anatomy/find.ts'
import { layersOfRoot } from '../anatomy/layers.ts'
import { isUtf8, printRows } from '../anatomy/print.ts'
import { SECTION_NAMES, type SectionName, type Subject } from '../anatomy/subject.ts'
import type { Command } from '../cli/command.ts'
import type { Flags } from '../cli/flags.ts'
import type { Terminal } from '../cli/terminal.ts'
import { colorDepthOf } from '../tui/shared/paint.ts'
import { LANG, languageFrom, printLines } from './inspect-image.ts'

const NARROWEST = 60
const WIDEST = 250
/** Of a pipe, which has no width. */
const USUAL = 100

export const command: Command = {
  name: 'anatomy',
  usage: '[OPTIONS] CONTAINER|PID',
  about: 'Draw what the kernel says about a running container or process',
  flags: [
    { name: 'json', kind: 'bool', help: 'Print everything as one JSON object' },
    {
      name: 'section',
      kind: 'list',
      help: `Only this part, may be repeated: ${SECTION_NAMES.join(', ')}`,
      check(text) {
        if (!isSection(text)) throw new Error(`must be one of ${SECTION_NAMES.join(', ')}`)
      },
    },
    {
      name: 'width',
      kind: 'int',
      help: `Columns, from ${NARROWEST} to ${WIDEST} (default: as wide as the terminal)`,
      check(text) {
        if (!(Number(text) >= NARROWEST && Number(text) <= WIDEST))
          throw new Error(`must be between ${NARROWEST} and ${WIDEST}`)
      },
    },
    LANG,
  ],
  words: { exactly: 1 },
  async run(flags, [word = ''], terminal) {
    const { pid, container, names } = await findSubject(word, terminal)
    const anatomy = await readAnatomy(pid)
    const subject: Subject = { anatomy, ...(container !== undefined && { container }), names: await names(anatomy) }
    if (flags.bool('json')) return printLines([JSON.stringify(asJson(subject))], terminal)
    const sections = flags.list('section').filter(isSection)
    const rows = drawAnatomy(subject, {
      width: widthFor(flags, terminal),
      language: languageFrom(flags, terminal),
      ...(sections.length > 0 && { sections }),
    })
    const colors = terminal.isTty(1) ? colorDepthOf(terminal.env) : undefined
    await printLines(printRows(rows, { colors, unicode: isUtf8(terminal.env) }), terminal)
  },
}

/** The facts as they were read, and what only both together tell: which directory is which layer. */
function asJson({ anatomy, container, names }: Subject): object {
  const layers = layersOfRoot(anatomy.mounts, container?.layers ?? [])
  return { ...(container !== undefined && { container }), names, ...(layers !== undefined && { layers }), ...anatomy }
}

function widthFor(flags: Flags, terminal: Terminal): number {
  const columns = flags.int('width') ?? (terminal.size()?.columns || USUAL)
  return Math.max(NARROWEST, Math.min(WIDEST, columns))
}

function isSection(text: string): text is SectionName {
  return (SECTION_NAMES as readonly string[]).includes(text)
}

/** A chapter's page as a test reads it: its commands with what they print, the code it quotes, its links. Pure. */

/** A command of a ```console block, with the lines that stand below it. */
export type Shown = { command: string; output: string[]; line: number }
/** A ```ts file=… block: what it says must stand so in that file. */
export type Quoted = { file: string; text: string; line: number }
export type Page = { commands: Shown[]; quotes: Quoted[]; links: string[] }

type Block = { info: string; lines: string[]; line: number }

export function readPage(markdown: string): Page {
  const blocks = blocksOf(markdown)
  const consoles = blocks.filter(({ info }) => info === 'console')
  const unknown = blocks.find(({ info }) => !/^(?:console|text|(?:ts|sh) file=\S+)$/.test(info))
  if (unknown !== undefined)
    throw new Error(`line ${unknown.line}: a block is console, text, ts file=… or sh file=…, not "${unknown.info}"`)
  return {
    commands: consoles.flatMap(commandsOf),
    quotes: blocks.flatMap(({ info, lines, line }) => {
      const file = /file=(\S+)/.exec(info)?.[1]
      return file === undefined ? [] : [{ file, text: lines.join('\n'), line }]
    }),
    links: [...withoutBlocks(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link),
  }
}

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: Block | undefined
  for (const [index, text] of markdown.split('\n').entries()) {
    if (text.startsWith('```') && open !== undefined) {
      blocks.push(open)
      open = undefined
    } else if (text.startsWith('```')) open = { info: text.slice(3).trim(), lines: [], line: index + 1 }
    else open?.lines.push(text)
  }
  if (open !== undefined) throw new Error(`line ${open.line}: the block has no end`)
  return blocks
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '')
}

/** `# ` begins a command, and a `\` at the end of a line takes the next one in. */
function commandsOf({ lines, line }: Block): Shown[] {
  const commands: Shown[] = []
  let goesOn = false
  for (const [index, text] of lines.entries()) {
    const last = commands.at(-1)
    if (goesOn && last !== undefined) last.command += `\n${text}`
    else if (text.startsWith('# ')) commands.push({ command: text.slice(2), output: [], line: line + index + 1 })
    else if (last === undefined) throw new Error(`line ${line + index + 1}: a console block begins with a command`)
    else last.output.push(text)
    goesOn = text.endsWith('\\') && (goesOn || text.startsWith('# '))
  }
  return commands
}

/**
 * True when `printed` is what the page shows. `…` stands for anything in its line, and alone in a line for any number of lines; long numbers, hexadecimal
 * ids and fractions are different each time and need only be there.
 */
export function matches(shown: readonly string[], printed: string): boolean {
  return new RegExp(`^${shown.map(lineRegex).join('')}$`).test(ensureNewline(printed))
}

function ensureNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function lineRegex(line: string): string {
  if (line.trim() === '…') return '(?:.*\\n)*?'
  const parts = line.split(/(…|\d+\.\d+|\b[0-9a-f]{12,64}\b|\d{4,})/)
  const pattern = parts.map((part, i) => (i % 2 === 0 ? escape(part) : variable(part)))
  return `${pattern.join('')} *\\n`
}

function variable(part: string): string {
  if (part === '…') return '.*'
  if (/^\d+\.\d+$/.test(part)) return '\\d+\\.\\d+'
  return /^\d+$/.test(part) ? '\\d+' : '[0-9a-f]{12,64}'
}

function escape(text: string): string {
  return text.trimEnd() === ''
    ? text.replaceAll(/\s+/g, '\\s+')
    : text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll(/ {2,}/g, ' +')
}

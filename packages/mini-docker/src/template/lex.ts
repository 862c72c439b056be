/** Go's text/template, first stage: the text between actions, and the words inside them. */

/** A word of an action. `at` is its offset in the template, `spaced` whether white space stood before it. */
export type Token = {
  kind: 'name' | 'field' | 'variable' | 'string' | 'number' | 'char' | 'symbol'
  text: string
  at: number
  spaced: boolean
}

/** Text, or an action's words. */
export type Piece = { kind: 'text'; text: string } | { kind: 'action'; tokens: Token[]; at: number }

/** A template that does not parse. The message is Go's. */
export class TemplateSyntaxError extends Error {}

const WORDS =
  /\s+|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<char>'(?:[^'\\\n]|\\.)+')|(?<number>[+-]?(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<variable>\$[\p{L}\p{N}_]*)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<symbol>:=|[=|().,])/uy

/** Cuts a template into pieces. `{{-` and `-}}` trim the white space beside them; comments disappear. */
export function lex(source: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  let trimNext = false
  while (at < source.length) {
    const open = source.indexOf('{{', at)
    const text = open === -1 ? source.slice(at) : source.slice(at, open)
    const trimsLeft = open !== -1 && /^-\s/.test(source.slice(open + 2, open + 4))
    const lead = trimNext ? text.trimStart() : text
    const kept = trimsLeft ? lead.trimEnd() : lead
    if (kept !== '') pieces.push({ kind: 'text', text: kept })
    if (open === -1) break
    const inner = open + (trimsLeft ? 3 : 2)
    const action = lexAction(source, inner)
    if (action.tokens !== undefined) pieces.push({ kind: 'action', tokens: action.tokens, at: inner })
    at = action.end
    trimNext = action.trimsRight
  }
  return pieces
}

type Action = { tokens?: Token[]; end: number; trimsRight: boolean }

function lexAction(source: string, start: number): Action {
  const comment = /^\s*\/\*[\s\S]*?\*\/(?<trim>\s-)?\}\}/.exec(source.slice(start))
  if (comment !== null) return { end: start + comment[0].length, trimsRight: comment.groups?.['trim'] !== undefined }
  const tokens: Token[] = []
  let at = start
  let spaced = true
  for (;;) {
    if (source.startsWith('}}', at)) return { tokens, end: at + 2, trimsRight: false }
    if (/^\s-\}\}/.test(source.slice(at, at + 4))) return { tokens, end: at + 4, trimsRight: true }
    if (spaced && source.startsWith('-}}', at) && at > start) return { tokens, end: at + 3, trimsRight: true }
    if (at >= source.length) throw new TemplateSyntaxError('unclosed action')
    WORDS.lastIndex = at
    const match = WORDS.exec(source)
    if (match === null) throw new TemplateSyntaxError(badWord(source.slice(at)))
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] as
      | Token['kind']
      | undefined
    if (kind !== undefined) tokens.push({ kind, text: match[0], at, spaced })
    spaced = kind === undefined
    at = WORDS.lastIndex
  }
}

function badWord(rest: string): string {
  if (rest.startsWith('"')) return 'unterminated quoted string'
  if (rest.startsWith('`')) return 'unterminated raw quoted string'
  const [first = ''] = rest
  return `unexpected ${JSON.stringify(first)} in operand`
}

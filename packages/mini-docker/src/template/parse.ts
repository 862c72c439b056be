/** Go's text/template, second stage: a tree of text, actions, conditions and loops. */
import { lex, TemplateSyntaxError, type Piece, type Token } from './lex.ts'

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; pipe: Pipe }
  | { kind: 'if' | 'with'; pipe: Pipe; body: Node[]; otherwise: Node[] }
  | { kind: 'range'; pipe: Pipe; names: string[]; body: Node[]; otherwise: Node[] }
  | { kind: 'break' | 'continue' }

/** `$x := a | b 1`: commands, each fed the result of the one before as its last argument. */
export type Pipe = { commands: Operand[][]; declares?: { name: string; assign: boolean } }

/** One operand. `fields` are looked up in it, one after the other. `at` is its offset in the template. */
export type Operand = { at: number; source: string; fields: string[] } & (
  | { kind: 'dot' | 'nil' }
  | { kind: 'variable'; name: string }
  | { kind: 'function'; name: string }
  | { kind: 'literal'; value: string | number | boolean }
  | { kind: 'group'; pipe: Pipe }
)

/** Parses a template; `functions` are the names that may be called. Throws TemplateSyntaxError with Go's words. */
export function parse(source: string, functions: ReadonlySet<string>): Node[] {
  const reader = new Reader(lex(source), functions)
  const { nodes, ended } = reader.nodes([])
  if (ended !== undefined) throw new TemplateSyntaxError(`unexpected {{${ended.word}}}`)
  return nodes
}

type Ended = { word: string; tokens: Token[] }

class Reader {
  readonly #pieces: Piece[]
  readonly #functions: ReadonlySet<string>
  #tokens: Token[] = []
  #variables = ['$']

  constructor(pieces: Piece[], functions: ReadonlySet<string>) {
    this.#pieces = pieces
    this.#functions = functions
  }

  /** Nodes until one of the words `until` (and `end`, `else`), or the end of the template. */
  nodes(path: string[]): { nodes: Node[]; ended?: Ended } {
    const nodes: Node[] = []
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      if (piece.kind === 'text') nodes.push(piece)
      else {
        const [first] = piece.tokens
        if (first?.kind === 'name' && (first.text === 'end' || first.text === 'else')) {
          return { nodes, ended: { word: first.text, tokens: piece.tokens.slice(1) } }
        }
        nodes.push(this.#action(piece.tokens, path))
      }
    }
    if (path.length > 0) throw new TemplateSyntaxError('unexpected EOF')
    return { nodes }
  }

  #action(tokens: Token[], path: string[]): Node {
    this.#tokens = [...tokens]
    const word = tokens[0]?.kind === 'name' ? tokens[0].text : undefined
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        this.#tokens.shift()
        return this.#block(word, path)
      case 'break':
      case 'continue':
        if (!path.includes('range')) throw new TemplateSyntaxError(`{{${word}}} outside {{range}}`)
        return { kind: word }
      case 'define':
      case 'template':
      case 'block':
        throw new TemplateSyntaxError(`{{${word}}} is not built: only one template at a time`)
      default: {
        if (tokens.length === 0) throw new TemplateSyntaxError('missing value for command')
        return { kind: 'print', pipe: this.#pipe(true) }
      }
    }
  }

  #block(kind: 'if' | 'with' | 'range', path: string[]): Node {
    const outer = [...this.#variables]
    const names = kind === 'range' ? this.#rangeNames() : []
    this.#variables.push(...names)
    if (this.#tokens.length === 0) throw new TemplateSyntaxError(`missing value for ${kind}`)
    const pipe = this.#pipe(true)
    const inside = this.nodes([...path, kind])
    let otherwise: Node[] = []
    if (inside.ended?.word === 'else') {
      const { tokens } = inside.ended
      if (tokens[0]?.kind === 'name' && (tokens[0].text === 'if' || tokens[0].text === 'with')) {
        this.#tokens = tokens.slice(1)
        otherwise = [this.#block(tokens[0].text, path)]
      } else {
        const rest = this.nodes([...path, kind])
        if (rest.ended?.word !== 'end') throw new TemplateSyntaxError('expected end; found {{else}}')
        otherwise = rest.nodes
      }
    }
    this.#variables = outer
    if (kind === 'range') return { kind, pipe, names, body: inside.nodes, otherwise }
    return { kind, pipe, body: inside.nodes, otherwise }
  }

  /** `$i, $x :=` of a range. */
  #rangeNames(): string[] {
    const define = this.#tokens.findIndex((token) => token.text === ':=')
    if (define === -1) return []
    const names = this.#tokens
      .splice(0, define + 1)
      .filter((token) => token.kind === 'variable')
      .map((token) => token.text)
    if (names.length > 2) throw new TemplateSyntaxError('too many declarations in range')
    return names
  }

  #pipe(toTheEnd: boolean): Pipe {
    let declares: Pipe['declares']
    const [first, second] = this.#tokens
    if (first?.kind === 'variable' && (second?.text === ':=' || second?.text === '=')) {
      this.#tokens.splice(0, 2)
      declares = { name: first.text, assign: second.text === '=' }
    }
    const commands: Operand[][] = [this.#command()]
    while (this.#tokens[0]?.text === '|') {
      this.#tokens.shift()
      commands.push(this.#command())
    }
    if (declares !== undefined && !declares.assign) this.#variables.push(declares.name)
    const [extra] = this.#tokens
    if (toTheEnd && extra !== undefined) throw new TemplateSyntaxError(`unexpected ${describe(extra)} in command`)
    return declares === undefined ? { commands } : { commands, declares }
  }

  #command(): Operand[] {
    const operands: Operand[] = []
    while (this.#tokens.length > 0 && this.#tokens[0]?.text !== '|' && this.#tokens[0]?.text !== ')')
      operands.push(this.#operand())
    const [first] = operands
    if (first === undefined) throw new TemplateSyntaxError('missing value for command')
    if (operands.length > 1 && (first.kind === 'literal' || first.kind === 'nil')) {
      throw new TemplateSyntaxError(`can't give argument to non-function ${first.source}`)
    }
    return operands
  }

  #operand(): Operand {
    const token = this.#tokens.shift() as Token
    const operand = this.#plainOperand(token)
    // `.A.B` and `$x.A` are one operand; `.A .B` are two.
    for (let next = this.#tokens[0]; next?.kind === 'field' && !next.spaced; next = this.#tokens[0]) {
      if (operand.kind === 'literal' || operand.kind === 'nil')
        throw new TemplateSyntaxError(`unexpected . after term ${JSON.stringify(operand.source)}`)
      operand.fields.push(next.text.slice(1))
      operand.source += next.text
      this.#tokens.shift()
    }
    return operand
  }

  #plainOperand({ kind, text, at }: Token): Operand {
    const base = { at, source: text, fields: [] as string[] }
    switch (kind) {
      case 'field':
        return { ...base, kind: 'dot', fields: [text.slice(1)] }
      case 'variable':
        if (!this.#variables.includes(text)) throw new TemplateSyntaxError(`undefined variable "${text}"`)
        return { ...base, kind: 'variable', name: text }
      case 'string':
        return { ...base, kind: 'literal', value: unquote(text) }
      case 'char':
        return { ...base, kind: 'literal', value: unquote(`"${text.slice(1, -1)}"`).codePointAt(0) ?? 0 }
      case 'number':
        return { ...base, kind: 'literal', value: Number(text) }
      case 'name':
        if (text === 'true' || text === 'false') return { ...base, kind: 'literal', value: text === 'true' }
        if (text === 'nil') return { ...base, kind: 'nil' }
        if (!this.#functions.has(text)) throw new TemplateSyntaxError(`function "${text}" not defined`)
        return { ...base, kind: 'function', name: text }
      case 'symbol':
        if (text === '.') return { ...base, kind: 'dot' }
        if (text === '(') {
          const pipe = this.#pipe(false)
          if (this.#tokens.shift()?.text !== ')') throw new TemplateSyntaxError('unclosed left paren')
          return { ...base, kind: 'group', pipe, source: '(…)' }
        }
        throw new TemplateSyntaxError(
          text === ')'
            ? 'unexpected right paren'
            : `unexpected ${describe({ kind, text, at, spaced: true })} in command`,
        )
    }
  }
}

function describe(token: Token): string {
  return token.kind === 'symbol' ? `<${token.text}>` : `"${token.text}"`
}

/** A Go string literal: `raw`, or "with escapes" (JSON's, and \a \v \x41 \101 \'). */
function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  const escapes: Record<string, string> = {
    n: '\n',
    t: '\t',
    r: '\r',
    '"': '"',
    '\\': '\\',
    "'": "'",
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
  }
  return text
    .slice(1, -1)
    .replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|([0-7]{3})|(.))/gi, (all, x, u, U, octal, one) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal as string, 8))
      const hex = (x ?? u ?? U) as string | undefined
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      const plain = escapes[one as string]
      if (plain === undefined) throw new TemplateSyntaxError(`malformed string ${text} (${all})`)
      return plain
    })
}

/** Go's text/template, third stage: the tree is walked over a value and gives text. */
import { FUNCTIONS, type TemplateFunction } from './functions.ts'
import { TemplateSyntaxError } from './lex.ts'
import { parse, type Node, type Operand, type Pipe } from './parse.ts'
import { GoMap, goTypeOf, isTrue, printValue, Row } from './values.ts'

/** A template that failed while it ran, with Go's message: `template: :1:2: executing "" at <.Foo>: …`. */
export class TemplateError extends Error {}

/** A parsed template: a function from a value to text. */
export type Template = (data: unknown, functions?: Record<string, TemplateFunction>) => string

/** What a missing key of a plain JSON object does: an error, or the text `<no value>`. */
export type MissingKey = 'error' | 'no-value'

/** Parses `source`. `name` appears in error messages. Throws TemplateSyntaxError (`template: NAME:LINE: reason`). */
export function compile(source: string, options: { name?: string; missingKey?: MissingKey } = {}): Template {
  const { name = '', missingKey = 'error' } = options
  let nodes: Node[]
  try {
    nodes = parse(source, new Set([...Object.keys(FUNCTIONS), 'and', 'or']))
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error
    throw new TemplateSyntaxError(`template: ${name}:1: ${error.message}`)
  }
  return (data, functions = FUNCTIONS) => new Run({ source, name, missingKey, functions }, data).all(nodes)
}

type Setting = { source: string; name: string; missingKey: MissingKey; functions: Record<string, TemplateFunction> }

class LoopEnd extends Error {
  readonly kind: 'break' | 'continue'
  constructor(kind: 'break' | 'continue') {
    super(kind)
    this.kind = kind
  }
}

const MISSING = Symbol('no value')

class Run {
  readonly #setting: Setting
  #variables: Array<{ name: string; value: unknown }>
  #out = ''

  constructor(setting: Setting, data: unknown) {
    this.#setting = setting
    this.#variables = [{ name: '$', value: data }]
  }

  all(nodes: Node[]): string {
    this.#nodes(nodes, this.#variables[0]?.value)
    return this.#out
  }

  #nodes(nodes: Node[], dot: unknown): void {
    for (const node of nodes) this.#node(node, dot)
  }

  #node(node: Node, dot: unknown): void {
    switch (node.kind) {
      case 'text':
        this.#out += node.text
        return
      case 'print': {
        const value = this.#pipe(node.pipe, dot)
        if (node.pipe.declares === undefined)
          this.#out += value === MISSING || value === null || value === undefined ? '<no value>' : printValue(value)
        return
      }
      case 'if':
      case 'with': {
        this.#scoped(() => {
          const value = plain(this.#pipe(node.pipe, dot))
          if (isTrue(value)) this.#nodes(node.body, node.kind === 'with' ? value : dot)
          else this.#nodes(node.otherwise, dot)
        })
        return
      }
      case 'range':
        return this.#scoped(() => this.#range(node, dot))
      case 'break':
      case 'continue':
        throw new LoopEnd(node.kind)
    }
  }

  #range(node: Node & { kind: 'range' }, dot: unknown): void {
    const items = entriesOf(plain(this.#pipe(node.pipe, dot)), (value) =>
      this.#fail(node.pipe.commands[0]?.[0], `range can't iterate over ${printValue(value)}`),
    )
    if (items.length === 0) return this.#nodes(node.otherwise, dot)
    for (const [key, item] of items) {
      try {
        this.#scoped(() => {
          const [first, second] = node.names
          if (first !== undefined) this.#variables.push({ name: first, value: second === undefined ? item : key })
          if (second !== undefined) this.#variables.push({ name: second, value: item })
          this.#nodes(node.body, item)
        })
      } catch (error) {
        if (!(error instanceof LoopEnd)) throw error
        if (error.kind === 'break') return
      }
    }
  }

  #scoped(body: () => void): void {
    const depth = this.#variables.length
    try {
      body()
    } finally {
      this.#variables.length = depth
    }
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown
    pipe.commands.forEach((command, index) => {
      value = this.#command(command, dot, index === 0 ? [] : [plain(value)])
    })
    if (pipe.declares?.assign === true) {
      const variable = this.#variables.findLast(({ name }) => name === pipe.declares?.name)
      if (variable !== undefined) variable.value = plain(value)
    } else if (pipe.declares !== undefined) this.#variables.push({ name: pipe.declares.name, value: plain(value) })
    return value
  }

  #command(command: Operand[], dot: unknown, piped: unknown[]): unknown {
    const [first, ...rest] = command as [Operand, ...Operand[]]
    if (first.kind === 'function' && (first.name === 'and' || first.name === 'or'))
      return this.#andOr(first.name, rest, dot, piped)
    const values = () => [...rest.map((operand) => plain(this.#operand(operand, dot))), ...piped]
    if (first.kind === 'function') {
      const result = this.#call({ ...first, source: command.map(({ source }) => source).join(' ') }, values())
      return first.fields.reduce((value, field) => this.#field(first, value, field), result)
    }
    const lastField = first.fields.at(-1)
    if (lastField !== undefined && (rest.length > 0 || piped.length > 0))
      return this.#method(first, dot, lastField, values())
    if (rest.length > 0 || piped.length > 0) this.#fail(first, `can't give argument to non-function ${first.source}`)
    return this.#operand(first, dot)
  }

  #andOr(name: 'and' | 'or', operands: Operand[], dot: unknown, piped: unknown[]): unknown {
    let value: unknown = null
    for (const get of [
      ...operands.map((operand) => () => plain(this.#operand(operand, dot))),
      ...piped.map((given) => () => given),
    ]) {
      value = get()
      if (isTrue(value) === (name === 'or')) return value
    }
    return value
  }

  #call(operand: Operand & { kind: 'function' }, values: unknown[]): unknown {
    try {
      return this.#setting.functions[operand.name]?.(...values)
    } catch (error) {
      return this.#fail(
        operand,
        `error calling ${operand.name}: ${(error as Error).message.replace(/^error calling \w+: /, '')}`,
      )
    }
  }

  #operand(operand: Operand, dot: unknown): unknown {
    return operand.fields.reduce((value, field) => this.#field(operand, value, field), this.#base(operand, dot))
  }

  #base(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case 'dot':
        return dot
      case 'nil':
        return null
      case 'literal':
        return operand.value
      case 'variable':
        return this.#variables.findLast(({ name }) => name === operand.name)?.value
      case 'group':
        return plain(this.#pipe(operand.pipe, dot))
      case 'function':
        return this.#call(operand, [])
    }
  }

  #field(operand: Operand, value: unknown, field: string): unknown {
    if (value === MISSING || value === null || value === undefined) {
      return this.#fail(operand, `nil pointer evaluating interface {}.${field}`)
    }
    if (value instanceof Row) {
      const get = value.fields[field] ?? value.methods[field]
      if (get === undefined && value.lenient) return MISSING
      if (get === undefined) return this.#fail(operand, `can't evaluate field ${field} in type ${value.goType}`)
      return get()
    }
    if (value instanceof GoMap) return value.has(field) ? value.get(field) : MISSING
    if (typeof value !== 'object' || Array.isArray(value))
      return this.#fail(operand, `can't evaluate field ${field} in type ${goTypeOf(value)}`)
    const found = (value as Record<string, unknown>)[field]
    if (found !== undefined) return found
    if (this.#setting.missingKey === 'no-value') return MISSING
    return this.#fail(operand, `map has no entry for key "${field}"`)
  }

  #method(operand: Operand, dot: unknown, name: string, values: unknown[]): unknown {
    const owner = operand.fields
      .slice(0, -1)
      .reduce((value, field) => this.#field(operand, value, field), this.#base(operand, dot))
    const method = owner instanceof Row ? owner.methods[name] : undefined
    if (method === undefined) return this.#fail(operand, `${name} has arguments but cannot be invoked as function`)
    return method(...values)
  }

  #fail(operand: Operand | undefined, reason: string): never {
    const at = operand?.at ?? 0
    const before = this.#setting.source.slice(0, at)
    const line = before.split('\n').length
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1))
    const name = this.#setting.name
    throw new TemplateError(
      `template: ${name}:${line}:${column}: executing "${name}" at <${operand?.source ?? ''}>: ${reason}`,
    )
  }
}

function plain(value: unknown): unknown {
  return value === MISSING ? null : value
}

function entriesOf(value: unknown, fail: (value: unknown) => never): Array<[unknown, unknown]> {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map((item, index) => [index, item])
  if (value instanceof Map) return [...(value as Map<string, unknown>)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (typeof value === 'number') return Array.from({ length: value }, (_, index) => [index, index])
  return fail(value)
}

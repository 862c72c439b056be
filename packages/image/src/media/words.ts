/**
 * The words of a Dockerfile instruction: split at blanks outside quotes, then quotes taken off and variables put in, by the rules
 * of Dockerfiles (which are a small part of the shell's).
 */
import { UserError } from '@mini-docker/syscall'

/** Splits at blanks; quotes and backslashes stay in the words. */
export function splitWords(text: string): string[] {
  const words = text.match(/(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\]|\\$)+|['"]/gsu) ?? []
  const open = words.find((word) => word === '"' || word === "'")
  if (open !== undefined) throw new UserError('invalid', `unexpected end of ${text}: the quote ${open} is not closed`)
  return words
}

/** One word as the image will have it. `env` is what `$NAME` means. @throws UserError for an open quote or brace. */
export function expandWord(word: string, env: ReadonlyMap<string, string>): string {
  let out = ''
  let quote: '"' | "'" | undefined
  for (let i = 0; i < word.length; i++) {
    const char = word[i] as string
    const next = word[i + 1]
    if (quote === "'") {
      if (char === "'") quote = undefined
      else out += char
    } else if (char === '\\' && next !== undefined && (quote === undefined || '"$\\'.includes(next))) {
      out += next
      i++
    } else if (char === '"') quote = quote === '"' ? undefined : '"'
    else if (char === "'" && quote === undefined) quote = "'"
    else if (char === '$') {
      const variable = readVariable(word, i)
      out += variable === undefined ? '$' : valueOf(variable, env)
      i = variable?.last ?? i
    } else out += char
  }
  if (quote !== undefined) throw new UserError('invalid', `unexpected end of ${word}: the quote ${quote} is not closed`)
  return out
}

/** `last` is the index of its last character. */
type Variable = { name: string; modifier?: '-' | '+'; word?: string; last: number }

function readVariable(text: string, at: number): Variable | undefined {
  const plain = /^\$([A-Za-z_]\w*)/.exec(text.slice(at))
  if (plain !== null) return { name: plain[1] as string, last: at + plain[0].length - 1 }
  if (text[at + 1] !== '{') return undefined
  const end = closingBrace(text, at + 2)
  const inner = text.slice(at + 2, end)
  const parts = /^([A-Za-z_]\w*)(?::([-+])(.*))?$/s.exec(inner)
  if (parts === null) {
    throw new UserError('invalid', `\${${inner}} is not supported`, {
      hint: 'there are ${NAME}, ${NAME:-word} and ${NAME:+word}',
    })
  }
  const [, name = '', modifier, word] = parts
  if (modifier !== '-' && modifier !== '+') return { name, last: end }
  return { name, modifier, word: word ?? '', last: end }
}

function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let i = from; i < text.length; i++) {
    if (text[i] === '{') depth++
    else if (text[i] === '}' && --depth === 0) return i
  }
  throw new UserError('invalid', `unexpected end of ${text}: the brace { is not closed`)
}

function valueOf({ name, modifier, word = '' }: Variable, env: ReadonlyMap<string, string>): string {
  const value = env.get(name) ?? ''
  if (modifier === '-') return value === '' ? expandWord(word, env) : value
  if (modifier === '+') return value === '' ? '' : expandWord(word, env)
  return value
}

/** Text in lines of a width. */
import { columnsOf } from './width.ts'

/** Breaks at spaces; Japanese text, which has none, breaks between characters but not before punctuation. A wide character counts two. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.match(/[\u3000-\u9fff\uff00-\uffef][、。）」]?|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g) ??
    []) {
    if (line !== '' && columnsOf(line) + columnsOf(word.trimEnd()) > width) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += word
  }
  return [...lines, line.trimEnd()]
}

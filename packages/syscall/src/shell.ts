/** Words for the shell lines of a step. */

/** A word as a POSIX shell reads it: bare where every character is harmless, else in single quotes. */
export function shellWord(word: string): string {
  return /^[\w./:+,=@%-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * WWW-Authenticate: what a registry wants to know before it answers (RFC 9110, 11.6.1).
 *
 *   Bearer realm="https://auth.example/token",service="reg.example",scope="repository:a/b:pull", Basic realm="reg"
 *
 * One header may hold several challenges, and the comma between two of them looks like that between two parameters: a word is a
 * parameter when a `=` follows it, and otherwise the scheme of the next challenge.
 */
export type Challenge = {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Nobody needs more. A hostile header is cut here; Node bounds its length. */
const CHALLENGES_MAX = 16
const PARAMETERS_MAX = 32

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
/** Of `Negotiate YII==`: no parameters but one value. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[\t ]*(?:,|$))/y
const SEPARATOR = /[\t ,]*/y
/** A token by the rules; some servers leave the quotes of a URL away. */
const BARE = /[^\t ,"]+/y
const EQUALS = /[\t ]*=[\t ]*/y

/** Never fails: what is no challenge ends the reading. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  const reader = new Reader(header ?? '')
  for (;;) {
    reader.take(SEPARATOR)
    const word = reader.take(TOKEN)
    if (word === undefined) return challenges
    const current = challenges.at(-1)
    if (current !== undefined && reader.take(EQUALS) !== undefined) {
      const value = reader.take(QUOTED, 1)?.replaceAll(/\\(.)/g, '$1') ?? reader.take(BARE)
      if (value === undefined || current.parameters.size >= PARAMETERS_MAX) return challenges
      // The first one counts, so that nothing appended can replace it.
      if (!current.parameters.has(word.toLowerCase())) current.parameters.set(word.toLowerCase(), value)
      continue
    }
    if (challenges.length >= CHALLENGES_MAX) return challenges
    challenges.push({ scheme: word.toLowerCase(), parameters: new Map() })
    reader.takeToken68()
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  take(pattern: RegExp, group = 0): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at = pattern.lastIndex
    return match[group]
  }

  takeToken68(): void {
    const before = this.#at
    if (this.take(/[\t ]+/y) === undefined) return
    // `Basic realm="x"`: not alone up to the next comma, so a parameter. `Bearer, Basic` has nothing here.
    if (this.take(TOKEN68) === undefined) this.#at = before
  }
}

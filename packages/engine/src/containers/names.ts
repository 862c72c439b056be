/** Names for containers that were given none: a mood and a computing pioneer, as docker does it. */
import { randomInt } from 'node:crypto'

const ADJECTIVES =
  'able amber brave bright calm candid clever cosy crisp curious dapper deft eager earnest exact fair fearless fluent frosty gentle glad happy honest jolly keen kind lively loyal lucid mellow merry modest neat nimble noble patient placid polite proud quick quiet rapid ready serene sharp silent sincere solid spry steady sunny swift tidy upbeat vivid warm wise witty zesty'.split(
    ' ',
  )
const SURNAMES =
  'allen antonelli babbage backus bartik boole borg cerf church clarke cray curry diffie dijkstra engelbart feinler floyd goldberg hamilton hamming hellman hoare holberton holmes hopper huffman jennings kahn kay keller kernighan kleene knuth lamarr lamport leibniz lempel liskov lovelace mccarthy mcculloch meltzer moore naur neumann nygaard pascal perlman postel ritchie rivest shannon spence stroustrup tarjan thompson torvalds turing wilkes wirth ziv zuse'.split(
    ' ',
  )

/** `keen_hopper`; from the second try on with a digit, so that a free name is found soon. */
export function generateName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(ADJECTIVES)}_${pick(SURNAMES)}${attempt === 0 ? '' : randomInt(10 ** Math.min(attempt, 9))}`
    if (!taken(name)) return name
  }
}

/** What docker allows as a container name. */
export function isValidName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)
}

function pick(words: string[]): string {
  return words[randomInt(words.length)]!
}

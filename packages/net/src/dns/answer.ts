/**
 * What a container is told about a name. Pure: the query and what the container's networks know, in; the answer, or that others must be
 * asked, out. As dockerd 20.10 answers; but it sends ANY of a known name to the outside, and what an `internal` network does not know.
 */
import { ednsBytes, type Message, type Question, type ResourceRecord } from './message/message.ts'
import { CLASS_IN, FLAG, OPCODE_MASK, OPCODE_QUERY, RCODE, TYPE } from './message/numbers.ts'
import type { KnownAddresses, NetworkNames } from './names.ts'
import { addressOfReverse } from './reverse.ts'

/** As docker: ten minutes. */
const TTL_SECONDS = 600
/** What we take over UDP ourselves: what goes through every network in one piece (the DNS flag day of 2020). */
const EDNS_BYTES = 1232

/** What a container sees. */
export type DnsView = {
  /** The container's networks, the one with its default route first: the first that knows a name answers. */
  networks: readonly {
    names: NetworkNames
    /** `--link`: the container's own names for others here. */
    links?: ReadonlyMap<string, string>
  }[]
  /** Whether unknown names are asked for outside: not where all of its networks are internal. */
  forwards: boolean
  /** The user gave `--dns-option ndots:N` with N > 0: then a name of one label is not asked for outside; it comes again with a search domain. */
  ndotsSet: boolean
}

export type Answered = Message | 'forward' | 'ignore'

/**
 * `turn` goes up by one with each query: containers that share a name take turns to be first.
 * @returns the answer, `forward` where no network knows the name, `ignore` for what is no query
 */
export function answer(query: Message, view: DnsView, turn: number): Answered {
  if ((query.flags & FLAG.QR) !== 0) return 'ignore'
  if ((query.flags & OPCODE_MASK) >> 11 !== OPCODE_QUERY) return reply(query, RCODE.NOTIMP)
  const [question] = query.questions
  if (question === undefined || query.questions.length > 1) return reply(query, RCODE.FORMERR)
  const records = question.class === CLASS_IN ? recordsFor(question, view, turn) : undefined
  if (records !== undefined) return reply(query, RCODE.NOERROR, records)
  if (view.ndotsSet && isAddressType(question.type) && !question.name.includes('.')) return reply(query, RCODE.NOERROR)
  return view.forwards ? 'forward' : reply(query, RCODE.SERVFAIL)
}

/** An answer of ours to a query; with EDNS where it had EDNS. */
export function reply(query: Message, rcode: number, answers: ResourceRecord[] = []): Message {
  const { RD, CD, QR, RA } = FLAG
  const flags = QR | RA | (query.flags & (OPCODE_MASK | RD | CD)) | rcode
  const opt = { name: '', type: TYPE.OPT, class: EDNS_BYTES, ttlSeconds: 0, data: Buffer.alloc(0) }
  const additionals = ednsBytes(query) === undefined ? [] : [opt]
  return { id: query.id, flags, questions: query.questions.slice(0, 1), answers, authorities: [], additionals }
}

/** None where the name is known and has nothing of the type; undefined for what is asked for outside. */
function recordsFor(question: Question, view: DnsView, turn: number): ResourceRecord[] | undefined {
  const { name, type } = question
  const record = (ofType: number, data: Buffer | string): ResourceRecord => {
    return { name, type: ofType, class: CLASS_IN, ttlSeconds: TTL_SECONDS, data }
  }
  if (type === TYPE.PTR) {
    const pointed = reverseOf(name, view)
    return pointed === undefined ? undefined : [record(TYPE.PTR, pointed)]
  }
  const known = addressesOf(name, view)
  if (known === undefined) return undefined
  const four = (): ResourceRecord[] => rotate(known[4], turn).map((address) => record(TYPE.A, address))
  const six = (): ResourceRecord[] => rotate(known[6], turn).map((address) => record(TYPE.AAAA, address))
  if (type === TYPE.A) return four()
  if (type === TYPE.AAAA) return six()
  if (type === TYPE.ANY) return [...four(), ...six()]
  // A name that stands for one outside may have its texts and services there.
  return type === TYPE.MX || !view.forwards ? [] : undefined
}

function reverseOf(name: string, { networks }: DnsView): string | undefined {
  const address = addressOfReverse(name)
  if (address === undefined) return undefined
  for (const { names } of networks) {
    const found = names.nameOf(address)
    if (found !== undefined) return `${found}.${names.name}`
  }
  return undefined
}

/** Names and networks may have dots: of a.b.c, a.b.c on any network, then a.b on the network c, then a on b.c. */
function addressesOf(name: string, { networks }: DnsView): KnownAddresses | undefined {
  for (let dot = name.length; dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const wanted = name.slice(0, dot)
    const network = name.slice(dot + 1)
    const here = networks.filter(({ names }) => network === '' || names.name === network)
    for (const { names, links } of here) {
      const linked = links?.get(wanted)
      const known = linked === undefined ? undefined : names.addressesOf(linked)
      if (known !== undefined) return known
    }
    for (const { names, links } of here) {
      const known = links?.has(wanted) === true ? undefined : names.addressesOf(wanted)
      if (known !== undefined) return known
    }
  }
  return undefined
}

function rotate<T>(list: readonly T[], turn: number): readonly T[] {
  const at = list.length < 2 ? 0 : turn % list.length
  return at === 0 ? list : [...list.slice(at), ...list.slice(0, at)]
}

function isAddressType(type: number): boolean {
  return type === TYPE.A || type === TYPE.AAAA
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { answer, NetworkNames, type DnsView, type Message } from '../../src/index.ts'

const A = 1
const PTR = 12
const MX = 15
const TXT = 16
const AAAA = 28
const ANY = 255

const n1 = new NetworkNames('n1')
n1.set({ id: 'a', name: 'Web', aliases: ['www', '0123456789ab'], addresses: ['10.9.0.2'] })
n1.set({ id: 'b', name: 'web2', aliases: ['www'], addresses: ['10.9.0.3'] })
n1.set({ id: 'c', name: 'odd.name', aliases: ['www', 'api.example.org'], addresses: ['10.9.0.4'] })
const n2 = new NetworkNames('n.2')
n2.set({ id: 'b', name: 'web2', aliases: [], addresses: ['10.8.0.3', 'fd00::3'] })
n2.set({ id: 'd', name: 'db', aliases: [], addresses: ['10.8.0.4', 'fd00:0::4'] })
const view: DnsView = { networks: [{ names: n1 }, { names: n2 }], forwards: true, ndotsSet: false }

describe('a container on the networks n1 and n.2', () => {
  test.each([
    ['web', ['10.9.0.2']],
    ['WEB', ['10.9.0.2']],
    ['Web.n1', ['10.9.0.2']],
    ['0123456789AB', ['10.9.0.2']],
    ['odd.name', ['10.9.0.4']],
    ['odd.name.n1', ['10.9.0.4']],
    ['api.example.org', ['10.9.0.4']],
    ['api.example.org.n1', ['10.9.0.4']],
    // The first network that knows the name answers.
    ['web2', ['10.9.0.3']],
    ['web2.n.2', ['10.8.0.3']],
    ['db', ['10.8.0.4']],
    ['db.n.2', ['10.8.0.4']],
  ])('%s has the addresses %j', (name, addresses) => expect(ask(name)).toEqual(addresses))

  test.each(['web.n.2', 'db.n1', 'db.2', '0123456789a', 'unknown', 'x.web', ''])(
    '"%s" is nobody here: others are asked',
    (name) => expect(ask(name)).toBe('forward'),
  )

  test('an address of IPv6 is told where there is one; a name without one has none, and nobody else is asked', () => {
    expect(ask('db', AAAA)).toEqual(['fd00::4'])
    expect(ask('web', AAAA)).toEqual([])
    expect(ask('web', MX)).toEqual([])
    expect(ask('web', TXT)).toBe('forward')
    expect(ask('db', ANY)).toEqual(['10.8.0.4', 'fd00::4'])
  })

  test('an address is called NAME.NETWORK, after the container and not after its aliases', () => {
    expect(ask('2.0.9.10.in-addr.arpa', PTR)).toEqual(['Web.n1'])
    expect(ask('3.0.8.10.IN-ADDR.ARPA', PTR)).toEqual(['web2.n.2'])
    const nibbles = `4.${'0.'.repeat(27)}0.0.d.f.`
    expect(ask(`${nibbles}ip6.arpa`, PTR)).toEqual(['db.n.2'])
    expect(ask('9.0.9.10.in-addr.arpa', PTR)).toBe('forward')
    expect(ask('0.9.10.in-addr.arpa', PTR)).toBe('forward')
    expect(ask('02.0.9.10.in-addr.arpa', PTR)).toBe('forward')
  })

  test('containers behind one alias take turns to be first', () => {
    const firsts = [0, 1, 2, 3].map((turn) => ask('www', A, view, turn))
    expect(firsts).toEqual([
      ['10.9.0.2', '10.9.0.3', '10.9.0.4'],
      ['10.9.0.3', '10.9.0.4', '10.9.0.2'],
      ['10.9.0.4', '10.9.0.2', '10.9.0.3'],
      ['10.9.0.2', '10.9.0.3', '10.9.0.4'],
    ])
  })

  test('a link is a name for this container only, and goes before a name of the network', () => {
    const links = new Map([
      ['database', 'web2'],
      ['web', 'odd.name'],
    ])
    const linked = { ...view, networks: [{ names: n1, links }] }
    expect(ask('database', A, linked)).toEqual(['10.9.0.3'])
    expect(ask('database.n1', A, linked)).toEqual(['10.9.0.3'])
    expect(ask('web', A, linked)).toEqual(['10.9.0.4'])
    expect(ask('database')).toBe('forward')
  })

  test('a link whose container is gone hides no one else, and is asked for outside', () => {
    const linked = { ...view, networks: [{ names: n1, links: new Map([['db', 'gone']]) }, { names: n2 }] }
    expect(ask('db', A, linked)).toEqual(['10.8.0.4'])
  })

  test('without a way out the server fails, and a known name has nothing more', () => {
    const closed = { ...view, forwards: false }
    expect(rcodeOf(answer(query('unknown', A), closed, 0))).toBe(2)
    expect(ask('web', TXT, closed)).toEqual([])
  })

  test('with ndots set a name of one label is not asked for outside', () => {
    const set = { ...view, ndotsSet: true }
    expect(ask('unknown', A, set)).toEqual([])
    expect(ask('unknown', AAAA, set)).toEqual([])
    expect(ask('unknown', MX, set)).toBe('forward')
    expect(ask('unknown.org', A, set)).toBe('forward')
  })

  test('the name comes back in the case it was asked for, and docker’s ten minutes count', () => {
    const answered = answer(query('wEb', A), view, 0)
    if (typeof answered === 'string') throw new Error(answered)
    expect(answered.questions).toEqual([{ name: 'wEb', type: A, class: 1 }])
    expect(answered.answers[0]).toMatchObject({ name: 'wEb', ttlSeconds: 600 })
  })

  test('what is no query for one name is refused or ignored', () => {
    const one = query('web', A)
    expect(answer({ ...one, flags: 0x8100 }, view, 0)).toBe('ignore')
    expect(rcodeOf(answer({ ...one, flags: 0x1000 }, view, 0))).toBe(4)
    expect(rcodeOf(answer({ ...one, questions: [] }, view, 0))).toBe(1)
    expect(rcodeOf(answer({ ...one, questions: [...one.questions, ...one.questions] }, view, 0))).toBe(1)
    expect(answer({ ...one, questions: [{ name: 'web', type: A, class: 3 }] }, view, 0)).toBe('forward')
  })
})

describe('NetworkNames', () => {
  test('what a container that is gone had is gone, and what it shared stays', () => {
    const names = new NetworkNames('n')
    names.set({ id: 'a', name: 'a', aliases: ['x'], addresses: ['10.0.0.1'] })
    names.set({ id: 'b', name: 'b', aliases: ['X'], addresses: ['10.0.0.2'] })
    expect(names.addressesOf('x')?.[4]).toHaveLength(2)
    names.delete('a')
    names.delete('a')
    expect(names.addressesOf('a')).toBeUndefined()
    expect(names.addressesOf('x')?.[4].map((bytes) => bytes.join('.'))).toEqual(['10.0.0.2'])
    expect(names.nameOf('10.0.0.1')).toBeUndefined()
  })

  test('any order of coming and going leaves what a list of who is there would say', () => {
    const change = fc.record({
      id: fc.nat(4),
      goes: fc.boolean(),
      alias: fc.constantFrom('x', 'Y', 'z'),
      host: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const names = new NetworkNames('n')
        const there = new Map<number, { alias: string; address: string }>()
        for (const { id, goes, alias, host } of changes) {
          there.delete(id)
          if (goes) names.delete(`${id}`)
          else {
            const address = `10.0.${id}.${host}`
            there.set(id, { alias, address })
            names.set({ id: `${id}`, name: `c${id}`, aliases: [alias], addresses: [address] })
          }
        }
        for (const alias of ['x', 'y', 'z']) {
          const expected = [...there.values()]
            .filter((one) => one.alias.toLowerCase() === alias)
            .map(({ address }) => address)
          expect((names.addressesOf(alias)?.[4] ?? []).map((bytes) => bytes.join('.'))).toEqual(expected)
        }
        for (const [id, { address }] of there) expect(names.nameOf(address)).toBe(`c${id}`)
      }),
    )
  })

  test('an address that is none is refused, and changes nothing', () => {
    const names = new NetworkNames('n')
    names.set({ id: 'a', name: 'a', aliases: [], addresses: ['10.0.0.1'] })
    expect(() => names.set({ id: 'a', name: 'b', aliases: [], addresses: ['10.0.0'] })).toThrow(
      'invalid IP address: 10.0.0',
    )
    expect(names.addressesOf('a')?.[4]).toHaveLength(1)
  })
})

function query(name: string, type: number): Message {
  return { id: 7, flags: 0x0100, questions: [{ name, type, class: 1 }], answers: [], authorities: [], additionals: [] }
}

/** The answers' data as text. */
function ask(name: string, type = A, seen = view, turn = 0): string[] | string {
  const answered = answer(query(name, type), seen, turn)
  if (typeof answered === 'string') return answered
  expect(answered).toMatchObject({ id: 7, flags: 0x8180 })
  return answered.answers.map(({ data }) => {
    if (typeof data === 'string') return data
    return data.length === 4 ? data.join('.') : data.toString('hex').replace(/^fd0{29}(.)$/, 'fd00::$1')
  })
}

function rcodeOf(answered: Message | string): number | string {
  return typeof answered === 'string' ? answered : answered.flags & 15
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allocate,
  bitsOf,
  broadcastOf,
  checkSubnet,
  chooseGateway,
  chooseSubnet,
  chooseUla,
  contains,
  DEFAULT_POOLS,
  formatAddress,
  formatCidr,
  fromBits,
  macOf,
  networkOf,
  overlaps,
  parseAddress,
  parseCidr,
  parseMac,
  type Address,
  type Cidr,
} from '../../src/index.ts'

const text = ({ bytes }: Address): string => formatAddress(bytes)

describe('subnets', () => {
  test('the first is 172.17.0.0/16, the last 192.168.240.0/20, then none is left', () => {
    expect(formatCidr(chooseSubnet([]))).toBe('172.17.0.0/16')
    expect(formatCidr(chooseSubnet([parseCidr('172.17.3.1/24')]))).toBe('172.18.0.0/16')
    expect(formatCidr(chooseSubnet([parseCidr('172.16.0.0/12')]))).toBe('192.168.0.0/20')
    expect(formatCidr(DEFAULT_POOLS.at(-1)!)).toBe('192.168.240.0/20')
    expect(() => chooseSubnet(DEFAULT_POOLS)).toThrow('all predefined address pools have been fully subnetted')
  })

  test('one after the other, none meets another or what is taken on the host', () => {
    const cidr = fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 12, max: 30 }))
      .map(([b, c, length]) => parseCidr(`${b < 128 ? 172 : 192}.${b}.${c}.1/${length}`))
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 10 }), (host) => {
        const taken: Cidr[] = [...host]
        for (;;) {
          let next: Cidr
          try {
            next = chooseSubnet(taken)
          } catch {
            break
          }
          expect(taken.some((other) => overlaps(other, next))).toBe(false)
          taken.push(next)
        }
        expect(DEFAULT_POOLS.every((pool) => taken.some((other) => overlaps(other, pool)))).toBe(true)
      }),
    )
  })

  test('of IPv6, a daemon’s networks are /64 of one /48 that begins with fd', () => {
    const first = chooseUla('one host', [])
    const second = chooseUla('one host', [first])
    expect(formatCidr(first)).toMatch(/^fd[0-9a-f]{2}:.*\/64$/)
    expect(overlaps(first, second)).toBe(false)
    expect(contains({ address: first.address, prefixLength: 48 }, second.address)).toBe(true)
    expect(contains({ address: first.address, prefixLength: 48 }, chooseUla('another', []).address)).toBe(false)
  })

  test('an asked one that another network has is refused in docker’s words', () => {
    const others = [parseCidr('10.1.0.0/16')]
    expect(() => checkSubnet(parseCidr('10.1.5.0/24'), others)).toThrow(
      'Pool overlaps with other one on this address space',
    )
    expect(formatCidr(checkSubnet(parseCidr('10.2.0.7/24'), others))).toBe('10.2.0.0/24')
  })
})

describe('addresses', () => {
  const subnet = parseCidr('10.9.0.0/29')
  const gateway = parseAddress('10.9.0.1')

  test('the lowest free one is given, and one that is given back is given again', () => {
    expect(text(allocate(subnet, { gateway, taken: [] }))).toBe('10.9.0.2')
    expect(text(allocate(subnet, { gateway, taken: ['10.9.0.2', '10.9.0.4'].map(parseAddress) }))).toBe('10.9.0.3')
  })

  test('when all are taken, docker’s sentence', () => {
    const taken = [2, 3, 4, 5, 6].map((i) => parseAddress(`10.9.0.${i}`))
    expect(() => allocate(subnet, { gateway, taken })).toThrow(
      "no available IPv4 addresses on this network's address pools",
    )
    expect(() => allocate(parseCidr('10.9.0.4/31'), { taken: [] })).toThrow('no available IPv4 addresses')
  })

  test.each(['10.9.0.0', '10.9.0.1', '10.9.0.3', '10.9.0.7'])('%s, wanted, is in use', (wanted) => {
    expect(() =>
      allocate(subnet, { gateway, taken: [parseAddress('10.9.0.3')], wanted: parseAddress(wanted) }),
    ).toThrow('Address already in use')
  })

  test.each(['10.9.0.8', '::1'])('%s, wanted, belongs to no subnet of the network', (wanted) => {
    expect(() => allocate(subnet, { taken: [], wanted: parseAddress(wanted) })).toThrow(
      "It does not belong to any of this network's subnets",
    )
  })

  test('from a range, which a wanted one need not be of', () => {
    const options = { ipRange: parseCidr('10.30.0.128/25'), taken: [] }
    const wide = parseCidr('10.30.0.0/24')
    const first = chooseGateway(wide, options)
    expect(text(first)).toBe('10.30.0.128')
    expect(text(allocate(wide, { ...options, gateway: first }))).toBe('10.30.0.129')
    expect(text(allocate(wide, { ...options, wanted: parseAddress('10.30.0.5') }))).toBe('10.30.0.5')
  })

  test('a gateway that is the network itself is refused as docker does', () => {
    expect(() => chooseGateway(subnet, { taken: [], wanted: parseAddress('10.9.0.0') })).toThrow(
      'failed to allocate gateway (10.9.0.0): Address already in use',
    )
  })

  test('any sequence of takes and gives: no address twice, never the network’s, the broadcast’s or the gateway’s', () => {
    const action = fc.oneof(
      fc.record({ take: fc.option(fc.integer({ min: -2, max: 70 }), { nil: undefined }) }),
      fc.record({ give: fc.nat({ max: 70 }) }),
    )
    const subnets = fc.tuple(fc.constantFrom<4 | 6>(4, 6), fc.integer({ min: 1, max: 6 }), fc.nat(0xffff))
    fc.assert(
      fc.property(
        subnets,
        fc.boolean(),
        fc.array(action, { maxLength: 80 }),
        ([version, host, at], ranged, actions) => {
          const prefixLength = (version === 4 ? 32 : 128) - host
          const base = version === 4 ? BigInt(at) << 8n : (0xfdn << 120n) | (BigInt(at) << 8n)
          const net: Cidr = { address: fromBits(version, base), prefixLength }
          const range =
            ranged && host > 1 ? { address: fromBits(version, base), prefixLength: prefixLength + 1 } : undefined
          let door: Address
          try {
            door = chooseGateway(net, { ipRange: range, taken: [] })
          } catch {
            expect(host).toBeLessThanOrEqual(1)
            return
          }
          const taken: Address[] = []
          for (const one of actions) {
            if ('give' in one) taken.splice(one.give, 1)
            else {
              const wanted =
                one.take === undefined ? undefined : fromBits(version, base + BigInt(Math.max(one.take, 0)))
              try {
                taken.push(allocate(net, { ipRange: range, gateway: door, taken, wanted }))
              } catch (error) {
                expect((error as Error).message).toMatch(/in use|no available|does not belong/)
              }
            }
          }
          const all = taken.map(bitsOf)
          expect(new Set(all).size).toBe(all.length)
          for (const address of taken) expect(contains(net, address)).toBe(true)
          expect(all).not.toContain(bitsOf(door))
          expect(all).not.toContain(bitsOf(networkOf(net).address))
          if (version === 4) expect(all).not.toContain(bitsOf(broadcastOf(net)))
        },
      ),
    )
  })
})

describe('hardware addresses', () => {
  test('come from the IPv4 address, or the end of the IPv6 address', () =>
    expect([macOf(parseAddress('172.17.0.2')), macOf(parseAddress('fd00::1:2'))]).toEqual([
      '02:42:ac:11:00:02',
      '02:42:00:01:00:02',
    ]))

  test.each(['02:42:AC:11:00:02', '02-42-ac-11-00-02', '0242.ac11.0002'])('%s is one', (given) =>
    expect(parseMac(given)).toBe('02:42:ac:11:00:02'),
  )

  test.each(['', '02:42:ac:11:00', '02:42:ac:11:00:0g', '02:42-ac:11:00:02', '01:00:5e:00:00:01', '00:00:00:00:00:00'])(
    '%j is none',
    (given) => expect(() => parseMac(given)).toThrow('invalid MAC address'),
  )
})

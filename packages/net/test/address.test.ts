import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bitsOf,
  broadcastOf,
  contains,
  formatAddress,
  formatCidr,
  fromBits,
  networkOf,
  overlaps,
  parseAddress,
  parseCidr,
  tryAddress,
} from '../src/index.ts'

describe('addresses', () => {
  test.each([
    '0.0.0.0',
    '172.17.0.2',
    '255.255.255.255',
    '::',
    '::1',
    'fd00::2',
    '2001:db8::1:0:0:1',
    '::ffff:192.0.2.1',
    '1:0:3:4:5:6:7:8',
  ])('%s is read and written as it is', (text) => expect(formatAddress(parseAddress(text).bytes)).toBe(text))

  test.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    'fe80::1%eth0',
  ])('%j is none', (text) => {
    expect(tryAddress(text)).toBeUndefined()
    expect(() => parseAddress(text)).toThrow('invalid IP address')
  })

  test('of IPv6, any bytes have one text, which Node takes and which gives the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = formatAddress(bytes)
        expect(isIPv6(text)).toBe(true)
        expect(parseAddress(text).bytes.equals(bytes)).toBe(true)
      }),
    )
  })
})

describe('networks', () => {
  test('have a first and a last address', () => {
    expect(formatCidr(networkOf(parseCidr('10.1.2.3/20')))).toBe('10.1.0.0/20')
    expect(formatAddress(broadcastOf(parseCidr('10.1.2.3/20')).bytes)).toBe('10.1.15.255')
    expect(formatCidr(networkOf(parseCidr('fd00:1:2::3/48')))).toBe('fd00:1:2::/48')
  })

  test('contain their addresses, and overlap when one holds the other', () => {
    expect(contains(parseCidr('10.0.0.0/8'), parseAddress('10.255.0.1'))).toBe(true)
    expect(contains(parseCidr('10.0.0.0/8'), parseAddress('11.0.0.1'))).toBe(false)
    expect(contains(parseCidr('0.0.0.0/0'), parseAddress('::1'))).toBe(false)
    expect(overlaps(parseCidr('172.17.0.0/16'), parseCidr('172.17.5.0/24'))).toBe(true)
    expect(overlaps(parseCidr('172.17.0.0/16'), parseCidr('172.18.0.0/16'))).toBe(false)
  })

  test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/-1', '/8'])('%j is none', (text) => {
    expect(() => parseCidr(text)).toThrow('invalid CIDR address')
  })

  test('addresses count', () => {
    const next = fromBits(4, bitsOf(parseAddress('10.0.0.255')) + 1n)
    expect(formatAddress(next.bytes)).toBe('10.0.1.0')
  })
})

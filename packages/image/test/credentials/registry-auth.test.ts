/** The header that carries credentials from client to daemon. */
import { describe, expect, test } from 'vitest'
import { authOf, decodeRegistryAuth, encodeRegistryAuth } from '../../src/credentials/index.ts'

describe('X-Registry-Auth', () => {
  test('no credentials are {}, as docker writes it', () => {
    expect(encodeRegistryAuth('r:5000', undefined)).toBe('e30=')
    expect(decodeRegistryAuth('e30=')).toEqual({ credentials: undefined, serverAddress: '' })
    expect(decodeRegistryAuth(undefined).credentials).toBeUndefined()
    expect(decodeRegistryAuth('').credentials).toBeUndefined()
  })

  test.each([
    { username: 'alice', password: 'ÿþ~~~???>>>' },
    { username: 'alice', identityToken: 'tok' },
    { identityToken: 'tok' },
    { username: 'alice', password: '' },
  ])('%j comes back', (credentials) => {
    const header = encodeRegistryAuth('r:5000', credentials)
    expect(header).toMatch(/^[A-Za-z0-9_-]+={0,2}$/)
    expect(decodeRegistryAuth(header)).toEqual({ credentials, serverAddress: 'r:5000' })
  })

  test('either alphabet is taken, with padding or without', () => {
    const json = Buffer.from(JSON.stringify({ username: '>>>???', password: '~~~ÿ' }))
    for (const header of [json.toString('base64'), json.toString('base64url')])
      expect(decodeRegistryAuth(header).credentials).toEqual({ username: '>>>???', password: '~~~ÿ' })
  })

  test.each([
    '%%%',
    'bm90IGpzb24=',
    Buffer.from('[1]').toString('base64'),
    Buffer.from('{"username":1}').toString('base64'),
  ])('%s is refused and not repeated', (header) => {
    expect(() => decodeRegistryAuth(header)).toThrow(/X-Registry-Auth/)
    expect(() => decodeRegistryAuth(header)).not.toThrow(/not json/)
  })

  test('a ready-made bearer token is refused in words', () => {
    expect(() => authOf({ registrytoken: 'tok' })).toThrow(/registrytoken/)
  })

  test('a password without a user is nobody', () => {
    expect(authOf({ password: 'p', serveraddress: 'r' })).toEqual({ credentials: undefined, serverAddress: 'r' })
  })
})

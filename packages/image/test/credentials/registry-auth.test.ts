/** The header that carries credentials from client to daemon. */
import { describe, expect, test } from 'vitest'
import { encodeRegistryAuth } from '../../src/credentials/index.ts'

const decoded = (header: string): unknown => JSON.parse(Buffer.from(header, 'base64url').toString())

describe('X-Registry-Auth', () => {
  test('no credentials are {}, as docker writes it', () => {
    expect(encodeRegistryAuth('r:5000', undefined)).toBe('e30=')
  })

  test.each([
    [
      { username: 'alice', password: 'ÿþ~~~???>>>' },
      { username: 'alice', password: 'ÿþ~~~???>>>' },
    ],
    [
      { username: 'alice', identityToken: 'tok' },
      { username: 'alice', identitytoken: 'tok' },
    ],
    [{ identityToken: 'tok' }, { identitytoken: 'tok' }],
    [
      { username: 'alice', password: '' },
      { username: 'alice', password: '' },
    ],
  ])('%j is docker’s AuthConfig in the alphabet of URLs', (credentials, config) => {
    const header = encodeRegistryAuth('r:5000', credentials)
    expect(header).toMatch(/^[A-Za-z0-9_-]+={0,2}$/)
    expect(decoded(header)).toEqual({ ...config, serveraddress: 'r:5000' })
  })
})

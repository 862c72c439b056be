/** What clients send about registries, read as docker reads it. */
import { describe, expect, test } from 'vitest'
import { credentialsOf, authConfig, readAuth } from '../src/api/registry-auth.ts'
import { parseAskedPlatform } from '../src/images/platform.ts'
import { registryHost } from '../src/images/transfer/login.ts'
import { parseSearchFilters } from '../src/images/transfer/search.ts'

const header = (value: object | string, encoding: BufferEncoding = 'base64url') => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return { 'x-registry-auth': Buffer.from(text).toString(encoding) }
}

describe('X-Registry-Auth', () => {
  test.each([
    [header({ username: 'u', password: 'p:ä ' }), { username: 'u', password: 'p:ä ' }],
    [header({ username: 'u', password: '??>' }, 'base64'), { username: 'u', password: '??>' }],
    [header({ auth: Buffer.from('u:a:b').toString('base64') }), { username: 'u', password: 'a:b' }],
    [header({ username: '<token>', identitytoken: 't' }), { identityToken: 't' }],
    [header({ username: 'u', identitytoken: 't' }), { username: 'u', identityToken: 't' }],
    [header({}), undefined],
    [header('null'), undefined],
    [header('["u"]'), undefined],
    [{ 'x-registry-auth': '!!!' }, undefined],
    [{}, undefined],
  ])('%j is who it says', (headers, credentials) => {
    expect(readAuth(headers)).toEqual(credentials)
  })
  test('a token that the client got by itself is refused, not ignored', () => {
    expect(() => credentialsOf(authConfig.parse({ registrytoken: 'x' }))).toThrow('registry token')
  })
})

test.each([
  ['', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['index.docker.io', 'docker.io'],
  ['docker.io', 'docker.io'],
  ['registry-1.docker.io', 'docker.io'],
  ['127.0.0.1:5000', '127.0.0.1:5000'],
  ['https://reg.example/v2/', 'reg.example'],
  ['http://localhost:5000', 'localhost:5000'],
  ['localhost', 'localhost'],
  ['[::1]:5000', '[::1]:5000'],
])('a login at %j is one at %s', (address, host) => {
  expect(registryHost(address)).toBe(host)
})
test.each(['a b', 'user:pass@reg.example', 'reg.example:x'])('a login at %j is refused', (address) => {
  expect(() => registryHost(address)).toThrow()
})

test.each([
  ['linux/arm64', { os: 'linux', architecture: 'arm64' }],
  ['linux/arm64/v8', { os: 'linux', architecture: 'arm64' }],
  ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
  ['linux/arm/v7', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['armhf', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['x86_64', { os: 'linux', architecture: 'amd64' }],
  ['{"os":"linux","architecture":"s390x"}', { os: 'linux', architecture: 's390x' }],
  ['', undefined],
])('the platform %j is read', (text, platform) => {
  expect(parseAskedPlatform(text)).toEqual(platform)
})
test.each(['a/b/c/d', '/', 'linux/', 'li nux/amd64', '{}', '{"os":5}', '{'])('the platform %j is refused', (text) => {
  expect(() => parseAskedPlatform(text)).toThrow('cannot parse platform specifier: invalid argument')
})

describe('filters of a search', () => {
  const result = { name: 'a', description: '', stars: 5, official: true, automated: false }
  test.each([
    [{}, true],
    [{ 'is-official': ['true'] }, true],
    [{ 'is-official': ['false'] }, false],
    [{ 'is-automated': ['1'] }, false],
    [{ stars: ['5'] }, true],
    [{ stars: ['6'] }, false],
    [{ stars: ['1'], 'is-official': ['1'] }, true],
  ])('%j', (filters, passes) => {
    expect(parseSearchFilters(new Map(Object.entries(filters)))(result)).toBe(passes)
  })
  test.each([
    [{ 'is-official': ['maybe'] }, "invalid filter 'is-official=[maybe]'"],
    [{ stars: ['many'] }, "invalid filter 'stars=many'"],
  ])('%j is refused', (filters, words) => {
    expect(() => parseSearchFilters(new Map(Object.entries(filters)))).toThrow(words)
  })
})

/** Which registries are insecure, which requests go through a proxy, and where an image is looked for. */
import { describe, expect, test } from 'vitest'
import { addressOf, mirrorAddress } from '../../src/registry/endpoints.ts'
import { isInsecure } from '../../src/registry/http/insecure.ts'
import { defaultRegistryConfig } from '../../src/registry/config.ts'
import { proxyFor } from '../../src/registry/http/proxy.ts'

describe('a registry is insecure', () => {
  test.each(['127.0.0.1:5000', '127.8.9.10', '[::1]:5000', 'localhost', 'localhost:5000', 'a.localhost:1'])(
    'when it is loopback: %s',
    async (host) => {
      expect(await isInsecure([], host)).toBe(true)
    },
  )

  test.each([
    ['reg.example:5000', 'reg.example:5000'],
    ['reg.example', 'reg.example:5000'],
    ['10.0.0.0/8', '10.1.2.3:5000'],
    ['fd00::/8', '[fd12::1]:5000'],
  ])('when %s is listed: %s', async (entry, host) => {
    expect(await isInsecure([entry], host)).toBe(true)
  })

  test.each([
    [[], 'reg.example'],
    [['reg.example:5000'], 'reg.example'],
    [['reg.example:5000'], 'reg.example:5001'],
    [['10.0.0.0/8'], '11.1.2.3'],
    [['10.0.0.0/8'], 'no-such-host.invalid'],
    [[], '128.0.0.1:5000'],
    [[], 'localhost.example'],
  ])('and not otherwise: %j, %s', async (insecure, host) => {
    expect(await isInsecure(insecure, host)).toBe(false)
  })

  test.each(['10.0.0.0/33', 'x/8', '10.0.0.0/', 'http://reg.example'])('%s is refused', async (entry) => {
    await expect(isInsecure([entry], 'reg.example')).rejects.toThrow('insecure registry')
  })
})

describe('a proxy', () => {
  const proxies = {
    http: 'http://p:1',
    https: 'q:2',
    no: 'a.example, .b.example,10.0.0.0/8,192.0.2.1:81,c.example:443',
  }
  test.each([
    ['http://x.example/', 'http://p:1'],
    ['https://x.example/', 'http://q:2'],
    ['https://localhost:5000/', undefined],
    ['http://127.3.4.5/', undefined],
    ['https://a.example/', undefined],
    ['https://sub.a.example/', undefined],
    ['https://ba.example/', 'http://q:2'],
    ['https://b.example/', 'http://q:2'],
    ['https://sub.b.example/', undefined],
    ['https://10.9.8.7:5000/', undefined],
    ['http://192.0.2.1:81/', undefined],
    ['http://192.0.2.1/', 'http://p:1'],
    ['https://c.example/', undefined],
    ['https://c.example:5000/', 'http://q:2'],
  ])('for %s is %s', (url, proxy) => {
    expect(proxyFor(new URL(url), proxies)).toBe(proxy)
  })

  test('is none where no-proxy is *', () => {
    expect(proxyFor(new URL('http://x.example'), { http: 'http://p:1', no: '*' })).toBeUndefined()
  })
})

describe('an image of docker.io', () => {
  test('is looked for at registry-1.docker.io, over TLS that is verified', async () => {
    const { bases, verify } = await addressOf('docker.io', { ...defaultRegistryConfig, insecure: ['docker.io'] })
    expect([bases.map(({ href }) => href), verify]).toEqual([['https://registry-1.docker.io/'], true])
  })

  test.each([
    ['ftp://m.example', 'unsupported scheme "ftp"'],
    ['m.example', 'unsupported scheme'],
    ['https://u:p@m.example', 'username/password not allowed'],
    ['https://m.example/path', 'path'],
    ['https://m.example/?q', 'query'],
  ])('has no mirror %s', async (mirror, words) => {
    await expect(mirrorAddress(mirror, defaultRegistryConfig)).rejects.toThrow(words)
  })
})

import { describe, expect, test } from 'vitest'
import { embeddedResolvConf, upstreamsOf } from '../../src/index.ts'

const HOST =
  '# made by hand\nnameserver 10.0.0.1\nnameserver 127.0.0.53 ; local\nnameserver fe80::1%eth0\nnameserver 10.0.0.4\nsearch corp.test\noptions rotate\n'

describe('upstreamsOf', () => {
  test('the host’s resolvers are asked, at most three; those only the host can reach, from the host', () => {
    expect(upstreamsOf(HOST)).toEqual([
      { address: '10.0.0.1', from: 'container' },
      { address: '127.0.0.53', from: 'host' },
      { address: 'fe80::1%eth0', from: 'host' },
    ])
  })

  test('--dns takes their place, and is asked from the container', () => {
    expect(upstreamsOf(HOST, { servers: ['127.0.0.1'] })).toEqual([{ address: '127.0.0.1', from: 'container' }])
    expect(() => upstreamsOf(HOST, { servers: ['dns.example.org'] })).toThrow('invalid IP address: dns.example.org')
  })

  test('a host without a resolver gets docker’s default', () => {
    expect(upstreamsOf('search x\nnameserver nonsense\n').map(({ address }) => address)).toEqual(['8.8.8.8', '8.8.4.4'])
  })
})

describe('embeddedResolvConf', () => {
  test.each([
    ['of the host', {}, 'search corp.test\nnameserver 127.0.0.11\noptions rotate ndots:0\n', false],
    [
      '--dns-search',
      { search: ['a.test', 'b.test'] },
      'search a.test b.test\nnameserver 127.0.0.11\noptions rotate ndots:0\n',
      false,
    ],
    ['--dns-search .', { search: ['.'] }, 'nameserver 127.0.0.11\noptions rotate ndots:0\n', false],
    [
      '--dns-option ndots:2',
      { options: ['ndots:2'] },
      'search corp.test\nnameserver 127.0.0.11\noptions ndots:2\n',
      true,
    ],
    [
      '--dns-option ndots:0',
      { options: ['ndots:0'] },
      'search corp.test\nnameserver 127.0.0.11\noptions ndots:0\n',
      false,
    ],
  ])('%s', (_, given, text, ndotsSet) => expect(embeddedResolvConf(HOST, given)).toEqual({ text, ndotsSet }))
})

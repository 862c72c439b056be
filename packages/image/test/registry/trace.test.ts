/** What is shown of a request, and what is not. */
import { describe, expect, test } from 'vitest'
import { visibleRequestHeaders, visibleResponseHeaders, visibleUrl } from '../../src/registry/http/trace.ts'

describe('the visible form', () => {
  test('of a signed URL has no signature', () => {
    const url =
      'https://user:pw@cdn.example/blob?X-Amz-Signature=abc&x-amz-credential=def&sig=ghi&token=jkl&password=m%26n&page=2'
    expect(visibleUrl(new URL(url))).toBe(
      'https://cdn.example/blob?X-Amz-Signature=***&x-amz-credential=***&sig=***&token=***&password=***&page=2',
    )
  })

  test.each([
    'verify=1700000000-abc',
    'expires=1700000000&signature=abc&version=2',
    'OSSAccessKeyId=abc&Signature=def&security-token=ghi',
    'q-signature=abc',
    '__token__=abc',
  ])('of a URL as content networks sign it has no secret: %s', (query) => {
    expect(visibleUrl(new URL(`https://cdn.example/blob?${query}`))).not.toMatch(/=(abc|def|ghi|1700)/)
  })

  test('of an ordinary URL is the URL', () => {
    const url = 'https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Falpine%3Apull'
    expect(visibleUrl(new URL(url))).toBe(url)
  })

  test('of headers tells the scheme of an authorization, and leaves out what is of no interest', () => {
    expect(visibleRequestHeaders({ Authorization: 'Bearer eyJhbGciOi', Accept: 'a/b', Cookie: 'secret' })).toEqual({
      authorization: 'Bearer ***',
      accept: 'a/b',
    })
  })

  test('of an answer blots out the secrets of Location and Link, and shows no cookie', () => {
    const headers = {
      location: '/v2/a/blobs/uploads/1?_state=secret&digest=sha256:a',
      link: '</v2/a/tags/list?last=b&token=secret>; rel="next"',
      'set-cookie': ['secret'],
    }
    expect(visibleResponseHeaders(headers)).toEqual({
      location: '/v2/a/blobs/uploads/1?_state=***&digest=sha256:a',
      link: '</v2/a/tags/list?last=b&token=***>; rel="next"',
    })
  })
})

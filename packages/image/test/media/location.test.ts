import { UserError } from '@mini-docker/syscall'
import { describe, expect, test } from 'vitest'
import { formatLocation, parseLocation } from '../../src/media/location.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`

describe('parseLocation', () => {
  test.each([
    [
      'docker://alpine',
      { medium: 'docker', reference: { domain: 'docker.io', path: 'library/alpine', tag: 'latest' } },
    ],
    [
      'docker://[::1]:5000/a@' + DIGEST,
      { medium: 'docker', reference: { domain: '[::1]:5000', path: 'a', digest: DIGEST } },
    ],
    ['oci:lay', { medium: 'oci', directory: 'lay', choice: { by: 'only' } }],
    ['oci:lay:', { medium: 'oci', directory: 'lay', choice: { by: 'only' } }],
    ['oci:/a/b:latest', { medium: 'oci', directory: '/a/b', choice: { by: 'name', name: 'latest' } }],
    [
      'oci:lay:localhost:5000/x:1',
      { medium: 'oci', directory: 'lay', choice: { by: 'name', name: 'localhost:5000/x:1' } },
    ],
    [`oci:lay@${DIGEST}`, { medium: 'oci', directory: 'lay', choice: { by: 'digest', digest: DIGEST } }],
    [`oci:lay:a@${DIGEST}`, { medium: 'oci', directory: 'lay', choice: { by: 'name', name: `a@${DIGEST}` } }],
    ['oci-archive:f.tar:v1', { medium: 'oci-archive', file: 'f.tar', choice: { by: 'name', name: 'v1' } }],
    ['docker-archive:f.tar', { medium: 'docker-archive', file: 'f.tar', choice: { by: 'only' } }],
    ['docker-archive:f.tar:@2', { medium: 'docker-archive', file: 'f.tar', choice: { by: 'index', index: 2 } }],
    [
      'docker-archive:f.tar:x',
      {
        medium: 'docker-archive',
        file: 'f.tar',
        choice: { by: 'reference', reference: { domain: 'docker.io', path: 'library/x', tag: 'latest' } },
      },
    ],
    ['dir:with:colon', { medium: 'dir', directory: 'with:colon' }],
    ['store:alpine:3.20', { medium: 'store', name: 'alpine:3.20' }],
  ])('%s', (text, location) => {
    expect(parseLocation(text)).toEqual(location)
    expect(parseLocation(formatLocation(parseLocation(text)))).toEqual(location)
  })

  // The words are skopeo's.
  test.each([
    ['alpine', 'invalid image name "alpine", expected colon-separated transport:reference'],
    ['foo:bar', 'invalid image name "foo:bar", unknown transport "foo"'],
    ['toString:x', 'unknown transport "toString"'],
    ['docker:alpine', 'docker: image reference alpine does not start with //'],
    ['docker://', 'invalid reference format'],
    ['docker://A', 'repository name (library/A) must be lowercase'],
    ['oci:', 'oci: needs a path'],
    ['oci::name', 'oci: needs a path'],
    ['oci:lay:%%bad', 'oci: invalid image name "%%bad"'],
    ['oci:lay@sha256:12', 'invalid checksum digest length'],
    ['oci-archive:', 'oci-archive: needs a path'],
    ['docker-archive:f:B', 'must be lowercase'],
    ['docker-archive:f:@x', '"@x" is no index'],
    [`docker-archive:f:al@${DIGEST}`, 'reference does not include a tag'],
    ['dir:', 'dir: needs a path'],
    ['dir:a\0b', 'zero byte'],
    ['store:', 'store: needs the name of an image'],
  ])('%j is refused: %s', (text, message) => {
    const parse = () => parseLocation(text)
    expect(parse).toThrow(UserError)
    expect(parse).toThrow(message)
  })

  test('of a long hostile name ends at once', () => {
    const start = performance.now()
    expect(() => parseLocation(`oci:lay:${'a-'.repeat(50_000)}!`)).toThrow('invalid image name')
    expect(performance.now() - start).toBeLessThan(500)
  })
})

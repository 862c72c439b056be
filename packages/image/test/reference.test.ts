// Helpers stand beside the tests they are for.
/* oxlint-disable unicorn/consistent-function-scoping */
import { spawnSync } from 'node:child_process'
import { UserError } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  familiarReference,
  familiarRepository,
  formatReference,
  parseName,
  parseReference,
  parseTag,
  type Reference,
} from '../src/reference.ts'
import { describeWith } from './support/requires.ts'

const HEX = '0123456789abcdef'.repeat(4)
const DIGEST = `sha256:${HEX}`

describe('parseReference', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20', 'alpine:3.20'],
    ['team/app', 'docker.io/team/app:latest', 'team/app:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['index.docker.io/library/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['docker.io/a/b/c', 'docker.io/a/b/c:latest', 'a/b/c:latest'],
    ['library/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app:1', 'localhost:5000/app:1', 'localhost:5000/app:1'],
    ['127.0.0.1:5000/tr/busy:1', '127.0.0.1:5000/tr/busy:1', '127.0.0.1:5000/tr/busy:1'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    ['REGISTRY/app', 'REGISTRY/app:latest', 'REGISTRY/app:latest'],
    ['ghcr.io/a/b__c.d-e--f', 'ghcr.io/a/b__c.d-e--f:latest', 'ghcr.io/a/b__c.d-e--f:latest'],
    [`app@${DIGEST}`, `docker.io/library/app@${DIGEST}`, `app@${DIGEST}`],
    [`app:1@${DIGEST}`, `docker.io/library/app:1@${DIGEST}`, `app:1@${DIGEST}`],
    ['app:UPPER_tag.1-2', 'docker.io/library/app:UPPER_tag.1-2', 'app:UPPER_tag.1-2'],
    ['ubuntu:80', 'docker.io/library/ubuntu:80', 'ubuntu:80'],
  ])('%s is %s', (text, canonical, familiar) => {
    const reference = parseReference(text)
    expect(formatReference(reference)).toBe(canonical)
    expect(familiarReference(reference)).toBe(familiar)
  })

  test.each(INVALID())('%s is refused with docker’s words: %s', (text, message) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'invalid', message }))
  })

  test('a name that would read otherwise when shortened stays long', () => {
    for (const text of ['docker.io/localhost/app:1', 'docker.io/a.b/app:1', `docker.io/library/${HEX}:1`]) {
      expect(familiarReference(parseReference(text))).toBe(text)
    }
  })

  test('a name of megabytes is refused at once', () => {
    const start = performance.now()
    for (const part of ['a', 'a-', 'a/', '.a', '[', '@sha256:']) {
      expect(() => parseReference(part.repeat(1_000_000))).toThrow(UserError)
    }
    expect(performance.now() - start).toBeLessThan(2000)
  })

  test('parseName gives no default tag', () => {
    expect(parseName('alpine').tag).toBeUndefined()
    expect(familiarRepository(parseName('docker.io/library/alpine:1'))).toBe('alpine')
  })

  test('parseTag takes a tag and nothing else', () => {
    expect(parseTag('v1.2_3-x')).toBe('v1.2_3-x')
    for (const bad of ['', '-a', 'a/b', 'a:b', 'x'.repeat(129)])
      expect(() => parseTag(bad)).toThrow('invalid tag format')
  })
})

describe('properties', () => {
  test('format, then parse, gives the same reference, canonical and familiar', () => {
    fc.assert(
      fc.property(references(), (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference)
        expect(parseReference(familiarReference(reference))).toEqual(reference)
      }),
      { numRuns: 1000 },
    )
  })

  test('any text either parses, and then formats to something that parses to the same, or is a UserError', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'aA0./:@-_[]'.split('')) }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        let reference: Reference
        try {
          reference = parseReference(text)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
          return
        }
        expect(parseReference(formatReference(reference))).toEqual(reference)
      }),
      { numRuns: 2000 },
    )
  })
})

describeWith(['docker'], 'docker agrees', () => {
  test('on what is a reference, and in its words on what is none', () => {
    for (const text of [
      'alpine:3',
      '[::1]:5/a',
      'A/b',
      'a..b',
      'a___b',
      `a@${DIGEST}`,
      ...INVALID().map(([one]) => one),
    ]) {
      if (text === '') continue
      expect([text, ours(text)]).toEqual([text, dockers(text)])
    }
  })

  test('on random texts', () => {
    const unit = fc.constantFrom('a', 'A', '0', '.', '/', ':', '-', '_', '@', 'sha256:', 'localhost', '[', ']')
    const texts = fc.sample(fc.string({ unit, minLength: 1, maxLength: 8 }), { numRuns: 60, seed: 7 })
    for (const text of texts) expect([text, ours(text)]).toEqual([text, dockers(text)])
  })
})

/** 'valid', or the message. */
function ours(text: string): string {
  try {
    parseName(text)
    return 'valid'
  } catch (error) {
    return (error as Error).message
  }
}

/** The client parses the name before it finds that no daemon listens there. */
function dockers(text: string): string {
  const { stderr } = spawnSync('docker', ['-H', 'tcp://127.0.0.1:1', 'pull', '--', text], { encoding: 'utf8' })
  return /Cannot connect|daemon/.test(stderr) ? 'valid' : stderr.trim()
}

function INVALID(): [text: string, message: string][] {
  return [
    ['', 'invalid reference format'],
    ['UPPER', 'invalid reference format: repository name (library/UPPER) must be lowercase'],
    ['foo/UPPER:1', 'invalid reference format: repository name (foo/UPPER) must be lowercase'],
    ['a b', 'invalid reference format'],
    ['/a', 'invalid reference format'],
    ['a/', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['-a', 'invalid reference format'],
    ['a-', 'invalid reference format'],
    ['a:', 'invalid reference format'],
    ['a:-x', 'invalid reference format'],
    [`a:${'x'.repeat(129)}`, 'invalid reference format'],
    ['a@sha256:abc', 'invalid reference format'],
    ['a:b@sha256:ab', 'invalid reference format'],
    [`a@sha256:${HEX.slice(0, 40)}`, 'invalid checksum digest length'],
    [`a@sha256:${HEX.toUpperCase()}`, 'invalid checksum digest format'],
    [`a@md5:${HEX.slice(0, 32)}`, 'unsupported digest algorithm'],
    [HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
    ['a'.repeat(248), 'repository name must not be more than 255 characters'],
  ]
}

function references(): fc.Arbitrary<Reference> {
  const unit = (alphabet: string) => fc.constantFrom(...alphabet.split(''))
  const alnum = fc.string({ unit: unit('abcxyz019'), minLength: 1, maxLength: 6 })
  const component = fc
    .tuple(alnum, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), alnum), { maxLength: 2 }))
    .map(([first, rest]) => first + rest.flat().join(''))
  const domain = fc.oneof(
    fc.constantFrom(
      'docker.io',
      'localhost',
      'localhost:5000',
      '127.0.0.1:80',
      '[::1]',
      '[fe80::1]:5000',
      'Host',
      'ghcr.io',
    ),
    fc.tuple(alnum, alnum).map(([a, b]) => `${a}.${b}:1`),
  )
  const tag = fc.string({ unit: unit('aZ9_.-'), minLength: 1, maxLength: 20 }).filter((one) => /^\w/.test(one))
  return fc
    .record({
      domain,
      path: fc.array(component, { minLength: 1, maxLength: 4 }).map((all) => all.join('/')),
      tag: fc.option(tag, { nil: undefined }),
      digest: fc.constantFrom(undefined, DIGEST),
    })
    .map((parts) => {
      const { digest, tag: given } = parts
      const path = parts.domain === 'docker.io' && !parts.path.includes('/') ? `library/${parts.path}` : parts.path
      const suffix = `${given === undefined ? '' : `:${given}`}${digest === undefined ? '' : `@${digest}`}`
      return parseReference(`${parts.domain}/${path}${suffix}`)
    })
}

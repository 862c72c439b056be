/** The grammar of WWW-Authenticate: what real registries send, and what nobody should. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseChallenges } from '../../src/registry/auth/challenge.ts'

const plain = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }))

describe('a challenge', () => {
  test('of Docker Hub (Bearer with three parameters) is read', () => {
    const header =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull"'
    expect(plain(header)).toEqual([
      {
        scheme: 'bearer',
        realm: 'https://auth.docker.io/token',
        service: 'registry.docker.io',
        scope: 'repository:library/alpine:pull',
      },
    ])
  })

  test('with commas and escaped quotes inside a value keeps them', () => {
    expect(plain(String.raw`Bearer scope="repository:a:pull,push", error="say \"no\""`)).toEqual([
      { scheme: 'bearer', scope: 'repository:a:pull,push', error: 'say "no"' },
    ])
  })

  test('after another one, in the same header, is its own', () => {
    expect(plain('Basic realm="a, b" , Bearer realm=https://x ,service = y')).toEqual([
      { scheme: 'basic', realm: 'a, b' },
      { scheme: 'bearer', realm: 'https://x', service: 'y' },
    ])
    expect(plain('Basic realm="x", Bearer realm="y"')).toEqual([
      { scheme: 'basic', realm: 'x' },
      { scheme: 'bearer', realm: 'y' },
    ])
  })

  test('with a value instead of parameters (Negotiate) does not hide the next', () => {
    expect(plain('Negotiate YIIJvwYG==, NTLM, Basic realm="x"')).toEqual([
      { scheme: 'negotiate' },
      { scheme: 'ntlm' },
      { scheme: 'basic', realm: 'x' },
    ])
  })

  test('whose parameter comes twice has the first', () => {
    expect(plain('Bearer realm="https://good/", realm="https://evil/"')).toEqual([
      { scheme: 'bearer', realm: 'https://good/' },
    ])
  })

  test('that names __proto__ changes no prototype', () => {
    const [challenge] = parseChallenges('Bearer __proto__="x", realm="y"')
    expect(challenge?.parameters.get('realm')).toBe('y')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  test('is survived whatever it is, in no time', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void parseChallenges(text)))
    const start = performance.now()
    for (const part of ['a', 'a=', '",', '\\"', 'Bearer realm="', 'a="b",', ' ,', 'a==', '/'])
      expect(parseChallenges(part.repeat(20_000)).length).toBeLessThanOrEqual(16)
    expect(performance.now() - start).toBeLessThan(2000)
  })

  test('that was written by the rules is read as it was meant', () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/)
    const value = fc.string({ maxLength: 20, unit: fc.constantFrom('a', ' ', ',', '=', '"', '\\', '/') })
    const challenge = fc.record({
      scheme: token,
      parameters: fc.uniqueArray(fc.tuple(token, value), {
        minLength: 1,
        maxLength: 5,
        selector: ([name]) => name.toLowerCase(),
      }),
    })
    fc.assert(
      fc.property(fc.array(challenge, { minLength: 1, maxLength: 4 }), (challenges) => {
        const written = challenges
          .map(({ scheme, parameters }) => {
            const pairs = parameters.map(([name, text]) => `${name}="${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`)
            return `${scheme} ${pairs.join(', ')}`
          })
          .join(', ')
        const read = parseChallenges(written).map(({ scheme, parameters }) => ({ scheme, parameters: [...parameters] }))
        expect(read).toEqual(
          challenges.map(({ scheme, parameters }) => ({
            scheme: scheme.toLowerCase(),
            parameters: parameters.map(([name, text]) => [name.toLowerCase(), text]),
          })),
        )
      }),
    )
  })
})

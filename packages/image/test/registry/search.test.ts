/** Searching, at registries that know how and at those that have a catalog only. */
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { mixedCompression, putContent, Registry as RealRegistry } from '../../../../test/harness/registry/index.ts'
import { closeServer, listenOnLoopback } from '../../../../test/harness/registry/listen.ts'
import { describeWith } from '../../../../test/harness/requires.ts'
import { splitTerm } from '../../src/registry/search.ts'
import { connect } from './client.ts'

describe('a term', () => {
  test.each([
    ['alpine', ['docker.io', 'alpine']],
    ['team/alpine', ['docker.io', 'team/alpine']],
    ['docker.io/alpine', ['docker.io', 'alpine']],
    ['index.docker.io/team/alpine', ['docker.io', 'team/alpine']],
    ['localhost:5000/team/al', ['localhost:5000', 'team/al']],
    ['reg.example/al', ['reg.example', 'al']],
  ])('%s is searched for at the right place', (term, split) => {
    expect(splitTerm(term)).toEqual(split)
  })
})

describeWith(['docker-registry', 'openssl'], 'a search', () => {
  test.each(['none', 'token'] as const)('of a registry with a catalog only (auth %s) filters that', async (auth) => {
    await using real = await RealRegistry.start({ auth })
    for (const path of ['team/alpha', 'team/beta', 'alphabet']) await putContent(real, path, '1', mixedCompression())
    using client = connect(real)
    const names = async (term: string, limit?: number): Promise<string[]> =>
      (await client.registry.search(`${real.host}/${term}`, limit)).map(({ name }) => name)
    expect(await names('ALPHA')).toEqual(['alphabet', 'team/alpha'])
    expect(await names('alpha', 1)).toEqual(['alphabet'])
    expect(await names('gamma')).toEqual([])
  })
})

test('a search of a registry that knows how asks it, as docker does', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    response.end(
      JSON.stringify({
        num_results: 2,
        results: [{ name: 'a/b', description: null, star_count: 3, is_official: true }, { name: 'c' }, { name: 'd' }],
      }),
    )
  })
  const host = `127.0.0.1:${await listenOnLoopback(server)}`
  await using _ = { [Symbol.asyncDispose]: () => closeServer(server) }
  using client = connect()
  expect(await client.registry.search(`${host}/a b`, 2)).toEqual([
    { name: 'a/b', description: '', stars: 3, official: true, automated: false },
    { name: 'c', description: '', stars: 0, official: false, automated: false },
  ])
  expect(asked).toEqual(['/v2/', '/v1/search?q=a+b&n=2'])
})

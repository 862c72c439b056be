import { UserError } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Router, splitTarget } from '../src/api/router.ts'
import { statusOf } from '../src/api/status.ts'

const names: string[] = []
const record = (name: string) => () => void names.push(name)
const router = new Router<null>({
  'GET /containers/json': record('list'),
  'GET /containers/{id}/json': record('inspect'),
  'GET /images/{name*}/json': record('image'),
  'GET /images/json': record('images'),
  'DELETE /images/{name*}': record('rmi'),
})

describe('router', () => {
  test('a path with a placeholder gives the decoded segment', () => {
    expect(router.match('GET', '/containers/a%20b/json')?.params).toEqual({ id: 'a b' })
  })
  test('a starred placeholder takes slashes, as names of images have', () => {
    expect(router.match('GET', '/images/localhost:5000/a/b:1/json')?.params).toEqual({ name: 'localhost:5000/a/b:1' })
    expect(router.match('DELETE', '/images/a/b')?.params).toEqual({ name: 'a/b' })
  })
  test('another method or a longer path matches nothing', () => {
    expect(router.match('POST', '/containers/json')).toBeUndefined()
    expect(router.match('GET', '/containers/a/b/json')).toBeUndefined()
  })
  test('malformed percent-encoding is the client’s mistake', () => {
    expect(() => router.match('GET', '/containers/%zz/json')).toThrow(UserError)
  })
})

describe('version prefix', () => {
  test('none means the newest', () => {
    expect(splitTarget('/info?a=1')).toMatchObject({ path: '/info', minor: 47 })
  })
  test('a spoken one is cut off', () => {
    const { path, query, minor } = splitTarget('/v1.41/containers/json?all=1')
    expect([path, query.get('all'), minor]).toEqual(['/containers/json', '1', 41])
  })
  test.each([
    ['/v1.50/info', 'client version 1.50 is too new. Maximum supported API version is 1.47'],
    ['/v2.0/info', 'client version 2.0 is too new. Maximum supported API version is 1.47'],
    [
      '/v1.23/info',
      'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
    ],
  ])('%s is refused in docker’s words', (target, message) => {
    expect(() => splitTarget(target)).toThrow(message)
  })
  test('any target gives a path or a UserError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { path } = splitTarget(text)
          router.match('GET', path)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})

test('a full disk is told as one, though the system’s error names no file', () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  expect(statusOf(error)).toEqual({
    status: 500,
    message:
      'ENOSPC: no space left on device, write (the disk of the data root is full: free some space, then try again)',
  })
})

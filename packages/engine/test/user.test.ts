import { describe, expect, test } from 'vitest'
import { resolveUser } from '../src/spec/user.ts'

const database = {
  passwd:
    'root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\ndaemon:x:1:1:daemon:/usr/sbin:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n',
  group: 'root:x:0:\ndaemon:x:1:\nwww-data:x:33:app,daemon\napp:x:1001:\nwheel:x:10:root\n',
}
const resolve = (user: string, add: string[] = []) => resolveUser(user, add, database)

describe('user of a container', () => {
  test('nobody named means root, with root’s groups and home', () => {
    expect(resolve('')).toEqual({ uid: 0, gid: 0, additionalGids: [0, 10], home: '/root' })
  })
  test('a name gives its uid, gid, groups and home', () => {
    expect(resolve('app')).toEqual({ uid: 1000, gid: 1001, additionalGids: [1001, 33], home: '/home/app' })
  })
  test('a uid of a known user is that user', () => {
    expect(resolve('1000')).toEqual(resolve('app'))
  })
  test('an unknown uid has group 0 and home /', () => {
    expect(resolve('4242')).toEqual({ uid: 4242, gid: 0, additionalGids: [0], home: '/' })
  })
  test('uid:gid and name:group leave out memberships', () => {
    expect(resolve('1:1')).toMatchObject({ uid: 1, gid: 1, additionalGids: [1] })
    expect(resolve('app:www-data')).toMatchObject({ uid: 1000, gid: 33, additionalGids: [33] })
    expect(resolve('app:555')).toMatchObject({ gid: 555 })
  })
  test('--group-add takes names and numbers', () => {
    expect(resolve('1:1', ['www-data', '77', '1']).additionalGids).toEqual([1, 33, 77])
  })
  test.each([
    ['nobody', [], 'unable to find user nobody: no matching entries in passwd file'],
    ['app:nope', [], 'unable to find group nope: no matching entries in group file'],
    ['', ['nope'], 'Unable to find group nope'],
    ['99999999999', [], 'uids and gids must be in range 0-2147483647: 99999999999'],
  ])('%s %j is refused in docker’s words', (user, add, message) => {
    expect(() => resolve(user, add)).toThrow(message)
  })
  test('an image without passwd still runs as a number, not as a name', () => {
    expect(resolveUser('5', [], { passwd: undefined, group: undefined })).toMatchObject({ uid: 5, gid: 0, home: '/' })
    expect(() => resolveUser('app', [], { passwd: undefined, group: undefined })).toThrow('no matching entries')
  })
})

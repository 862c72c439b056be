import { MS_BIND, MS_RDONLY, UserError } from '@mini-docker/syscall'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mountBody } from '../src/api/bodies.ts'
import { parseBind } from '../src/volumes/bind-spec.ts'
import type { MountPoint } from '../src/volumes/mount-point.ts'
import { parseMount } from '../src/volumes/mount-spec.ts'
import { parseDriverOptions } from '../src/volumes/driver-options.ts'
import { mountOf, parseMountinfo } from '../src/volumes/mountinfo.ts'
import { mountWarnings } from '../src/volumes/warnings.ts'
import { parseVolumesFrom } from '../src/volumes/volumes-from.ts'

describe('options of a volume', () => {
  test('o=bind is a folder of the host', () => {
    expect(parseDriverOptions({ type: 'none', o: 'bind,ro', device: '/srv' }, 'vol')).toMatchObject({
      kind: 'folder',
      device: '/srv',
      options: { flags: MS_BIND | MS_RDONLY },
    })
  })
  test('a tmpfs with a size is a filesystem', () => {
    expect(parseDriverOptions({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m,nosuid' }, 'vol')).toMatchObject({
      kind: 'filesystem',
      type: 'tmpfs',
      options: { data: 'size=1m' },
    })
  })
  test('none are none, and a size of 0 is no limit', () => {
    expect(parseDriverOptions({}, 'vol')).toBeUndefined()
    expect(parseDriverOptions({ size: '0' }, 'vol')).toBeUndefined()
  })
  test.each([
    [{ uid: '1000' }, 'create vol: invalid option: "uid"'],
    [{ type: 'tmpfs' }, 'create vol: missing required option: "device"'],
    [{ device: '/dev/sda' }, 'create vol: missing required option: "type"'],
    [{ o: 'bind' }, 'create vol: missing required option: "device"'],
    [{ size: '10m' }, 'create vol: quota size requested but no quota support'],
    [{ size: 'wat' }, "create vol: invalid size: 'wat'"],
    [{ type: 'none', o: 'bind', device: 'rel' }, 'device rel of a bind volume is not an absolute path'],
    [{ type: 'none', device: '/srv' }, 'missing filesystem type'],
    [{ type: 'nfs', device: ':/x', o: 'addr=server' }, 'addr=server is no IP address'],
    [{ type: 'tmpfs', device: 'tm\0pfs' }, 'cannot contain a NUL byte'],
  ])('%j is refused', (options, message) => expect(() => parseDriverOptions(options, 'vol')).toThrow(message))
})

describe('--volumes-from', () => {
  test.each([
    ['box', 'box', false],
    ['box:ro', 'box', true],
    ['box:rw,z', 'box', false],
  ])('%s', (spec, reference, readOnly) => expect(parseVolumesFrom(spec)).toEqual({ reference, readOnly }))
  test.each([
    ['', 'volumes-from specification cannot be an empty string'],
    ['box:wat', 'invalid mode: wat'],
    ['box:rshared', 'invalid mode: rshared'],
    ['box:nocopy', 'invalid mode: nocopy'],
  ])('%j is refused', (spec, message) => expect(() => parseVolumesFrom(spec)).toThrow(message))
})

test('z and Z are told to do nothing, a path with a z in it is not', () => {
  const Binds = ['/z:/Z', 'vol:/z:ro', '/a:/b:ro,z', 'vol:/c:Z']
  expect(mountWarnings({ Binds })).toEqual([
    '-v /a:/b:ro,z: z changes no labels: mini-docker does not use SELinux',
    '-v vol:/c:Z: Z changes no labels: mini-docker does not use SELinux',
  ])
})

test('whatever is written, it is parsed or refused, and no mount is at / or below /proc', () => {
  const word = fc.constantFrom(
    '/',
    'a',
    'vol',
    '..',
    '.',
    ':',
    ',',
    'ro',
    'z',
    'shared',
    'proc',
    'self',
    '\0',
    ' ',
    '~',
    'é',
  )
  const line = fc.array(word, { maxLength: 9 }).map((words) => words.join(''))
  const parsed = (work: () => MountPoint): MountPoint | undefined => {
    try {
      return work()
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
      return undefined
    }
  }
  fc.assert(
    fc.property(line, line, line, fc.constantFrom('bind', 'volume', 'tmpfs'), (spec, Target, Subpath, Type) => {
      const VolumeOptions = Type === 'volume' ? { Subpath } : undefined
      const body = mountBody.parse({ Type, Source: Type === 'tmpfs' ? '' : spec, Target, VolumeOptions })
      for (const point of [parsed(() => parseBind(spec)), parsed(() => parseMount(body))]) {
        if (point === undefined) continue
        expect(point.destination).toMatch(/^\/(?!$|proc$|proc\/self)/)
        expect(`/${point.destination}/`).not.toMatch(/\/\.{1,2}\/|\0/)
        expect(point.subpath ?? '').not.toMatch(/^\/|^\.\.(\/|$)|\0/)
        if (point.type === 'volume') expect(point.name).toMatch(/^([a-zA-Z0-9][\w.-]+)?$/)
      }
    }),
    { numRuns: 2000 },
  )
})

describe('mountinfo', () => {
  const mounts = parseMountinfo(
    [
      '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
      '30 22 0:30 / /mnt/a\\040b rw master:7 - tmpfs tmpfs rw',
      '31 22 0:31 / /mnt rw - tmpfs tmpfs rw',
    ].join('\n'),
  )
  test.each([
    ['/mnt/a b/c', '/mnt/a b'],
    ['/mnt/a', '/mnt'],
    ['/mntx', '/'],
  ])('%s is on %s', (path, expected) => expect(mountOf(path, mounts)?.mountPoint).toBe(expected))
  test('tells what is shared and what is a slave', () =>
    expect(mounts.map(({ shared, slave }) => [shared, slave])).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ]))
})

import { describe, expect, test } from 'vitest'
import { createBody } from '../src/api/bodies.ts'
import { parseBind, parseMountPoints } from '../src/volumes/mount-point.ts'

function points(host: object, volumes: Record<string, object> = {}) {
  const { HostConfig } = createBody.parse({ HostConfig: host })
  return parseMountPoints({ Volumes: volumes }, HostConfig)
}

describe('-v', () => {
  test('files below /proc that only tell numbers can be replaced', () =>
    expect(parseBind('/a:/proc/meminfo').destination).toBe('/proc/meminfo'))
  test('source:destination:ro is a read-only bind that makes its source', () => {
    expect(parseBind('/a/../b:/c/:ro')).toMatchObject({
      type: 'bind',
      source: '/b',
      destination: '/c',
      readOnly: true,
      propagation: 'rprivate',
      createSource: true,
    })
  })
  test('a propagation word is taken over', () => expect(parseBind('/b:/c:rshared,ro').propagation).toBe('rshared'))
  test('a bare destination is an anonymous volume', () =>
    expect(parseBind('/c')).toMatchObject({ type: 'volume', anonymous: true }))
  test('a name is a named volume', () =>
    expect(parseBind('data:/c:nocopy')).toMatchObject({
      type: 'volume',
      name: 'data',
      copyUp: false,
      anonymous: false,
    }))
  test.each([
    ['a:b:c:d', "invalid volume specification: 'a:b:c:d'"],
    ['::', "invalid volume specification: '::'"],
    ['/a:b', "invalid volume specification: '/a:b': invalid mount path: 'b' mount path must be absolute"],
    ['/a:/', "destination can't be '/'"],
    ['/a:/proc', '"/a:/proc" cannot be mounted because it is inside /proc'],
    ['/a:/x/../proc/sys', 'cannot be mounted because it is inside /proc'],
    ['/a:/b:wat', 'invalid mode: wat'],
    ['a/b:/c', 'includes invalid characters for a local volume name'],
  ])('%s is refused', (spec, message) => expect(() => parseBind(spec)).toThrow(message))
})

describe('all mounts of a container', () => {
  test('the user’s mount wins over the image’s VOLUME', () => {
    expect(
      points({ Binds: ['/h:/data'] }, { '/data': {}, '/other': {} }).map(({ type, destination }) => [
        type,
        destination,
      ]),
    ).toEqual([
      ['bind', '/data'],
      ['volume', '/other'],
    ])
  })
  test('one destination twice is refused', () => {
    expect(() => points({ Binds: ['/a:/x', '/b:/x'] })).toThrow('Duplicate mount point: /x')
  })
  test('--mount type=tmpfs has size and mode, --tmpfs its words', () => {
    const [mount, tmpfs] = points({
      Mounts: [{ Type: 'tmpfs', Target: '/s', TmpfsOptions: { SizeBytes: 4096, Mode: 0o1777 } }],
      Tmpfs: { '/run': 'rw,size=64k' },
    })
    expect(mount).toMatchObject({ type: 'tmpfs', tmpfsOptions: ['size=4096', 'mode=1777'] })
    expect(tmpfs).toMatchObject({ type: 'tmpfs', destination: '/run', tmpfsOptions: ['rw', 'size=64k'] })
  })
  test.each([
    [{ Tmpfs: { '/x': 'size=1m,lowerdir=/' } }, 'invalid tmpfs option'],
    [{ Mounts: [{ Type: 'bind', Target: '/x' }] }, 'field Source must not be empty'],
    [
      { Mounts: [{ Type: 'bind', Source: 'rel', Target: '/x' }] },
      "invalid mount path: 'rel' mount path must be absolute",
    ],
    [{ Mounts: [{ Type: 'wat', Target: '/x' }] }, 'mount type unknown: "wat"'],
    [{ Mounts: [{ Type: 'image', Source: 'a', Target: '/x' }] }, 'not built yet'],
  ])('%j is refused', (host, message) => expect(() => points(host)).toThrow(message))
})

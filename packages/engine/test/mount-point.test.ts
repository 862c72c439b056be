import { describe, expect, test } from 'vitest'
import { createBody } from '../src/api/bodies.ts'
import { parseBind } from '../src/volumes/bind-spec.ts'
import { followDaemonRoot } from '../src/volumes/daemon-root.ts'
import { parseMountPoints } from '../src/volumes/mount-point.ts'

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
    [
      '/a:b',
      `invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path: 'b' mount path must be absolute`,
    ],
    ['/a:/', "destination can't be '/'"],
    ['/a:/proc', '"/a:/proc" cannot be mounted because it is inside /proc'],
    ['/a:/x/../proc/sys', 'cannot be mounted because it is inside /proc'],
    ['/a:/b:wat', 'invalid mode: wat'],
    ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
    ['/a:/b:shared,slave', 'invalid mode: shared,slave'],
    ['/a:ro', "invalid volume specification: '/a:ro'"],
    [':/c', "invalid volume specification: ':/c'"],
    ['/a:', "invalid volume specification: '/a:'"],
    ['', "invalid volume specification: ''"],
    ['/a\0b:/c', 'invalid volume specification'],
    ['/a:/proc/self/fd', 'cannot be mounted because it is inside /proc'],
    ['a/b:/c', 'includes invalid characters for a local volume name'],
    ['..:/c', 'includes invalid characters for a local volume name'],
    ['../../etc:/c', 'includes invalid characters for a local volume name'],
    ['v:/c', 'create v: volume name is too short, names should be at least two alphanumeric characters'],
    [`${'v'.repeat(256)}:/c`, 'volume name is longer than 255 characters'],
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
  test.each([
    [{ Binds: ['/a:/x', '/b:/x'] }],
    [{ Binds: ['/a:/x', '/b:/y/../x/'] }],
    [{ Binds: ['/a:/x'], Tmpfs: { '/x': '' } }],
    [{ Binds: ['/a:/x'], Mounts: [{ Type: 'volume', Source: 'vol', Target: '/x' }] }],
  ])('one destination twice is refused: %j', (host) => {
    expect(() => points(host)).toThrow('Duplicate mount point: /x')
  })
  test('the user’s mount wins over what another container has there, and that over the image’s VOLUME', () => {
    const theirs = (destination: string) => ({ ...parseBind(`/theirs:${destination}`), source: '/theirs' })
    const { HostConfig } = createBody.parse({ HostConfig: { Binds: ['/mine:/a'] } })
    const all = parseMountPoints({ Volumes: { '/a': {}, '/b': {}, '/c': {} } }, HostConfig, [
      theirs('/a'),
      theirs('/b'),
    ])
    expect(Object.fromEntries(all.map(({ destination, source }) => [destination, source]))).toEqual({
      '/a': '/mine',
      '/b': '/theirs',
      '/c': '',
    })
  })
  test('--mount says all of a volume: subpath, nocopy, labels and options of a new one', () => {
    const [mount] = points({
      Mounts: [
        {
          Type: 'volume',
          Source: 'vol',
          Target: '/x',
          ReadOnly: true,
          VolumeOptions: {
            NoCopy: true,
            Subpath: 'a//b/',
            Labels: { k: 'v' },
            DriverConfig: { Name: 'local', Options: { type: 'tmpfs', device: 'tmpfs' } },
          },
        },
      ],
    })
    expect(mount).toMatchObject({
      name: 'vol',
      readOnly: true,
      copyUp: false,
      subpath: 'a/b',
      create: { labels: { k: 'v' }, options: { type: 'tmpfs', device: 'tmpfs' } },
    })
  })
  test('--mount type=tmpfs has size and mode, --tmpfs its words', () => {
    const [mount, tmpfs] = points({
      Mounts: [{ Type: 'tmpfs', Target: '/s', TmpfsOptions: { SizeBytes: 4096, Mode: 0o1777 } }],
      Tmpfs: { '/run': 'rw,size=64k' },
    })
    expect(mount).toMatchObject({ type: 'tmpfs', tmpfsOptions: ['mode=1777', 'size=4096'] })
    expect(tmpfs).toMatchObject({ type: 'tmpfs', destination: '/run', tmpfsOptions: ['rw', 'size=64k'] })
  })
  test.each([
    [{ Tmpfs: { '/x': 'size=1m,lowerdir=/' } }, 'invalid tmpfs option'],
    [{ Mounts: [{ Type: 'bind', Target: '/x' }] }, 'field Source must not be empty'],
    [
      { Mounts: [{ Type: 'bind', Source: 'rel', Target: '/x' }] },
      "invalid mount path: 'rel' mount path must be absolute",
    ],
    [{ Mounts: [{ Type: 'wat', Target: '/x' }] }, 'invalid mount config for type "wat": mount type unknown'],
    [{ Mounts: [{ Type: 'bind', Source: '/a', Target: '' }] }, 'field Target must not be empty'],
    [{ Mounts: [{ Type: 'bind', Source: '/a', Target: '/' }] }, "destination can't be '/'"],
    [{ Mounts: [{ Type: 'bind', Source: '/a', Target: '/x', TmpfsOptions: {} }] }, 'field TmpfsOptions must not be'],
    [{ Mounts: [{ Type: 'tmpfs', Source: '/a', Target: '/x' }] }, 'field Source must not be specified'],
    [
      { Mounts: [{ Type: 'bind', Source: '/a', Target: '/x', BindOptions: { Propagation: 'wat' } }] },
      'invalid propagation mode: wat',
    ],
    [
      { Mounts: [{ Type: 'volume', Target: '/x', VolumeOptions: { Subpath: 'a' } }] },
      'must not set Subpath when using anonymous volumes',
    ],
    ...['/a', '..', '../a', 'a/../../b'].map(
      (Subpath) =>
        [
          { Mounts: [{ Type: 'volume', Source: 'vol', Target: '/x', VolumeOptions: { Subpath } }] },
          'subpath must be a relative path within the volume',
        ] as [object, string],
    ),
    [
      { Mounts: [{ Type: 'volume', Source: 'vol', Target: '/x', VolumeOptions: { DriverConfig: { Name: 'nfs' } } }] },
      'error looking up volume plugin nfs: plugin "nfs" not found',
    ],
    [{ Mounts: [{ Type: 'tmpfs', Target: '/x', TmpfsOptions: { Options: [['suid']] } }] }, 'invalid option: suid'],
    [{ Mounts: [{ Type: 'image', Source: 'a', Target: '/x' }] }, 'not built yet'],
  ])('%j is refused', (host, message) => expect(() => points(host)).toThrow(message))
})

describe('binds that reach into the daemon’s folder', () => {
  const root = '/var/lib/mini-docker'
  const followed = (...Binds: string[]) =>
    followDaemonRoot(points({ Binds }), root).map(({ propagation }) => propagation)
  test('follow the host’s mounts, unless that was asked for', () => {
    expect(followed('/:/a', `${root}/volumes:/b`, '/var:/c:rshared', '/etc:/d', '/va:/e')).toEqual([
      'rslave',
      'rslave',
      'rshared',
      'rprivate',
      'rprivate',
    ])
  })
  test('cannot be private', () => {
    expect(() => followed('/:/a:rprivate')).toThrow(
      'must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: "/var/lib/mini-docker", bind mount source: "/", propagation: "rprivate"',
    )
  })
})

/** Tables, units and rows; the expected texts are docker's. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { containerRow, type ContainerSummary } from '../src/commands/ps.ts'
import { imageRows } from '../src/commands/images.ts'
import { formatEvent, readEvent } from '../src/commands/events.ts'
import { alignColumns } from '../src/format/columns.ts'
import { parseDuration, parseTimestamp } from '../src/format/go-time.ts'
import { displayPorts } from '../src/format/ports.ts'
import { formatRows } from '../src/format/rows.ts'
import { measure, statsRow } from '../src/format/stats.ts'
import { binarySize, humanDuration, humanSize, shortId } from '../src/format/units.ts'
import { clip, columnsOf, ellipsis } from '../src/format/width.ts'

const HOUR = 3600
const DAY = 24 * HOUR

describe('units', () => {
  test.each([
    [0.4, 'Less than a second'],
    [1, '1 second'],
    [59.9, '59 seconds'],
    [60, 'About a minute'],
    [119, 'About a minute'],
    [120, '2 minutes'],
    [59 * 60 + 59, '59 minutes'],
    [HOUR, 'About an hour'],
    [1.5 * HOUR, '2 hours'],
    [47.4 * HOUR, '47 hours'],
    [48 * HOUR, '2 days'],
    [13.9 * DAY, '13 days'],
    [14 * DAY, '2 weeks'],
    [60 * DAY, '2 months'],
    [729 * DAY, '24 months'],
    [731 * DAY, '2 years'],
  ])('%d seconds are %s', (seconds, text) => expect(humanDuration(seconds)).toBe(text))

  test.each([
    [0, '0B', '0B'],
    [999, '999B', '999B'],
    [1_982_489, '1.98MB', '1.982MB'],
    [164_286_070, '164MB', '164.3MB'],
    [999_999, '1e+03kB', '1000kB'],
    [2e9, '2GB', '2GB'],
  ])('%d bytes are %s or %s', (bytes, three, four) =>
    expect([humanSize(bytes, 3), humanSize(bytes)]).toEqual([three, four]),
  )

  test('binary sizes, ids, ellipsis', () => {
    expect([binarySize(360_448), binarySize(25_276_514_304), binarySize(64 << 20)]).toEqual([
      '352KiB',
      '23.54GiB',
      '64MiB',
    ])
    expect(shortId('sha256:10989911f320b9b9fcc18bcf')).toBe('10989911f320')
    expect([ellipsis('abc', 3), ellipsis('abcd', 3)]).toEqual(['abc', 'ab…'])
  })

  test('widths are columns of a terminal: East Asian characters and emoji take two, combining marks none', () => {
    const widths = ['abc', '日本', 'ｶﾅ', 'カナ', '한국', '🐳', 'e\u0301', 'naïve', '…'].map(columnsOf)
    expect(widths).toEqual([3, 4, 2, 4, 4, 2, 1, 5, 1])
    expect([clip('日本語', 5), clip('日本語', 6), ellipsis('日本語です', 6), ellipsis('日本語', 6)]).toEqual([
      '日本',
      '日本語',
      '日本…',
      '日本語',
    ])
  })

  test('tables give wide characters their two places', () => {
    // docker 28's search has these lines.
    expect(alignColumns('NAME\tSTARS\t\nbusybox\t3400\t\nfoo/日本\t0\t\n')).toBe(
      'NAME       STARS     \nbusybox    3400      \nfoo/日本   0         \n',
    )
  })

  test('durations and timestamps of --since', () => {
    expect([parseDuration('1h2m3.5s'), parseDuration('-10ms'), parseDuration('5'), parseDuration('')]).toEqual([
      3723.5,
      -0.01,
      undefined,
      undefined,
    ])
    expect(parseTimestamp('10s', 1_000_000)).toBe('990')
    expect(parseTimestamp('2026-11-20T19:35:00.5Z', 0)).toBe('1795203300.500000000')
    expect(parseTimestamp('1795203302.25', 0)).toBe('1795203302.25')
    expect(() => parseTimestamp('foo', 0)).toThrow('failed to parse value as time or duration: "foo"')
  })
})

describe('columns', () => {
  test('are as wide as their widest cell and three more, at least ten', () => {
    expect(alignColumns('ID\tNAME\tX\nabc\ta-longer-name\ty\n')).toBe(
      'ID        NAME            X\nabc       a-longer-name   y\n',
    )
  })

  test('belong to runs of lines: a line without the cell ends them', () => {
    expect(alignColumns('a\tb\nccccccccccccccc\td\n\ne\tf\n')).toBe(
      'a                 b\nccccccccccccccc   d\n\ne         f\n',
    )
  })

  test('count characters, not bytes, and lose nothing', () => {
    expect(alignColumns('…………………………\tx\n')).toBe('…………………………   x\n')
    const cell = fc.stringMatching(/^[a-z…é]{0,12}$/)
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 })), (lines) => {
        const aligned = alignColumns(lines.map((cells) => cells.join('\t')).join('\n'))
        expect(aligned.replaceAll(/ +/g, '')).toBe(lines.map((cells) => cells.join('')).join('\n'))
      }),
    )
  })
})

const CONTAINER: ContainerSummary = {
  Id: 'b0e7f0a30d9cd81a4bd511edc45068130025e4c18b21acf78f4f8bf62e32486d',
  Names: ['/trrm', '/other/link'],
  Image: 'busybox:test',
  ImageID: 'sha256:a6e6ef6ae61df46d160cdb53aa058b58',
  Command: 'sh -c \'i=0; while true; do echo "$i"; done\'',
  Created: 1_795_203_309,
  Ports: [],
  Labels: { z: '1', k: 'v' },
  State: 'running',
  Status: 'Up Less than a second',
  SizeRw: 0,
  SizeRootFs: 1_984_387,
  Mounts: [
    { Source: '/a-very-long-directory', Driver: '' },
    { Name: 'vol', Source: '/x', Driver: 'local' },
  ],
}

describe('rows', () => {
  test('a container’s fields', () => {
    const fields = JSON.parse(JSON.stringify(containerRow(CONTAINER, true, 1_795_203_312_000))) as Record<
      string,
      string
    >
    expect(fields).toMatchObject({
      ID: 'b0e7f0a30d9c',
      Names: 'trrm',
      Command: '"sh -c \'i=0; while t…"',
      RunningFor: '3 seconds ago',
      Size: '0B (virtual 1.98MB)',
      Labels: 'k=v,z=1',
      Mounts: '/a-very-long-d…,vol',
      LocalVolumes: '1',
      Platform: null,
    })
    expect(JSON.parse(JSON.stringify(containerRow(CONTAINER, false)))).toMatchObject({
      Names: 'trrm,other/link',
      Command: JSON.stringify(CONTAINER.Command),
    })
  })

  test('a custom table has titles, and a label’s last part as its title', async () => {
    const listing = {
      rows: [containerRow(CONTAINER, true)],
      columns: ['ID'],
      titles: { ID: 'CONTAINER ID', Names: 'NAMES' },
    }
    expect(await formatRows(listing, 'table {{.ID}}\\t{{upper .Names}}\\t{{.Label "a.k"}}')).toBe(
      'CONTAINER ID   NAMES     k\nb0e7f0a30d9c   TRRM      \n',
    )
    expect(await formatRows(listing, undefined, 'ID')).toBe('b0e7f0a30d9c\n')
    await expect(formatRows(listing, '{{.Foo}}')).rejects.toThrow(
      'template parsing error: template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.ContainerContext',
    )
  })

  test('an image has a row per tag, per tag and digest with --digests, or one of <none>', () => {
    const image = {
      Id: 'sha256:a',
      Created: 0,
      RepoTags: ['a:1', 'b:2'],
      RepoDigests: ['a@sha256:x', 'c@sha256:y'],
      Size: 1,
      SharedSize: -1,
      Containers: -1,
    }
    const names = (digests: boolean, one = image) =>
      imageRows(one, { truncate: true, digests }).map(({ fields }) =>
        ['Repository', 'Tag', 'Digest'].map((name) => fields[name]?.()).join(' '),
      )
    expect(names(false)).toEqual(['a 1 <none>', 'b 2 <none>', 'c <none> <none>'])
    expect(names(true)).toEqual(['a 1 sha256:x', 'b 2 <none>', 'c <none> sha256:y'])
    expect(names(false, { ...image, RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] })).toEqual([
      '<none> <none> <none>',
    ])
  })

  test('ports: ranges, mappings and what is only exposed', () => {
    const port = (PrivatePort: number, Type: string, IP?: string, PublicPort?: number) => ({
      PrivatePort,
      Type,
      ...(IP === undefined ? {} : { IP, PublicPort: PublicPort ?? PrivatePort }),
    })
    expect(
      displayPorts([
        port(9001, 'udp', '0.0.0.0'),
        port(80, 'tcp', '127.0.0.1', 8080),
        port(9000, 'udp', '0.0.0.0'),
        port(53, 'tcp'),
        port(9000, 'udp', '::'),
        port(9001, 'udp', '::'),
      ]),
    ).toBe('53/tcp, 0.0.0.0:9000-9001->9000-9001/udp, [::]:9000-9001->9000-9001/udp, 127.0.0.1:8080->80/tcp')
  })

  test('events keep all digits of their nanoseconds', () => {
    const line =
      '{"status":"die","id":"4355","Type":"container","Action":"die","Actor":{"ID":"4355","Attributes":{"name":"x","exitCode":"0"}},"scope":"local","time":1795203388,"timeNano":1795203388633216857}'
    expect(formatEvent(readEvent(line))).toMatch(/\.633216857\S* container die 4355 \(exitCode=0, name=x\)$/)
  })

  test('stats: CPU over all CPUs, memory without page cache, dashes for what does not run', () => {
    const cpu = (total: number, system: number) => ({
      cpu_usage: { total_usage: total },
      system_cpu_usage: system,
      online_cpus: 2,
    })
    const measured = measure(
      {
        id: 'a'.repeat(64),
        name: '/c',
        cpu_stats: cpu(200, 1000),
        precpu_stats: cpu(100, 600),
        memory_stats: { usage: 1 << 20, limit: 4 << 20, stats: { inactive_file: 1 << 19 } },
        networks: { eth0: { rx_bytes: 1180, tx_bytes: 0 } },
        blkio_stats: {
          io_service_bytes_recursive: [
            { op: 'Read', value: 5 },
            { op: 'read', value: 6 },
          ],
        },
        pids_stats: { current: 3 },
      },
      'c',
    )
    expect(JSON.parse(JSON.stringify(statsRow(measured, true)))).toMatchObject({
      CPUPerc: '50.00%',
      MemUsage: '512KiB / 4MiB',
      MemPerc: '12.50%',
      NetIO: '1.18kB / 0B',
      BlockIO: '11B / 0B',
      PIDs: '3',
    })
    expect(JSON.parse(JSON.stringify(statsRow({ container: 'x', id: 'x', name: '' }, true)))).toMatchObject({
      CPUPerc: '--',
      MemUsage: '-- / --',
      Name: '--',
    })
  })
})

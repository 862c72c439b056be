import { parseDigest, parseReference, type BlobState, type CopyEvent, type Descriptor } from '@mini-docker/image'
import { expect, test } from 'vitest'
import { progressBar } from '../src/images/transfer/bar.ts'
import { Pacer } from '../src/images/transfer/pacer.ts'
import { PullLines } from '../src/images/transfer/pull-lines.ts'
import { PushLines } from '../src/images/transfer/push-lines.ts'

const blob = (letter: string, size = 1000): Descriptor => {
  return { mediaType: 'application/octet-stream', digest: parseDigest(`sha256:${letter.repeat(64)}`), size }
}
const [config, lower, upper] = [blob('c'), blob('a'), blob('b')]
const event = (about: Descriptor, progress: BlobState): CopyEvent => {
  return { kind: 'blob', blob: about, role: about === config ? 'config' : 'layer', progress }
}
const none = { hasImage: () => false, hasLayer: () => false }

/** All lines of some events, as `id status`. */
function told(lines: PullLines, ...events: CopyEvent[]): string[] {
  return events.flatMap((one) => lines.lines(one)).map((line) => ('status' in line ? `${line.id} ${line.status}` : ''))
}

test('a layer goes through all of docker’s lines; a config, and a layer of another pull, through none', () => {
  const lines = told(
    new PullLines(none),
    event(config, { state: 'planned' }),
    event(lower, { state: 'planned' }),
    event(lower, { state: 'waiting' }),
    event(config, { state: 'transferring', bytes: 1 }),
    event(upper, { state: 'transferring', bytes: 5 }),
    event(lower, { state: 'transferring', bytes: 1000 }),
    event(lower, { state: 'verifying' }),
    event(lower, { state: 'transferred' }),
    event(lower, { state: 'done' }),
  )
  const words = ['Pulling fs layer', 'Waiting', 'Downloading', 'Verifying Checksum', 'Download complete', 'Extracting']
  expect(lines).toEqual([...words, 'Pull complete'].map((word) => `aaaaaaaaaaaa ${word}`))
})

test('a layer that is here already exists once, and does not wait', () => {
  const lines = told(
    new PullLines({ ...none, hasLayer: (digest) => digest === lower.digest }),
    event(lower, { state: 'planned' }),
    event(upper, { state: 'planned' }),
    event(lower, { state: 'waiting' }),
    event(lower, { state: 'present' }),
  )
  expect(lines).toEqual(['aaaaaaaaaaaa Already exists', 'bbbbbbbbbbbb Pulling fs layer'])
})

test('of an image that is here nothing is told', () => {
  const lines = new PullLines({ hasImage: (id) => id === config.digest, hasLayer: () => true })
  const events = [
    event(config, { state: 'planned' }),
    event(lower, { state: 'planned' }),
    event(lower, { state: 'present' }),
  ]
  expect(told(lines, ...events)).toEqual([])
})

test('progress comes ten times a second for each layer, and at its end in any case', () => {
  let now = 0
  const lines = new PullLines(none, new Pacer(() => now))
  const seen: string[] = []
  told(lines, event(lower, { state: 'planned' }), event(upper, { state: 'planned' }))
  for (let bytes = 0; bytes <= 1000; bytes += 10, now += 7) {
    seen.push(...told(lines, event(lower, { state: 'transferring', bytes })))
    seen.push(...told(lines, event(upper, { state: 'transferring', bytes })))
  }
  expect(seen.filter((line) => line.startsWith('a'))).toHaveLength(Math.ceil(700 / 105) + 1)
  expect(seen.filter((line) => line.startsWith('b'))).toHaveLength(Math.ceil(700 / 105) + 1)
})

test('pushed layers are called by their diffIDs, topmost first', () => {
  const diffID = `sha256:${'d'.repeat(64)}` as never
  const lines = new PushLines(new Map([[lower.digest, diffID]]))
  const tree = { descriptor: blob('e'), bytes: Buffer.alloc(0), children: [], blobs: [config, lower, upper, lower] }
  const events: CopyEvent[] = [
    { kind: 'planned', image: { tree, names: [], chosenFrom: undefined } },
    event(config, { state: 'done' }),
    event(upper, { state: 'waiting' }),
    event(lower, { state: 'transferring', bytes: 1000 }),
    event(lower, { state: 'done' }),
    event(upper, { state: 'mounted', from: parseReference('127.0.0.1:5000/team/app') }),
    event(upper, { state: 'present' }),
  ]
  expect(events.flatMap((one) => lines.lines(one))).toEqual([
    { status: 'Preparing', progressDetail: {}, id: 'bbbbbbbbbbbb' },
    { status: 'Preparing', progressDetail: {}, id: 'dddddddddddd' },
    { status: 'Waiting', progressDetail: {}, id: 'bbbbbbbbbbbb' },
    expect.objectContaining({ status: 'Pushing', progressDetail: { current: 1000, total: 1000 } }),
    { status: 'Pushed', progressDetail: {}, id: 'dddddddddddd' },
    { status: 'Mounted from team/app', progressDetail: {}, id: 'bbbbbbbbbbbb' },
    { status: 'Layer already exists', progressDetail: {}, id: 'bbbbbbbbbbbb' },
  ])
})

// As dockerd 20.10 wrote them.
test.each([
  [440320, 40828300, '[>                                                  ]  440.3kB/40.83MB'],
  [11000832, 40828300, '[=============>                                     ]     11MB/40.83MB'],
  [4259840, 6499034, '[================================>                  ]   4.26MB/6.499MB'],
  [34, 34, '[==================================================>]      34B/34B'],
  [3538944, 3743317, '[===============================================>   ]  3.539MB/3.743MB'],
  [70, 34, '[==================================================>]      70B'],
  [1200, 0, '   1.2kB'],
])('%i of %i is drawn as docker draws it', (current, total, bar) => {
  expect(progressBar(current, total)).toBe(bar)
})

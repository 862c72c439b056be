/** Screens for the tests: a small shop of three layers, and a layer of a hundred thousand files. */
import type { ImageHead, LayerCounts, TreeEntry, TreeEvent } from '@mini-docker/image/inspect'
import type { ChainID, DiffID, Digest } from '@mini-docker/image'
import { actionOf, keysIn, type Pressed } from '../../src/tui/keys.ts'
import { reduce } from '../../src/tui/reduce.ts'
import { startState, type ScreenState, type Start } from '../../src/tui/state.ts'

type Fields = Partial<TreeEntry> & Pick<TreeEntry, 'path' | 'change'>

function entry(fields: Fields): TreeEntry {
  const type = fields.type ?? 'file'
  return { type, size: 0, mode: type === 'directory' ? 0o755 : 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, ...fields }
}

function directory(path: string, change: TreeEntry['change'] = 'added'): TreeEntry {
  return entry({ path, change, type: 'directory' })
}

const LAYERS: { createdBy: string; entries: TreeEntry[] }[] = [
  {
    createdBy: '/bin/sh -c #(nop) ADD file:5a1c in / ',
    entries: [
      directory('bin'),
      entry({ path: 'bin/busybox', change: 'added', size: 1_131_168, mode: 0o755 }),
      entry({ path: 'bin/sh', change: 'added', type: 'hardlink', linkname: 'bin/busybox', mode: 0o755 }),
      directory('etc'),
      entry({ path: 'etc/motd', change: 'added', size: 5 }),
      entry({ path: 'etc/passwd', change: 'added', size: 1200 }),
      directory('var/cache'),
      entry({ path: 'var/cache/packages.db', change: 'added', size: 40_000_000 }),
    ],
  },
  {
    createdBy: 'RUN /bin/sh -c install-shop --all --with-recommended-packages # buildkit',
    entries: [
      { ...directory('etc', 'kept'), below: 0 },
      entry({ path: 'etc/passwd', change: 'changed', size: 1300, below: 0 }),
      entry({ path: 'etc/resolv.conf', change: 'added', type: 'symlink', linkname: '/run/resolv.conf', mode: 0o777 }),
      directory('srv/店'),
      entry({ path: 'srv/店/会議の記録.txt', change: 'added', size: 1234, uid: 1000, gid: 1000 }),
      entry({ path: 'srv/店/注文票.csv', change: 'added', size: 98_765, mode: 0o600 }),
      entry({ path: 'srv/evil\u001B[31m', change: 'added', size: 1 }),
    ],
  },
  {
    createdBy: 'RUN /bin/sh -c rm -rf /var/cache /etc/motd # buildkit',
    entries: [
      { ...directory('etc', 'kept'), below: 0 },
      entry({ path: 'etc/motd', change: 'removed', size: 5, below: 0 }),
      entry({ path: 'var/cache', change: 'removed', type: 'directory', size: 40_000_000, files: 1, below: 0 }),
    ],
  },
]

function counts(entries: readonly TreeEntry[]): LayerCounts {
  const of = (change: TreeEntry['change']): number => entries.filter((one) => one.change === change).length
  const bytes = entries.reduce((sum, one) => sum + (one.change === 'removed' ? 0 : one.size), 0)
  const directories = entries.filter(({ type }) => type === 'directory').length
  return {
    bytes,
    files: entries.length - directories,
    directories,
    added: of('added'),
    changed: of('changed'),
    removed: of('removed'),
  }
}

/** As a daemon tells it. */
export function eventsOf(layers: readonly { createdBy: string; entries: TreeEntry[] }[] = LAYERS): TreeEvent[] {
  const digest = (number: number): string => `sha256:${String(number).repeat(64).slice(0, 64)}`
  const image: ImageHead = {
    id: digest(7) as Digest,
    names: ['shop:1'],
    size: 20_000_000,
    layers: layers.map(({ createdBy }, i) => ({
      digest: digest(i + 1) as Digest,
      diffID: digest(i + 1) as DiffID,
      chainID: digest(i + 1) as ChainID,
      size: 1000 * (i + 1),
      createdBy,
    })),
  }
  const wasted = [
    { path: 'var/cache', bytes: 40_000_000, copies: 1, storedIn: [0], hiddenBy: [2] },
    { path: 'etc/passwd', bytes: 1200, copies: 1, storedIn: [0], hiddenBy: [1] },
    { path: 'etc/motd', bytes: 5, copies: 1, storedIn: [0], hiddenBy: [2] },
  ]
  return [
    { kind: 'image', image },
    ...layers.flatMap(({ entries }, layer): TreeEvent[] => [
      { kind: 'entries', layer, entries },
      { kind: 'layer', layer, counts: counts(entries) },
    ]),
    {
      kind: 'totals',
      totals: { storedBytes: 41_234_000, wastedBytes: 40_001_205, efficiency: 0.0299, wastedPaths: 3, wasted },
    },
  ]
}

export function screen(start: Partial<Start> = {}, events = eventsOf()): ScreenState {
  const state = startState({ language: 'en', colors: false, columns: 80, rows: 24, ...start })
  return events.reduce((next, event) => reduce(next, { kind: 'event', event }), state)
}

const NAMED: Record<string, Pressed> = {
  up: { upArrow: true },
  down: { downArrow: true },
  left: { leftArrow: true },
  right: { rightArrow: true },
  tab: { tab: true },
  'shift-tab': { tab: true, shift: true },
  enter: { return: true },
  esc: { escape: true },
  backspace: { backspace: true },
  pageup: { pageUp: true },
  pagedown: { pageDown: true },
  home: { home: true },
  end: { end: true },
}
export const KEY_NAMES = Object.keys(NAMED)

/** Presses keys one after the other: names of keys, or letters. */
export function press(state: ScreenState, ...keys: string[]): ScreenState {
  return keys.reduce((next, key) => {
    const named = NAMED[key]
    return keysIn(named === undefined ? key : '').reduce((after, one) => {
      const action = actionOf(one, named ?? {}, after)
      return action === undefined || action === 'quit' ? after : reduce(after, action)
    }, next)
  }, state)
}

/** One layer of so many files, fifty in a directory. */
export function manyFiles(count: number): { createdBy: string; entries: TreeEntry[] } {
  const entries: TreeEntry[] = []
  for (let i = 0; i < count; i++) {
    const parent = `app/dir${Math.floor(i / 50)}`
    if (i % 50 === 0) entries.push(directory(parent))
    entries.push(entry({ path: `${parent}/file-${i}.js`, change: 'added', size: i % 5000 }))
  }
  return { createdBy: 'COPY . /app', entries }
}

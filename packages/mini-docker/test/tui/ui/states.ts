/** States of the dashboard as the daemon's answers and keys make them. */
import { KeyDecoder } from '../../../src/tui/shared/keyboard.ts'
import { UI_KEYS } from '../../../src/tui/ui/actions.ts'
import type { Effect } from '../../../src/tui/ui/act.ts'
import { containersFrom, eventFrom, imagesFrom, networksFrom, volumesFrom } from '../../../src/tui/ui/items.ts'
import { LogFeed } from '../../../src/tui/ui/logs.ts'
import { press } from '../../../src/tui/ui/press.ts'
import { reduce, type Change } from '../../../src/tui/ui/reduce.ts'
import { startState, type Sample, type Start, type UiState } from '../../../src/tui/ui/state.ts'

/** 2026-03-04 05:06:07 UTC. */
export const NOW = Date.UTC(2026, 2, 4, 5, 6, 7)

const id = (letter: string): string => letter.repeat(64)
const endpoint = (network: string, address: string) => ({
  NetworkID: id(network),
  IPAddress: address,
  IPPrefixLen: 16,
  Gateway: address.replace(/\d+$/, '1'),
  MacAddress: '02:42:ac:12:00:02',
})

/** As `GET /containers/json` answers. The third has a name that no daemon should take, but another one may. */
export const CONTAINERS = [
  {
    Id: id('1'),
    Names: ['/web'],
    Image: 'nginx:1.27',
    ImageID: `sha256:${id('a')}`,
    Command: 'nginx -g "daemon off;"',
    Created: NOW / 1000 - 7200,
    State: 'running',
    Status: 'Up 2 hours (healthy)',
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    ],
    NetworkSettings: { Networks: { front: endpoint('f', '172.18.0.2') } },
    Mounts: [
      { Type: 'volume', Name: 'pages', Source: '/data/pages/_data', Destination: '/usr/share/nginx', RW: false },
    ],
  },
  {
    Id: id('2'),
    Names: ['/db'],
    Image: 'postgres:17',
    ImageID: `sha256:${id('b')}`,
    Command: 'postgres',
    Created: NOW / 1000 - 7000,
    State: 'running',
    Status: 'Up 2 hours (unhealthy)',
    Ports: [{ PrivatePort: 5432, Type: 'tcp' }],
    NetworkSettings: { Networks: { front: endpoint('f', '172.18.0.3'), back: endpoint('e', '172.19.0.2') } },
    Mounts: [
      { Type: 'volume', Name: 'data', Source: '/data/data/_data', Destination: '/var/lib/postgresql', RW: true },
    ],
  },
  {
    Id: id('3'),
    Names: ['/evil\u001B[2J\u202Ename'],
    Image: '店/注文:1',
    ImageID: `sha256:${id('c')}`,
    Command: 'sh',
    Created: NOW / 1000 - 60,
    State: 'paused',
    Status: 'Up About a minute (Paused)',
    Ports: [],
    NetworkSettings: { Networks: {} },
    Mounts: [],
  },
  {
    Id: id('4'),
    Names: ['/job-10'],
    Image: 'busybox',
    ImageID: `sha256:${id('c')}`,
    Command: 'false',
    Created: NOW / 1000 - 30,
    State: 'exited',
    Status: 'Exited (3) 20 seconds ago',
    Ports: [],
    NetworkSettings: { Networks: {} },
    Mounts: [],
  },
  {
    Id: id('5'),
    Names: ['/job-9'],
    Image: 'busybox',
    ImageID: `sha256:${id('c')}`,
    Command: 'true',
    Created: NOW / 1000 - 40,
    State: 'exited',
    Status: 'Exited (0) 30 seconds ago',
    Ports: [],
    NetworkSettings: { Networks: {} },
    Mounts: [],
  },
]

const IMAGES = [
  {
    Id: `sha256:${id('a')}`,
    RepoTags: ['nginx:1.27', 'nginx:latest'],
    Size: 187_000_000,
    Created: NOW / 1000 - 864_000,
  },
  { Id: `sha256:${id('b')}`, RepoTags: ['postgres:17'], Size: 435_000_000, Created: NOW / 1000 - 1_864_000 },
  { Id: `sha256:${id('c')}`, RepoTags: ['busybox:latest'], Size: 4_300_000, Created: NOW / 1000 - 9_864_000 },
  { Id: `sha256:${id('d')}`, RepoTags: null, RepoDigests: ['shop@sha256:00'], Size: 1000, Created: NOW / 1000 - 10 },
]
const NETWORKS = [
  {
    Id: id('f'),
    Name: 'front',
    Driver: 'bridge',
    IPAM: { Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }] },
  },
  {
    Id: id('e'),
    Name: 'back',
    Driver: 'bridge',
    Internal: true,
    IPAM: { Config: [{ Subnet: '172.19.0.0/16', Gateway: '172.19.0.1' }] },
  },
  { Id: id('0'), Name: 'none', Driver: 'null', IPAM: { Config: null } },
]
const VOLUMES = {
  Volumes: [
    {
      Name: 'data',
      Driver: 'local',
      Mountpoint: '/data/data/_data',
      CreatedAt: '2026-03-01T00:00:00Z',
      UsageData: { Size: 52_000_000 },
    },
    {
      Name: 'pages',
      Driver: 'local',
      Mountpoint: '/data/pages/_data',
      CreatedAt: '2026-03-02T00:00:00Z',
      UsageData: { Size: -1 },
    },
  ],
}
const EVENTS = [
  {
    Type: 'container',
    Action: 'start',
    Actor: { ID: id('1'), Attributes: { name: 'web' } },
    timeNano: (NOW - 5000) * 1e6,
  },
  {
    Type: 'container',
    Action: 'die',
    Actor: { ID: id('4'), Attributes: { name: 'job-10', exitCode: '3' } },
    timeNano: (NOW - 3000) * 1e6,
  },
]

export const ITEMS: Change = {
  kind: 'items',
  items: {
    containers: containersFrom(CONTAINERS),
    images: imagesFrom(IMAGES),
    networks: networksFrom(NETWORKS),
    volumes: volumesFrom(VOLUMES),
  },
}

export function sample(at: number, cpuPercent: number, memory: number): Sample {
  const total = at * 1000
  return {
    at,
    cpuPercent,
    memory,
    memoryLimit: 1 << 30,
    received: total,
    sent: total / 2,
    read: 0,
    written: total * 3,
    pids: 4,
  }
}

/** A dashboard that has read everything. */
export function dashboard(start: Partial<Start> = {}, ...changes: Change[]): UiState {
  const state = startState({
    language: 'en',
    theme: 'dark',
    columns: 120,
    rows: 30,
    now: NOW,
    where: 'unix:///run/x.sock',
    ...start,
  })
  const open: Change = {
    kind: 'connection',
    connection: { kind: 'open', where: 'unix:///run/x.sock', version: '28.0' },
  }
  const samples = [0, 1, 2, 3, 4, 5].flatMap((i) => [
    [id('1'), sample(i * 1000, 10 + i * 5, 50_000_000 + i * 1_000_000)] as const,
    [id('2'), sample(i * 1000, 95, 300_000_000)] as const,
  ])
  const all: Change[] = [
    open,
    ITEMS,
    { kind: 'events', events: EVENTS.map(eventFrom) },
    { kind: 'samples', samples },
    ...changes,
  ]
  return all.reduce(reduce, state)
}

/** Lines of a log, as they come from the daemon. */
export function log(lines: readonly string[]): (state: UiState) => UiState {
  return (state) => {
    const feed = new LogFeed(false)
    feed.push(Buffer.from(lines.map((line) => `2026-03-04T05:06:07.123456789Z ${line}\n`).join('')))
    const own = { ...state, detail: { ...state.detail, lines: [...state.detail.lines] } }
    return reduce(own, { kind: 'log', key: state.detail.key, news: feed.take() })
  }
}

/** Presses keys by name; several letters are typed one after the other. Effects are collected. */
export function keys(state: UiState, ...names: string[]): { state: UiState; effects: Effect[] } {
  const effects: Effect[] = []
  let next = state
  for (const name of names) {
    for (const key of UI_NAMES.has(name) ? [name] : new KeyDecoder().feed(Buffer.from(name)).map((one) => one.name)) {
      const pressed = press(next, { name: key }, UI_KEYS)
      next = pressed.state
      if (pressed.effect !== undefined) effects.push(pressed.effect)
    }
  }
  return { state: next, effects }
}

export function pressed(state: UiState, ...names: string[]): UiState {
  return keys(state, ...names).state
}

export const UI_NAMES = new Set(
  'up down left right home end pageup pagedown tab enter escape backspace delete space ctrl-c ctrl-p ctrl-t ctrl-u ctrl-w shift-left shift-right'.split(
    ' ',
  ),
)

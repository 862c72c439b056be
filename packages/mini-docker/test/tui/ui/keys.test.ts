import { describe, expect, test } from 'vitest'
import { UI_KEYS } from '../../../src/tui/ui/actions.ts'
import { bindingsFrom } from '../../../src/tui/shared/bindings.ts'
import { press } from '../../../src/tui/ui/press.ts'
import { reduce } from '../../../src/tui/ui/reduce.ts'
import { chosenItem, detailKey, listOf, targetsOf, type UiState } from '../../../src/tui/ui/state.ts'
import { fuzzyScore, paletteActions } from '../../../src/tui/ui/palette.ts'
import { CONTAINERS, dashboard, keys, log, pressed, sample } from './states.ts'
import { containersFrom } from '../../../src/tui/ui/items.ts'

const shownNames = (state: UiState): string[] =>
  listOf(state).shown.map((id) => state.items[state.section].find((item) => item.id === id)?.name ?? '')
const chosen = (state: UiState): string | undefined => chosenItem(state)?.name

describe('the list', () => {
  test('is in the order in which people count, and sorts by every column both ways', () => {
    expect(shownNames(dashboard())).toEqual(['db', 'evil [2Jname', 'job-9', 'job-10', 'web'])
    expect(shownNames(pressed(dashboard(), 'O'))).toEqual(['web', 'job-10', 'job-9', 'evil [2Jname', 'db'])
    const byCpu = pressed(dashboard(), 'o', 'o')
    expect(shownNames(byCpu).slice(0, 2)).toEqual(['db', 'web'])
    const changed = reduce(byCpu, { kind: 'samples', samples: [[CONTAINERS[0]?.Id ?? '', sample(9000, 180, 1)]] })
    expect(shownNames(changed).slice(0, 2)).toEqual(['web', 'db'])
    expect(shownNames(pressed(dashboard(), '2', 'o'))).toEqual([
      'postgres:17',
      'nginx:1.27',
      'busybox:latest',
      'shop:<none>',
    ])
  })

  test('a filter finds names, images, states and the beginning of an ID; escape takes it away', () => {
    expect(shownNames(pressed(dashboard(), '/', 'NGINX'))).toEqual(['web'])
    expect(shownNames(pressed(dashboard(), '/', '222'))).toEqual(['db'])
    expect(shownNames(pressed(dashboard(), '/', 'exited'))).toEqual(['job-9', 'job-10'])
    expect(shownNames(pressed(dashboard(), '/', 'exitedx', 'backspace', 'enter', 'q'))).toHaveLength(2)
    expect(shownNames(pressed(dashboard(), '/', 'web', 'enter', 'escape'))).toHaveLength(5)
    expect(keys(dashboard(), '/', 'q').effects).toEqual([])
  })

  test('a shows those that run, and all again', () => {
    expect(shownNames(pressed(dashboard(), 'a'))).toEqual(['db', 'evil [2Jname', 'web'])
    expect(shownNames(pressed(dashboard(), 'a', 'a'))).toHaveLength(5)
  })

  test('the cursor stays on its container when others come and go, and near it when it goes itself', () => {
    const at = pressed(dashboard(), 'end', 'up')
    expect(chosen(at)).toBe('job-10')
    const without = (name: string) => ({
      kind: 'items' as const,
      items: { containers: containersFrom(CONTAINERS.filter(({ Names }) => Names[0] !== `/${name}`)) },
    })
    expect(chosen(reduce(at, without('db')))).toBe('job-10')
    const gone = reduce(at, without('job-10'))
    expect(chosen(gone)).toBe('web')
    expect(gone.detail.key).toBe(detailKey(gone))
    expect(chosen(reduce(at, { kind: 'items', items: { containers: [] } }))).toBeUndefined()
  })

  test('a container that is removed while it is looked at is said to be gone, and its full screen ends', () => {
    const zoomed = pressed(dashboard(), 'end', 'z')
    const gone = reduce(zoomed, { kind: 'items', items: { containers: containersFrom(CONTAINERS.slice(1)) } })
    expect(gone.isZoomed).toBe(false)
    expect(gone.notice?.text).toContain('web')
  })
})

describe('actions', () => {
  const effect = (state: UiState, ...names: string[]) => keys(state, ...names).effects.at(-1)
  const ids = (...indexes: number[]): string[] => indexes.map((i) => CONTAINERS[i]?.Id ?? '')

  test('stop, restart and pause are done at once, to the chosen one', () => {
    const web = pressed(dashboard(), 'end')
    for (const [key, action] of [
      ['s', 'stop'],
      ['r', 'restart'],
      ['p', 'pause'],
      ['e', 'exec'],
      ['A', 'attach'],
    ] as const)
      expect(effect(web, key)).toEqual({ kind: 'do', action, section: 'containers', targets: ids(0), value: '' })
  })

  test('what cannot be done here is said, and not tried', () => {
    const { state, effects } = keys(pressed(dashboard(), 'end'), 'u')
    expect(effects).toEqual([])
    expect(state.notice).toEqual({ text: 'Start: not possible here', isBad: true })
    expect(keys(pressed(dashboard(), '3'), 's').effects).toEqual([])
    expect(keys(dashboard({}, { kind: 'items', items: { containers: [] } }), 'd').state.dialog).toBeUndefined()
  })

  test('remove and kill ask first; only y does it', () => {
    const web = pressed(dashboard(), 'end')
    expect(effect(web, 'd')).toBeUndefined()
    expect(effect(web, 'd', 'n')).toBeUndefined()
    expect(pressed(web, 'd', 'enter').dialog).toBeUndefined()
    expect(effect(web, 'd', 'y')).toMatchObject({ action: 'remove', targets: ids(0) })
    expect(effect(web, 'K', 'y')).toMatchObject({ action: 'kill', targets: ids(0) })
    expect(effect(pressed(dashboard(), '4'), 'D', 'y')).toMatchObject({
      action: 'prune',
      section: 'volumes',
      targets: [],
    })
  })

  test('marked rows get the action together, those that it is for; then the marks are gone', () => {
    const marked = pressed(dashboard(), '*')
    expect(targetsOf(marked)).toHaveLength(5)
    const { state, effects } = keys(marked, 'u')
    expect(effects[0]).toMatchObject({ action: 'start', targets: ids(4, 3) })
    expect(listOf(state).marked.size).toBe(0)
    expect(targetsOf(pressed(dashboard(), 'space', 'space')).map(({ name }) => name)).toEqual(['db', 'evil [2Jname'])
  })

  test('marks do not reach what a filter hides', () => {
    expect(effect(pressed(dashboard(), '*', '/', 'job', 'enter'), 'd', 'y')).toMatchObject({ targets: ids(4, 3) })
  })

  test('rename begins with the name there is; pull and run take a line', () => {
    expect(effect(pressed(dashboard(), 'end'), 'R', 'backspace', 'X', 'enter')).toMatchObject({
      action: 'rename',
      targets: ids(0),
      value: 'weX',
    })
    expect(effect(pressed(dashboard(), '2'), 'P', 'alpine:3', 'enter')).toMatchObject({
      action: 'pull',
      value: 'alpine:3',
    })
    expect(effect(pressed(dashboard(), '2'), 'x', 'enter')).toMatchObject({ action: 'run', value: '-d busybox:latest' })
    expect(effect(pressed(dashboard(), '2'), 'P', 'escape')).toBeUndefined()
  })

  test('q and ctrl-c leave; ctrl-c first ends what is typed or asked', () => {
    expect(effect(dashboard(), 'q')).toEqual({ kind: 'quit' })
    expect(effect(dashboard(), 'ctrl-c')).toEqual({ kind: 'quit' })
    expect(keys(pressed(dashboard(), ':'), 'ctrl-c')).toMatchObject({ effects: [], state: { dialog: undefined } })
  })

  test('keys can be given to others in keys.json', () => {
    const { bindings, problems } = bindingsFrom('{"ui":{"stop":"x","quit":"ctrl-q"}}', 'ui', UI_KEYS)
    expect(problems).toEqual([expect.stringContaining('ui.run')])
    const web = pressed(dashboard(), 'end')
    expect(press(web, { name: 'x' }, bindings).effect).toMatchObject({ action: 'stop' })
    expect(press(web, { name: 's' }, bindings).effect).toBeUndefined()
    expect(press(web, { name: 'q' }, bindings).effect).toBeUndefined()
    expect(press(web, { name: 'ctrl-q' }, bindings).effect).toEqual({ kind: 'quit' })
  })
})

describe('the palette', () => {
  test('has what can be done here, found by letters in their order, best first', () => {
    expect(paletteActions(pressed(dashboard(), 'end'), 'stp')[0]).toBe('stop')
    expect(paletteActions(pressed(dashboard(), 'end'), 'res')[0]).toBe('restart')
    expect(paletteActions(pressed(dashboard(), '2'), 'stop')).not.toContain('stop')
    expect(paletteActions(dashboard({ language: 'ja' }), '再起動')).toEqual(['restart'])
    expect(fuzzyScore('zz', 'Stop')).toBe(0)
  })

  test('does what is chosen', () => {
    expect(keys(pressed(dashboard(), 'end'), ':', 'restart', 'enter').effects).toMatchObject([{ action: 'restart' }])
    expect(pressed(dashboard(), ':', 'volumes', 'enter').section).toBe('volumes')
    expect(pressed(dashboard(), ':', 'zzzz', 'enter').dialog).toBeUndefined()
  })
})

describe('the right side', () => {
  const lines = Array.from({ length: 100 }, (_, i) => (i % 10 === 3 ? `line ${i} ERROR` : `line ${i}`))

  test('follows a log until one scrolls up, and again at its end', () => {
    const state = pressed(log(lines)(dashboard()), 'tab')
    expect(state.detail).toMatchObject({ isFollowing: true, top: 74 })
    const held = pressed(state, 'pageup')
    expect(held.detail).toMatchObject({ isFollowing: false, top: 48 })
    expect(log(['more'])(held).detail.top).toBe(48)
    expect(pressed(log(['more'])(held), 'end').detail).toMatchObject({ isFollowing: true, top: 75 })
  })

  test('lines that are too many go, and what is looked at stays where it is', () => {
    const many = Array.from({ length: 4_998 }, (_, i) => `line ${i}`)
    const full = [1, 2, 3, 4].reduce((state) => log(many)(state), dashboard())
    const held = pressed(full, 'tab', 'pageup')
    const before = held.detail.lines[held.detail.top]
    const after = log(Array.from({ length: 20 }, (_, i) => `new ${i}`))(held)
    expect(after.detail.lines.length).toBeLessThan(20_000)
    expect(after.detail.skipped).toBeGreaterThan(0)
    expect(after.detail.lines[after.detail.top]).toBe(before)
  })

  test('a search goes to the next match and the one before, round the ends; escape ends it', () => {
    const found = pressed(log(lines)(dashboard()), 'tab', '/', 'error', 'enter')
    expect(found.detail.match).toBe(93)
    expect(found.detail.isFollowing).toBe(false)
    expect(pressed(found, 'n').detail.match).toBe(3)
    expect(pressed(found, 'N').detail.match).toBe(83)
    expect(pressed(found, 'n', 'N', 'N').detail.match).toBe(83)
    expect(pressed(found, 'escape').search).toBe('')
    expect(pressed(log(lines)(dashboard()), 'tab', '/', 'nowhere', 'enter').detail.match).toBeUndefined()
  })

  test('an answer that comes when one looks at something else already is not shown', () => {
    const late = reduce(dashboard(), { kind: 'log', key: 'containers/logs/other', news: { lines: ['x'], skipped: 0 } })
    expect(late.detail.lines).toEqual([])
    expect(pressed(log(lines)(dashboard()), 'down').detail.lines).toEqual([])
  })

  test('tabs go round, and the mouse chooses sections, tabs and rows', () => {
    expect(pressed(dashboard(), 'left').tabs.containers).toBe('kernel')
    expect(pressed(dashboard(), 'left', 'right').tabs.containers).toBe('logs')
    const click = (state: UiState, column: number, row: number, name = 'click') =>
      press(state, { name, at: { column, row } }, UI_KEYS).state
    expect(click(dashboard(), 18, 0).section).toBe('images')
    expect(chosen(click(dashboard(), 5, 4))).toBe('job-9')
    expect(chosen(click(dashboard(), 5, 25))).toBe('db')
    const tabbed = click(dashboard(), 57 + 8, 1)
    expect(tabbed.tabs.containers).toBe('stats')
    expect(click(log(lines)(dashboard()), 80, 10, 'wheelup').detail.isFollowing).toBe(false)
    expect(chosen(click(dashboard(), 5, 4, 'wheeldown'))).toBe('job-10')
  })
})

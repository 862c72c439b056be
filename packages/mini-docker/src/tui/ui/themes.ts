/** Colours by what they mean. Four themes; under NO_COLOR and on terminals with 16 colours the paint does with what is there. */
import type { Style } from '../shared/pieces.ts'

export const THEMES = ['dark', 'light', 'mono', 'classic'] as const
export type ThemeName = (typeof THEMES)[number]

export type Theme = {
  /** The bar with the sections, and the chosen one of them. */
  bar: Style
  barChosen: Style
  title: Style
  focus: Style
  /** The row with the cursor, where keys go and elsewhere. */
  cursor: Style
  cursorAway: Style
  mark: Style
  good: Style
  warn: Style
  bad: Style
  muted: Style
  key: Style
  match: Style
  matchHere: Style
  /** Of charts and drawings, one after the other. */
  series: readonly Style[]
}

const NAMED: Record<ThemeName, Theme> = {
  dark: {
    bar: { color: '#9aa5ce', background: '#24283b' },
    barChosen: { color: '#1a1b26', background: '#7aa2f7', bold: true },
    title: { bold: true },
    focus: { bold: true, color: '#7aa2f7' },
    cursor: { background: '#2f4f7f', color: '#ffffff' },
    cursorAway: { background: '#2a2e42' },
    mark: { color: '#ff9e64', bold: true },
    good: { color: '#9ece6a' },
    warn: { color: '#e0af68' },
    bad: { color: '#f7768e', bold: true },
    muted: { color: '#7a83a8' },
    key: { color: '#7dcfff', bold: true },
    match: { background: '#5f5f00', color: '#ffffff' },
    matchHere: { background: '#ff9e64', color: '#000000' },
    series: [
      { color: '#7aa2f7' },
      { color: '#9ece6a' },
      { color: '#bb9af7' },
      { color: '#e0af68' },
      { color: '#7dcfff' },
    ],
  },
  light: {
    bar: { color: '#3b4261', background: '#d5d9e8' },
    barChosen: { color: '#ffffff', background: '#2e5fc2', bold: true },
    title: { bold: true },
    focus: { bold: true, color: '#2e5fc2' },
    cursor: { background: '#b7ccf4', color: '#000000' },
    cursorAway: { background: '#e4e7f1', color: '#000000' },
    mark: { color: '#b15c00', bold: true },
    good: { color: '#2f6f1a' },
    warn: { color: '#8f5e15' },
    bad: { color: '#b3152e', bold: true },
    muted: { color: '#5d6480' },
    key: { color: '#005f87', bold: true },
    match: { background: '#ffe58a', color: '#000000' },
    matchHere: { background: '#ff9e3d', color: '#000000' },
    series: [
      { color: '#2e5fc2' },
      { color: '#2f6f1a' },
      { color: '#7847bd' },
      { color: '#8f5e15' },
      { color: '#005f87' },
    ],
  },
  mono: {
    bar: { inverse: true },
    barChosen: { bold: true },
    title: { bold: true },
    focus: { bold: true },
    cursor: { inverse: true },
    cursorAway: { bold: true },
    mark: { bold: true },
    good: {},
    warn: { bold: true },
    bad: { bold: true },
    muted: { dim: true },
    key: { bold: true },
    match: { inverse: true },
    matchHere: { inverse: true, bold: true },
    series: [{}],
  },
  classic: {
    bar: { color: 'white', background: 'blue' },
    barChosen: { color: 'black', background: 'cyan', bold: true },
    title: { bold: true },
    focus: { bold: true, color: 'cyan' },
    cursor: { color: 'black', background: 'cyan' },
    cursorAway: { bold: true },
    mark: { color: 'yellow', bold: true },
    good: { color: 'green' },
    warn: { color: 'yellow' },
    bad: { color: 'red', bold: true },
    muted: { color: 'gray' },
    key: { color: 'cyan', bold: true },
    match: { color: 'black', background: 'yellow' },
    matchHere: { color: 'black', background: 'magenta' },
    series: [{ color: 'cyan' }, { color: 'green' }, { color: 'magenta' }, { color: 'yellow' }, { color: 'blue' }],
  },
}

export function themeOf(name: ThemeName): Theme {
  return NAMED[name]
}

/** What a terminal can show, unless a person asks for another. */
export function themeFor(env: Record<string, string | undefined>): ThemeName {
  if ((env['NO_COLOR'] ?? '') !== '') return 'mono'
  const isRich =
    /truecolor|24bit/.test(env['COLORTERM'] ?? '') || /256|direct|kitty|ghostty|alacritty/.test(env['TERM'] ?? '')
  if (!isRich) return 'classic'
  // rxvt and others tell "foreground;background": 7 and 15 are the light ones.
  return /;(?:7|15)$/.test(env['COLORFGBG'] ?? '') ? 'light' : 'dark'
}

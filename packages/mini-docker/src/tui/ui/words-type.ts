/** Which words the dashboard has; each language has a file. */

export type UiWords = {
  sections: Record<string, string>
  /** For terminals that are narrow. */
  shortSections: Record<string, string>
  tabs: Record<string, string>
  columns: Record<string, string>
  states: Record<string, string>
  connecting: (where: string) => string
  lost: (message: string) => string
  loading: string
  nothing: Record<string, string>
  noMatch: string
  noneChosen: string
  noLogs: string
  notRunning: string
  noStats: string
  skipped: (lines: number) => string
  following: string
  held: string
  filter: string
  search: string
  matches: (at: number, count: number) => string
  noSuchText: string
  marked: (count: number) => string
  sure: (what: string, names: string) => string
  sureKeys: string
  more: (count: number) => string
  pruneWhat: Record<string, string>
  ask: Record<string, string>
  inputKeys: string
  helpTitle: string
  helpEnd: string
  paletteEmpty: string
  doing: (what: string, names: string) => string
  done: (what: string, names: string) => string
  failed: (what: string, names: string, why: string) => string
  pruned: (bytes: string) => string
  notFor: (what: string) => string
  gone: string
  tooSmall: (columns: number, rows: number) => string
  theme: (name: string) => string
  mouse: (isOn: boolean) => string
  enterGoesOn: string
  charts: Record<string, string>
  map: Record<string, string>
  config: Record<string, string>
  layers: { instruction: string; size: string; age: string; total: string; hint: string }
  mountedBy: string
  nobody: string
  readOnly: string
}

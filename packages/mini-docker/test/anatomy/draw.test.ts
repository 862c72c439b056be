/**
 * Cross-sections as they are drawn, from facts that were really read: of a container of mini-docker, of one of docker 28, and of a process in
 * the host's network namespace. `vitest -u` draws them anew.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drawAnatomy } from '../../src/anatomy/draw.ts'
import { layersOf } from '../../src/anatomy/layers.ts'
import { isUtf8, printRows } from '../../src/anatomy/print.ts'
import { SECTION_NAMES, type Subject } from '../../src/anatomy/subject.ts'
import { columnsOf } from '../../src/format/width.ts'
import { widthOf } from '../../src/tui/shared/pieces.ts'

const read = (name: string): Subject =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../fixtures/anatomy/${name}.json`), 'utf8')) as Subject
const SUBJECTS = { 'mini-docker': read('mini-docker'), docker: read('docker'), process: read('process') }
const PLAIN = { colors: undefined, unicode: true } as const

describe.each(Object.entries(SUBJECTS))('%s', (name, subject) => {
  test.each([60, 100, 200].flatMap((width) => (['en', 'ja'] as const).map((language) => [width, language] as const)))(
    'at %i columns in %s',
    async (width, language) => {
      const lines = printRows(drawAnatomy(subject, { width, language }), PLAIN)
      expect(lines.filter((line) => columnsOf(line) > width)).toEqual([])
      await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${name}-${width}.${language}.txt`)
    },
  )

  test('no width from 60 to 250 breaks a box', () => {
    for (let width = 60; width <= 250; width++) {
      const rows = drawAnatomy(subject, { width, language: 'ja' })
      const wrong = rows.filter((row) => widthOf(row) > width)
      expect(wrong, `${width} columns`).toEqual([])
      const lines = printRows(rows, PLAIN).filter((line) => line.startsWith('│') && !line.includes(' │ '))
      const wide = width >= 150 ? Math.floor((width - 1) / 2) : width
      expect(lines.filter((line) => columnsOf(line) !== wide && columnsOf(line) !== wide * 2 + 1)).toEqual([])
    }
  })
})

test('sections are those that were asked for, in the order of the drawing', () => {
  const lines = printRows(drawAnatomy(SUBJECTS.docker, { width: 100, language: 'en', sections: ['processes'] }), PLAIN)
  expect(lines.filter((line) => line.startsWith('┌'))).toEqual([expect.stringContaining('Processes') as string])
  expect(SECTION_NAMES).toContain('processes')
})

test('ASCII is as wide, and has nothing else', () => {
  const rows = drawAnatomy(SUBJECTS.docker, { width: 100, language: 'en' })
  const ascii = printRows(rows, { colors: undefined, unicode: false })
  expect(ascii.join('').replaceAll(/[ -~]/g, '')).toBe('')
  expect(ascii.map(columnsOf)).toEqual(printRows(rows, PLAIN).map(columnsOf))
})

test('colours come and go; under NO_COLOR only bold and dim are left', () => {
  const rows = drawAnatomy(SUBJECTS.docker, { width: 100, language: 'en' })
  const painted = printRows(rows, { colors: '16', unicode: true }).join('\n')
  const codes = (text: string): Set<string> =>
    new Set(
      text
        .split('\u001B[')
        .slice(1)
        .map((part) => /^[\d;]+/.exec(part)?.[0] ?? ''),
    )
  expect(codes(painted)).toContain('36')
  expect(codes(printRows(rows, { colors: 'none', unicode: true }).join('\n'))).toEqual(new Set(['0', '1', '2']))
  expect(printRows(rows, PLAIN).join('\n')).not.toContain('\u001B')
})

describe('which directory is which layer', () => {
  const diffIds = ['sha256:aa', 'sha256:bb']

  test('by place, with and without a directory of the engine above', () => {
    expect(layersOf({ lower: ['/init', '/2', '/1'] }, diffIds)).toEqual([
      { path: '/init' },
      { path: '/2', number: 2, diffId: 'sha256:bb' },
      { path: '/1', number: 1, diffId: 'sha256:aa' },
    ])
    expect(layersOf({ lower: ['/2', '/1'] }, diffIds).map(({ number }) => number)).toEqual([2, 1])
  })

  test('by the digits of the chain id, whatever lies between', () => {
    const { anatomy, container } = SUBJECTS['mini-docker']
    const root = anatomy.mounts.find(({ point }) => point === '/')!
    const lower = root.superOptions
      .find((option) => option.startsWith('lowerdir='))!
      .slice(9)
      .split(':')
    const layers = layersOf({ lower: ['/else', ...lower.toReversed()] }, container!.layers)
    expect(layers.map(({ number }) => number)).toEqual([undefined, 1, 2, 3])
    expect(layers[1]?.diffId).toBe(container!.layers[0])
  })

  test('a number that does not fit says nothing', () => {
    expect(layersOf({ lower: ['/4', '/3', '/2', '/1'] }, diffIds)).toEqual([
      { path: '/4' },
      { path: '/3' },
      { path: '/2' },
      { path: '/1' },
    ])
  })
})

test.each([
  [{ LANG: 'ja_JP.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{}, false],
])('the locale %o', (env, expected) => {
  expect(isUtf8(env)).toBe(expected)
})

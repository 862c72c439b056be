import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  columnsOf,
  cut,
  cutStart,
  describeInstruction,
  describeMode,
  describeTime,
  formatDiff,
  formatTree,
  printable,
  type ImageDiff,
  type ImageTree,
} from '../../src/inspect/client.ts'
import { imageDiff, imageTree } from '../../src/inspect/index.ts'
import { decodeName } from '../../src/tar/index.ts'
import { freshStore } from '../support/store.ts'
import { addImage, SHOP, SHOP_HISTORY } from './images.ts'

let tree: ImageTree
let diff: ImageDiff

beforeAll(async () => {
  const { store } = await freshStore()
  const config = { Cmd: ['/bin/sh', '-l'], Env: ['PATH=/bin:/usr/bin', 'LANG=ja_JP.UTF-8'] }
  const first = { history: SHOP_HISTORY.slice(0, 2) }
  const a = await addImage(store, 'shop:1', [...SHOP.slice(0, 1), { ...SHOP[1], 'srv/link': 'file' }], first, 'plain')
  const b = await addImage(store, 'shop:2', SHOP, { history: SHOP_HISTORY, config }, 'plain')
  tree = await imageTree(store, b)
  diff = await imageDiff(store, a, b)
})

async function expectGolden(name: string, lines: Iterable<string>): Promise<void> {
  await expect(`${[...lines].join('\n')}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'golden', name))
}

describe.each(['en', 'ja'] as const)('in %s', (language) => {
  test('formatTree draws a tree for a terminal, and whole paths without one', async () => {
    await expectGolden(`tree-terminal.${language}.txt`, formatTree(tree, { language, columns: 80 }))
    await expectGolden(`tree-pipe.${language}.txt`, formatTree(tree, { language }))
  })
  test('formatDiff tells layers, files and config', async () => {
    await expectGolden(`diff-terminal.${language}.txt`, formatDiff(diff, { language, columns: 80 }))
    await expectGolden(`diff-pipe.${language}.txt`, formatDiff(diff, { language }))
  })
  test.each([20, 45, 80, 200])('no line takes more than the %i columns of the terminal', (columns) => {
    const lines = [...formatTree(tree, { language, columns }), ...formatDiff(diff, { language, columns })]
    expect(lines.filter((line) => columnsOf(line) > columns)).toEqual([])
  })
})

describe('formatTree', () => {
  test('of one layer tells only what that does', () => {
    const lines = [...formatTree(tree, { language: 'en', layer: 2 })]
    expect(lines[0]).toMatch(/^layer 3 {2}sha256:/)
    expect(lines).toHaveLength(2 + 3)
  })
  test('of what is wasted tells nothing else', () => {
    const lines = [...formatTree(tree, { language: 'en', wasted: true })]
    expect(lines.filter((line) => /layer \d|INSTRUCTION/.test(line))).toEqual([])
    expect(lines.at(-1)).toMatch(/5B +1 +1 +3 +\/etc\/motd$/)
  })
})

describe('columns', () => {
  test.each([
    ['abc', 3],
    ['日本語', 6],
    ['ｱｲｳ', 3],
    ['か\u3099', 2],
    ['e\u0301', 1],
    ['🐳', 2],
    ['한국어', 6],
    ['│├→…', 4],
  ])('%s takes %i', (text, columns) => expect(columnsOf(text)).toBe(columns))

  test('a cut never takes more than was allowed, even where half a character would fit', () => {
    for (let width = 0; width < 9; width++) {
      for (const text of ['日本語の名前', 'plain text', 'か\u3099か\u3099か\u3099か\u3099か\u3099']) {
        expect(columnsOf(cut(text, width))).toBeLessThanOrEqual(width)
        expect(columnsOf(cutStart(text, width))).toBeLessThanOrEqual(width)
      }
    }
    expect(cut('日本語', 4)).toBe('日…')
    expect(cutStart('/usr/bin/env', 6)).toBe('…n/env')
  })
})

describe('printable', () => {
  test('leaves nothing that a terminal would obey, and shows which byte was no text', () => {
    expect(printable('a\u001B]0;title\u0007b\nc\u009Bd')).toBe('a\\x1b]0;title\\x07b\\nc\\x9bd')
    expect(printable('\u202Egnp.exe')).toBe('\\u202egnp.exe')
    expect(printable(decodeName(Buffer.from([0x61, 0xff, 0x62])))).toBe('a\\xffb')
    expect(printable('資料 🐳')).toBe('資料 🐳')
  })
})

describe('describing', () => {
  test.each([
    ['/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'],
    ['/bin/sh -c apk add curl', 'RUN apk add curl'],
    ['RUN /bin/sh -c apk add \\\n    curl # buildkit', 'RUN apk add \\ curl'],
    ['RUN |2 A=1 B=2 /bin/sh -c make # buildkit', 'RUN make'],
    ['COPY /a /b # buildkit', 'COPY /a /b'],
    ['', ''],
  ])('the instruction of %j is %j', (createdBy, instruction) =>
    expect(describeInstruction(createdBy)).toBe(instruction),
  )

  test.each([
    ['file', 0o4755, '-rwsr-xr-x'],
    ['file', 0o4644, '-rwSr--r--'],
    ['directory', 0o1777, 'drwxrwxrwt'],
    ['directory', 0o2750, 'drwxr-s---'],
    ['symlink', 0o777, 'lrwxrwxrwx'],
    ['char', 0o666, 'crw-rw-rw-'],
  ] as const)('the mode of a %s with 0o%o', (type, mode, text) => expect(describeMode({ type, mode })).toBe(text))

  test('a time that no calendar has is told in seconds', () => expect(describeTime(1e15)).toBe('1000000000000000'))
})

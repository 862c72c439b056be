/**
 * The house holds: arrows point down only, leaves stay quiet, files stay short, the machine it was written on is not in it. Reads the
 * sources as text; a broken rule is told with the file and the import that breaks it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** What each package may import of ours (DESIGN §3). Later floors come with their parts. */
const ALLOWED: Record<string, string[]> = {
  syscall: [],
  ns: ['syscall'],
  cgroup: ['syscall'],
  unionfs: ['syscall'],
  security: ['syscall'],
  net: ['syscall'],
  image: ['syscall'],
  verify: [],
  story: [],
  facts: ['syscall', 'cgroup', 'net', 'security', 'story'],
  runtime: ['syscall', 'ns', 'cgroup', 'unionfs', 'security'],
  engine: ['syscall', 'ns', 'cgroup', 'unionfs', 'security', 'net', 'image', 'runtime', 'story', 'facts'],
  // The command line speaks to the engine over its API; it starts the daemon, and prints messages and plans.
  'mini-docker': [
    'syscall',
    'ns',
    'cgroup',
    'unionfs',
    'security',
    'net',
    'image',
    'runtime',
    'engine',
    'story',
    'facts',
  ],
}

const LONGEST_FILE = 350

type Import = { from: string; to: string; file: string; specifier: string }

const packages = globSync('packages/*/package.json', { cwd: root })
  .map((file) => file.split('/')[1]!)
  .toSorted()
const sources = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root }).toSorted()
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(root, file)))
const imports = sources.flatMap(importsOf)

describe('packages', () => {
  test('each one is on the plan of the house', () => {
    expect(packages.filter((name) => ALLOWED[name] === undefined)).toEqual([])
  })

  test('imports point down only', () => {
    const wrong = imports.filter(({ from, to }) => from !== to && ALLOWED[from]?.includes(to) !== true)
    expect(wrong.map(({ from, to, file, specifier }) => `${from} → ${to}: ${file} imports ${specifier}`)).toEqual([])
  })

  test('no package reaches into another one past its index', () => {
    const wrong = sources.flatMap((file) =>
      specifiersOf(file)
        .filter(
          (specifier) => specifier.startsWith('.') && packageOf(join(dirname(file), specifier)) !== packageOf(file),
        )
        .map((specifier) => `${file} imports ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  test('each import of ours is a declared dependency', () => {
    const wrong = imports.filter(({ from, to }) => {
      const manifest = JSON.parse(read(`packages/${from}/package.json`)) as { dependencies?: Record<string, string> }
      return from !== to && manifest.dependencies?.[to === 'mini-docker' ? to : `@mini-docker/${to}`] === undefined
    })
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
  })

  test('the command line uses the engine only to be the daemon', () => {
    const wrong = imports.filter(
      ({ from, to, file, specifier }) =>
        from === 'mini-docker' &&
        to === 'engine' &&
        specifier !== '@mini-docker/engine/messages' &&
        !/\/(daemon|commands\/daemon)/.test(file),
    )
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
  })

  test.each(packages)('%s has a README of less than 150 lines with a demo', (name) => {
    const path = `packages/${name}/README.md`
    expect(existsSync(join(root, path)), `${path} is missing`).toBe(true)
    const text = read(path)
    expect(text.split('\n').length, path).toBeLessThan(150)
    expect(text, `${path} shows nothing`).toMatch(/^```/m)
  })
})

describe('leaves', () => {
  const FORBIDDEN = /\bprocess\.(env|argv|exit|exitCode|stdout|stderr|stdin)\b|\bconsole\./

  test('never read the environment, print or exit: that is for bin.ts and command.ts', () => {
    const leaves = sources.filter((file) => packageOf(file) !== 'mini-docker' && !/\/(bin|command)\.ts$/.test(file))
    const wrong = leaves.flatMap((file) =>
      codeLines(file).flatMap((line, index) => (FORBIDDEN.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
    )
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  test(`none has more than ${LONGEST_FILE} lines`, () => {
    const ours = tracked.filter((file) => /\.(tsx?|c|h)$/.test(file))
    expect(
      ours
        .map((file) => [file, read(file).split('\n').length - 1] as const)
        .filter(([, lines]) => lines > LONGEST_FILE),
    ).toEqual([])
  })

  test('none is called utils, helpers or common', () => {
    expect(tracked.filter((file) => /\/(utils?|helpers?|common|misc)\.tsx?$/.test(file))).toEqual([])
  })

  test('none names a path of the machine it was written on, or the host of a package registry', () => {
    // Put together here, so that this file does not contain what it looks for.
    const forbidden = [
      ['/wo', 'rk/(main|shared|\\.)'],
      ['registry\\.npm', 'js\\.org'],
      ['deb\\.deb', 'ian\\.org'],
      ['npm', 'mirror\\.com'],
    ].map((parts) => new RegExp(parts.join('')))
    const texts = tracked.filter((file) => /\.(tsx?|c|h|md|json|yaml|sh)$|^scripts\/|^\.ci\/|^mini-docker$/.test(file))
    const wrong = texts.flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) =>
          forbidden.some((pattern) => pattern.test(line)) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
        ),
    )
    expect(wrong).toEqual([])
  })
})

describe('messages', () => {
  const catalogues = packages.filter((name) => existsSync(join(root, `packages/${name}/src/messages.ts`)))

  test.each(catalogues)('%s tells each step in English and Japanese', async (name) => {
    const { messages } = (await import(join(root, `packages/${name}/src/messages.ts`))) as {
      messages: Record<string, Record<string, Record<string, string>>>
    }
    expect(Object.keys(messages).length).toBeGreaterThan(0)
    for (const [id, message] of Object.entries(messages)) {
      expect(id, 'a step id, or a family of them: mount.*').toMatch(/^[a-z0-9]+([./-]+[a-z0-9]+)*(\.\*)?$/)
      for (const language of ['en', 'ja'])
        for (const field of ['title', 'why'])
          expect(message[language]?.[field], `${name}: ${id}.${language}.${field}`).toMatch(/\S/)
      expect(message['ja']?.['why'], `${name}: ${id}.ja.why is not Japanese`).toMatch(/[぀-ヿ]/)
    }
  })

  test.each(catalogues)('%s has words for each step id in its plans, its own or those of a package below', (name) => {
    const catalogue = catalogues.map((other) => read(`packages/${other}/src/messages.ts`)).join('\n')
    const ids = sources
      .filter((file) => packageOf(file) === name && !file.endsWith('messages.ts'))
      .flatMap((file) => [...read(file).matchAll(/\bid: '([a-z0-9]+(?:[.-][a-z0-9]+)+)'/g)].map((match) => match[1]!))
    expect(ids.filter((id) => !catalogue.includes(`'${id}'`))).toEqual([])
  })
})

function importsOf(file: string): Import[] {
  return specifiersOf(file).flatMap((specifier) => {
    const name =
      /^@mini-docker\/([a-z-]+)/.exec(specifier)?.[1] ?? (specifier === 'mini-docker' ? 'mini-docker' : undefined)
    return name === undefined ? [] : [{ from: packageOf(file), to: name, file, specifier }]
  })
}

function specifiersOf(file: string): string[] {
  return [
    ...codeLines(file)
      .join('\n')
      .matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g),
  ].map((match) => match[1]!)
}

/** The lines with comments blanked out, so that prose may speak of what code may not do. */
function codeLines(file: string): string[] {
  return read(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .split('\n')
    .map((line) => line.replace(/(^|\s)\/\/.*$/, ''))
}

function packageOf(file: string): string {
  return relative(root, join(root, file)).split('/')[1]!
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

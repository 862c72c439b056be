import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHECKOUT, newerThanBundle, sourceItems, TOP } from '../src/classroom/checkout.ts'
import { dependencyItems } from '../src/classroom/dependencies.ts'

describe('what is packed of a checkout', () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'checkout-'))
    mkdirSync(join(root, 'packages/x/src'), { recursive: true })
    writeFileSync(join(root, 'packages/x/src/a.ts'), 'a')
  })
  afterEach(() => rmSync(root, { recursive: true }))
  const paths = (...except: string[]) => sourceItems(root, except).map(({ path }) => path)

  test('only what belongs to the program: no git, caches, secrets, logs, or files beside it', () => {
    for (const name of ['.git', 'node_modules', 'dist', 'mine']) mkdirSync(join(root, name))
    for (const name of ['.env', 'class.tar', 'packages/.env', 'packages/x/debug.log', 'packages/x/a.ts~', 'README.md'])
      writeFileSync(join(root, name), 'x')
    mkdirSync(join(root, 'packages/x/node_modules'))
    expect(paths()).toEqual(['README.md', 'packages', 'packages/x', 'packages/x/src', 'packages/x/src/a.ts'])
  })

  test('the pack that is being written never is, wherever it lies', () => {
    writeFileSync(join(root, 'packages/x/class.tar'), '')
    expect(paths(join(root, 'packages/x/class.tar'))).not.toContain('packages/x/class.tar')
  })

  test('links stay links; one that leads out of the checkout is refused', () => {
    symlinkSync('../src/a.ts', join(root, 'packages/x/inside'))
    expect(sourceItems(root).find(({ kind }) => kind === 'link')).toEqual({
      path: 'packages/x/inside',
      kind: 'link',
      target: '../src/a.ts',
    })
    symlinkSync('../../../outside', join(root, 'packages/x/outside'))
    expect(() => paths()).toThrow(
      /outside: it is a link to \.\.\/\.\.\/\.\.\/outside, which is outside of the checkout/,
    )
    rmSync(join(root, 'packages/x/outside'))
    symlinkSync('/etc/passwd', join(root, 'packages/x/outside'))
    expect(() => paths()).toThrow(/a link to \/etc\/passwd/)
  })

  test('a fifo is refused, not waited for', () => {
    execFileSync('mkfifo', [join(root, 'packages/x/pipe')])
    expect(() => paths()).toThrow(/pipe: it is no file, directory or link/)
  })

  test('sources newer than the bundle are found; without a bundle all are', () => {
    expect(newerThanBundle(root)).toMatch(/^packages\/x\/src/)
    mkdirSync(join(root, 'dist'))
    writeFileSync(join(root, 'dist/stamp'), '')
    expect(newerThanBundle(root)).toBeUndefined()
  })
})

test('everything at the top of this repository is known', () => {
  const tracked = execFileSync('git', ['ls-files'], { cwd: CHECKOUT, encoding: 'utf8' }).trim().split('\n')
  const top = [...new Set(tracked.map((file) => file.split('/')[0] ?? ''))]
  expect(top.filter((name) => !TOP.includes(name))).toEqual([])
})

test('the npm packages are those of the sources, Node and esbuild, with their licences, and no tools of developers', () => {
  const { items, packages } = dependencyItems(CHECKOUT)
  const names = packages.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['commander', 'esbuild', 'koffi', `node-linux-${process.arch}`, 'zod']))
  for (const tool of ['vitest', 'typescript', 'oxlint', 'fast-check']) expect(names).not.toContain(tool)
  expect(packages.filter(({ licence }) => licence === '')).toEqual([])
  expect(items.filter(({ path }) => !/(?:^|\/)node_modules\//.test(path))).toEqual([])
  const directories = new Set(items.filter(({ kind }) => kind !== 'link').map(({ path }) => path))
  for (const { directory } of packages) expect(directories).toContain(`${directory}/package.json`)
})

/** What run, ps and exec load before they do anything: a start's cost. Follows the imports that are no `import()` and no types. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')

function loadedBy(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const waiting = [join(source, entry)]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type\b)[^'"]*?from '([^']+)'/gm,
    )) {
      if (specifier.startsWith('.')) waiting.push(join(dirname(file), specifier))
      else if (!specifier.startsWith('node:')) packages.add(specifier)
    }
  }
  return { files: new Set([...files].map((file) => relative(source, file))), packages }
}

test.each(['main.ts', 'commands/run.ts', 'commands/ps.ts', 'commands/exec.ts'])(
  '%s loads no package at all',
  (entry) => {
    expect([...loadedBy(entry).packages]).toEqual([])
  },
)

test.each(['commands/run.ts', 'commands/ps.ts', 'commands/exec.ts'])(
  '%s loads nothing of pulls, logins and the network commands',
  (entry) => {
    const { files } = loadedBy(entry)
    expect(files.size).toBeGreaterThan(10)
    const wrong =
      /^client\/(progress|registry|stored-auth|create-image|daemon-archive)|^(tui|classroom|doctor)\/|^commands\/network-/
    expect([...files].filter((file) => wrong.test(file))).toEqual([])
  },
)

test('a pull reads docker’s configuration with code of its own: that of credentials costs more than the rest', () => {
  const { packages } = loadedBy('commands/pull.ts')
  // Both are one small file each: a server's name, a line of a trace.
  expect([...packages].toSorted()).toEqual(['@mini-docker/image/credentials/server', '@mini-docker/image/trace'])
})

test.each(['commands/ps.ts', 'commands/exec.ts'])(
  '%s does not load the grammar of networks and ports, which run needs',
  (entry) => {
    expect(
      [...loadedBy(entry).files].filter((file) => /^create\/(networks|ports|subnets|addresses)/.test(file)),
    ).toEqual([])
  },
)

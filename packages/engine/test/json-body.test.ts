import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { createBody } from '../src/api/bodies.ts'
import { parseJson } from '../src/api/json-body.ts'

const parse = (text: string) =>
  parseJson({ 'content-type': 'application/json' }, Readable.from([Buffer.from(text)]), createBody)

test.each([
  [`{"HostConfig":{"StorageOpt":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}}`],
  [`{"HostConfig":{"PortBindings":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`],
])('a body nested without end is the client’s mistake', async (text) => {
  await expect(parse(text)).rejects.toMatchObject({
    code: 'invalid',
    message: 'invalid JSON: nested deeper than 64 levels',
  })
})

test.each(['[-1,-1]', '[24,70000]', '[1.5,80]'])('a terminal of %s is none', async (size) => {
  await expect(parse(`{"HostConfig":{"ConsoleSize":${size}}}`)).rejects.toThrow('HostConfig.ConsoleSize')
})

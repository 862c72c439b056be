import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { argTypes, layout, syscallNames, syscallNumber } from '../src/index.ts'

const HEADER = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'

describe('the table of system calls', () => {
  test.skipIf(process.arch !== 'x64' || !existsSync(HEADER))(
    'has the numbers of the kernel headers (requires linux-libc-dev)',
    () => {
      const numbers = new Map(
        [...readFileSync(HEADER, 'utf8').matchAll(/__NR_(\w+)\s+(\d+)/g)].map(([, name, n]) => [name, Number(n)]),
      )
      const wrong = syscallNames().filter((name) => numbers.get(name) !== syscallNumber(name))
      expect(wrong).toEqual([])
    },
  )

  test('knows what each argument of a call is, at most six', () => {
    for (const name of syscallNames()) expect(argTypes(name).length, name).toBeLessThanOrEqual(6)
    expect(argTypes('mount')).toEqual(['str', 'path', 'str', 'flags:MS', 'str'])
    expect(argTypes('getpid')).toEqual([])
  })
})

describe('struct layouts', () => {
  test('fields lie inside their struct and do not overlap', () => {
    const widths: Record<string, number> = { u8: 1, u16: 2, u16be: 2, u32: 4, i32: 4, u64: 8, ptr: 8 }
    for (const name of [
      'open_how',
      'clone_args',
      'mount_attr',
      'cap_data',
      'bpf_prog_load',
      'sockaddr_un',
      'ifreq',
    ] as const) {
      const { size, fields } = layout(name)
      let end = 0
      for (const [field, [offset, type]] of Object.entries(fields)) {
        expect(offset, `${name}.${field}`).toBeGreaterThanOrEqual(end)
        end = offset + (widths[type] ?? Number(type.slice(5, -1)))
        expect(end, `${name}.${field}`).toBeLessThanOrEqual(size)
      }
    }
  })
})

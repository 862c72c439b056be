import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeProgram, formatProgram, type Instruction } from '../src/device/instruction.ts'
import { planDevices } from '../src/device/plan.ts'
import { compileDevicePolicy } from '../src/device/program.ts'
import { ACCESS_BITS, devicePolicy } from '../src/device/rules.ts'
import type { OciDeviceRule } from '../src/resources.ts'
import { v1, v2 } from './layouts.ts'
import { renderSteps } from './render.ts'

/** The first rules of every container that docker makes. */
const DOCKER_LIKE: OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
  { allow: true, type: 'c', major: 136, access: 'rwm' },
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
]

describe('a device program', () => {
  test('reads like its rules, backwards', async () => {
    const text = formatProgram(compileDevicePolicy(devicePolicy(DOCKER_LIKE))).join('\n')
    await expect(`${text}\n`).toMatchFileSnapshot('golden/device-program.txt')
  })

  test('is encoded as the kernel defines instructions', () => {
    const program: Instruction[] = [
      { op: 'load32', dst: 2, src: 1, offset: 4 },
      { op: 'jne', dst: 2, immediate: 0x88, skip: 3 },
      { op: 'and', dst: 3, immediate: 5 },
      { op: 'mov-register', dst: 6, src: 3 },
      { op: 'exit' },
    ]
    expect(encodeProgram(program).toString('hex').match(/.{16}/g)).toEqual([
      '6112040000000000',
      '5502030088000000',
      '5403000005000000',
      'bc36000000000000',
      '9500000000000000',
    ])
  })

  test('decides like its rules: the later one wins, access by access', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 8 }), anyRequest, (rules, request) => {
        expect(run(compileDevicePolicy(devicePolicy(rules)), request)).toBe(decide(rules, request))
      }),
      { numRuns: 3000 },
    )
  })

  test('never jumps out of itself', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 30 }), (rules) => {
        const program = compileDevicePolicy(devicePolicy(rules))
        for (const [index, instruction] of program.entries())
          if ('skip' in instruction) expect(index + 1 + instruction.skip).toBeLessThan(program.length)
        expect(program.at(-1)).toEqual({ op: 'exit' })
      }),
    )
  })
})

describe('the step cgroup.devices', () => {
  test('v2 loads and attaches a program', async () => {
    await expect(renderSteps(planDevices(v2(), 'mini-docker/x', DOCKER_LIKE.slice(0, 3)))).toMatchFileSnapshot(
      'golden/device-v2.txt',
    )
  })

  test('is left out where everything is allowed', () => {
    for (const layout of [v1(), v2()]) {
      expect(planDevices(layout, 'x', [{ allow: true }])).toEqual([])
      expect(planDevices(layout, 'x', [])).toEqual([])
      expect(planDevices(layout, 'x', undefined)).toEqual([])
      expect(planDevices(layout, 'x', [{ allow: false }, { allow: true, access: 'rwm' }])).toEqual([])
    }
  })

  test('v1 refuses what it would silently not do: one device out of many', () => {
    const rules: OciDeviceRule[] = [
      { allow: false },
      { allow: true, type: 'c', major: 1, access: 'rw' },
      { allow: false, type: 'c', major: 1, minor: 3, access: 'w' },
    ]
    expect(() => planDevices(v1(), 'x', rules)).toThrow('cgroup v1 cannot deny devices c 1:3 w out of c 1:* rw')
    expect(planDevices(v2(), 'x', rules)).toHaveLength(1)
  })

  test('v1 takes an exception back that is for the very same devices', () => {
    const rules: OciDeviceRule[] = [
      { allow: false },
      { allow: true, type: 'c', major: 1, minor: 3 },
      { allow: false, type: 'c', major: 1, minor: 3, access: 'm' },
    ]
    expect(planDevices(v1(), 'x', rules)[0]?.shell.map((line) => line.replace(/ > .*devices\./, ' > '))).toEqual([
      'echo a > deny',
      "echo 'c 1:3 rwm' > allow",
      "echo 'c 1:3 m' > deny",
    ])
  })

  test.each([
    [{ allow: true, type: 'c', access: 'x' }, 'invalid device access "x"'],
    [{ allow: true, type: 'c', major: -2 }, 'invalid device major number -2'],
    [{ allow: true, type: 'z' as 'c' }, 'invalid device type "z"'],
  ] satisfies [OciDeviceRule, string][])('refuses %j', (rule, message) => {
    expect(() => planDevices(v2(), 'x', [rule])).toThrow(message)
  })
})

type Request = { type: 'b' | 'c'; major: number; minor: number; access: number }
const small = fc.integer({ min: 0, max: 2 })
const anyRule: fc.Arbitrary<OciDeviceRule> = fc.record(
  {
    allow: fc.boolean(),
    type: fc.constantFrom('a', 'b', 'c'),
    major: fc.oneof(small, fc.constant(-1)),
    minor: fc.oneof(small, fc.constant(-1)),
    access: fc.constantFrom('r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'),
  },
  { requiredKeys: ['allow'] },
)
const anyRequest: fc.Arbitrary<Request> = fc.record({
  type: fc.constantFrom('b', 'c'),
  major: small,
  minor: small,
  access: fc.integer({ min: 1, max: 7 }),
})

/** The meaning of a rule list, said plainly: for each access, the last rule about it decides; without one, no. */
function decide(rules: OciDeviceRule[], request: Request): boolean {
  return (['r', 'w', 'm'] as const).every((letter) => {
    if (!(request.access & ACCESS_BITS[letter])) return true
    const last = rules.findLast((rule) => {
      return (
        (rule.access ?? 'rwm').includes(letter) &&
        ((rule.type ?? 'a') === 'a' || rule.type === request.type) &&
        (any(rule.major) || rule.major === request.major) &&
        (any(rule.minor) || rule.minor === request.minor)
      )
    })
    return last?.allow ?? false
  })
}

function any(number: number | undefined): boolean {
  return number === undefined || number === -1
}

/** The kernel's part: runs a program on a context. */
function run(program: Instruction[], request: Request): boolean {
  const context = [(request.access << 16) | (request.type === 'b' ? 1 : 2), request.major, request.minor]
  const registers = Array.from({ length: 11 }, () => 0)
  for (let at = 0; ; at++) {
    const instruction = program[at]!
    switch (instruction.op) {
      case 'load32':
        registers[instruction.dst] = context[instruction.offset / 4]!
        break
      case 'mov':
        registers[instruction.dst] = instruction.immediate
        break
      case 'mov-register':
        registers[instruction.dst] = registers[instruction.src]!
        break
      case 'and':
        registers[instruction.dst]! &= instruction.immediate
        break
      case 'rsh':
        registers[instruction.dst]! >>>= instruction.immediate
        break
      case 'jne':
        if (registers[instruction.dst] !== instruction.immediate) at += instruction.skip
        break
      case 'jeq':
        if (registers[instruction.dst] === instruction.immediate) at += instruction.skip
        break
      case 'exit':
        return registers[0] === 1
    }
  }
}

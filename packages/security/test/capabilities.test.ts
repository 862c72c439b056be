import { readFileSync } from 'node:fs'
import { UserError } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allCapabilities,
  applyCapAddDrop,
  CAPABILITIES,
  capabilityMask,
  capabilityName,
  capabilityNames,
  capabilityNumber,
  DEFAULT_CAPABILITIES,
  dockerCapabilitySets,
  lackingCapabilities,
  limitCapabilities,
  parseOwnCapabilities,
  readOwnCapabilities,
  statusMask,
  unknownCapabilities,
  type OwnCapabilities,
} from '../src/index.ts'

const LAST = 40
const everything: OwnCapabilities = { available: allCapabilities(LAST), lastCap: LAST }
/** Root without CAP_SYS_RESOURCE. */
const restricted: OwnCapabilities = { available: 0x1fffeffffffn, lastCap: LAST }

const failure = (run: () => unknown): UserError => {
  try {
    run()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('expected an error')
}

describe('names and numbers', () => {
  test('are those of capabilities(7)', () => {
    expect(CAPABILITIES).toHaveLength(41)
    expect(['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_SYS_RESOURCE', 'CAP_CHECKPOINT_RESTORE'].map(capabilityNumber)).toEqual([
      0, 21, 24, 40,
    ])
    expect(capabilityNumber('CAP_SYS_MAGIC')).toBeUndefined()
    expect(capabilityName(41)).toBe('CAP_41')
  })

  test("docker's default mask is the one that runc leaves in CapEff", () => {
    expect(capabilityMask(DEFAULT_CAPABILITIES).toString(16).padStart(16, '0')).toBe('00000000a80425fb')
  })

  test('a mask and its names are each the other', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: allCapabilities(LAST) }), (mask) => {
        expect(capabilityMask(capabilityNames(mask))).toBe(mask)
      }),
    )
  })

  test('unknown names are found, and are in no mask', () => {
    expect(unknownCapabilities(['CAP_CHOWN', 'CHOWN', 'CAP_X'])).toEqual(['CHOWN', 'CAP_X'])
    expect(capabilityMask(['CAP_X'])).toBe(0n)
  })
})

describe('our own capabilities', () => {
  const status =
    'Name:\tnode\nCapInh:\t0000000000000000\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffff\nCapBnd:\t000001fffeffffff\n'

  test('are what is permitted and within the bounding set', () => {
    const own = parseOwnCapabilities(status, '40\n')
    expect(own).toEqual({ available: 0x1fffeffffffn, lastCap: 40 })
    expect(lackingCapabilities(own)).toEqual(['CAP_SYS_RESOURCE'])
  })

  test('end where the kernel ends', () => {
    expect(parseOwnCapabilities(status, '37\n').available).toBe(0x3ffeffffffn)
  })

  test('are refused from a text that is no status file', () => {
    expect(() => parseOwnCapabilities('Name: x\n', '40')).toThrow('no line CapPrm')
    expect(() => parseOwnCapabilities(status, '')).toThrow('no number')
  })

  test('read from this process are within its own /proc/self/status', () => {
    const own = readOwnCapabilities()
    const permitted = statusMask(readFileSync('/proc/self/status', 'utf8'), 'CapPrm')
    expect(own.available & ~permitted).toBe(0n)
    expect(own.lastCap).toBeGreaterThanOrEqual(37)
  })
})

describe('--cap-add and --cap-drop', () => {
  test('nothing said gives the default 14', () => {
    expect(applyCapAddDrop({}, everything)).toEqual(DEFAULT_CAPABILITIES)
    expect(applyCapAddDrop({ add: null, drop: null }, everything)).toHaveLength(14)
  })

  test.each(['net_admin', 'NET_ADMIN', 'cap_net_admin', 'CAP_NET_ADMIN'])('%s is added once', (name) => {
    const names = applyCapAddDrop({ add: [name, 'CAP_CHOWN'] }, everything)
    expect(names).toEqual([...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN'])
  })

  test('a dropped one is gone, and one both dropped and added is there, as with docker', () => {
    expect(applyCapAddDrop({ drop: ['mknod'] }, everything)).not.toContain('CAP_MKNOD')
    expect(applyCapAddDrop({ add: ['mknod'], drop: ['mknod'] }, everything)).toContain('CAP_MKNOD')
  })

  test('ALL added is all we have without what is dropped', () => {
    const names = applyCapAddDrop({ add: ['all'], drop: ['SYS_ADMIN'] }, restricted)
    expect(names).toHaveLength(39)
    expect(names).not.toContain('CAP_SYS_ADMIN')
    expect(names).not.toContain('CAP_SYS_RESOURCE')
  })

  test('ALL dropped leaves what is added', () => {
    expect(applyCapAddDrop({ drop: ['ALL'] }, everything)).toEqual([])
    expect(applyCapAddDrop({ drop: ['ALL'], add: ['kill'] }, everything)).toEqual(['CAP_KILL'])
  })

  test('privileged is everything we have', () => {
    expect(applyCapAddDrop({ privileged: true, drop: ['kill'] }, restricted)).toHaveLength(40)
  })

  test('an unknown name is refused with the words of docker', () => {
    const error = failure(() => applyCapAddDrop({ add: ['magic'] }, everything))
    expect(error.code).toBe('invalid')
    expect(error.message).toBe('invalid CapAdd: unknown capability: "CAP_MAGIC"')
    expect(failure(() => applyCapAddDrop({ drop: [''], privileged: true }, everything)).message).toBe(
      'invalid CapDrop: unknown capability: "CAP_"',
    )
  })

  test('one we lack is refused when it is named, and not missed when it is dropped', () => {
    const error = failure(() => applyCapAddDrop({ add: ['SYS_RESOURCE'] }, restricted))
    expect(error.code).toBe('invalid')
    expect(error.message).toBe(
      'invalid CapAdd: capability not supported by your kernel or not available in the current environment: "CAP_SYS_RESOURCE"',
    )
    expect(applyCapAddDrop({ drop: ['SYS_RESOURCE'] }, restricted)).toEqual(DEFAULT_CAPABILITIES)
  })

  test('the result is always within what we have, without repeats', () => {
    const names = fc.array(fc.constantFrom(...CAPABILITIES.filter((name) => name !== 'CAP_SYS_RESOURCE'), 'ALL'), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(names, names, fc.boolean(), (add, drop, privileged) => {
        const result = applyCapAddDrop({ add, drop, privileged }, restricted)
        expect(new Set(result).size).toBe(result.length)
        expect(capabilityMask(result) & ~restricted.available).toBe(0n)
      }),
    )
  })
})

test('limiting leaves out of every set what we lack, and names it once', () => {
  const sets = dockerCapabilitySets(['CAP_CHOWN', 'CAP_SYS_RESOURCE', 'CAP_FUTURE'])
  expect(limitCapabilities({ ...sets, ambient: ['CAP_SYS_RESOURCE'] }, restricted)).toEqual({
    sets: { ...dockerCapabilitySets(['CAP_CHOWN']), ambient: [] },
    missing: ['CAP_SYS_RESOURCE', 'CAP_FUTURE'],
  })
})

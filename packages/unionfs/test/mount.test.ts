import { UserError } from '@mini-docker/syscall'
import { describe, expect, test } from 'vitest'
import { messages, overlayMount, overlayOptions, parseMountedOverlays, type OverlayMount } from '../src/index.ts'
import { stepAsJson } from './golden.ts'

const layersDir = '/var/lib/mini-docker/layers'
const container = '/var/lib/mini-docker/containers/c1'
const writable: OverlayMount = {
  layersDir,
  lower: ['l/0123456789abcdef', 'l/fedcba9876543210'],
  upper: `${container}/upper`,
  work: `${container}/work`,
  target: `${container}/rootfs`,
}
const { upper: _upper, work: _work, ...readOnly } = writable

const plans: Record<string, OverlayMount> = {
  writable,
  volatile: { ...writable, volatile: true },
  'read-only': readOnly,
  'one-layer': { ...readOnly, lower: ['l/0123456789abcdef'] },
  'no-layer': { ...writable, lower: [] },
  'odd-names': { ...writable, lower: ['/a:b', '/c,d', String.raw`/e\f`], upper: "/it's, here/u", work: '/w:1' },
}

describe('a plan is the list of calls in its golden file', () => {
  test.each(Object.keys(plans))('%s', async (name) => {
    const step = overlayMount(plans[name] ?? writable)
    await expect(stepAsJson(step)).toMatchFileSnapshot(`golden/${name}.json`)
    expect(Object.keys(messages)).toContain(step.id)
  })
})

test('the words of the step are there in both languages', () => {
  for (const texts of Object.values(messages)) {
    for (const { title, why } of [texts.en, texts.ja]) expect(title.length * why.length).toBeGreaterThan(100)
  }
})

/** The code and message of the refusal. */
function refusal(mount: OverlayMount): [code: string, message: string] | undefined {
  try {
    overlayMount(mount)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return [error.code, error.message]
    throw error
  }
}

const manyLayers = (count: number) => Array.from({ length: count }, (_, n) => `l/${String(n).padStart(16, '0')}`)

describe('refused, with the reason', () => {
  test('upper without work, and work without upper', () => {
    const message = `an overlay needs both upper and work directory, or neither: ${container}/rootfs`
    expect(refusal({ ...writable, work: undefined })).toEqual(['invalid', message])
    expect(refusal({ ...writable, upper: undefined })).toEqual(['invalid', message])
  })

  test('nothing at all', () => {
    expect(refusal({ ...readOnly, lower: [] })).toEqual([
      'invalid',
      `nothing to mount on ${container}/rootfs: neither layers nor upper directory`,
    ])
  })

  test('options that do not fit into a page, and more layers than the kernel stacks', () => {
    expect(overlayOptions({ ...writable, lower: manyLayers(128) }).length).toBeLessThan(4096)
    expect(refusal({ ...writable, lower: manyLayers(250) })?.[1]).toMatch(
      /^the options of the overlay mount are too long: \d+ bytes for 250 layers, the kernel takes 4095$/,
    )
    expect(refusal({ ...writable, lower: manyLayers(501) })?.[1]).toBe(
      'too many layers for one overlay mount: 501, the kernel takes 500',
    )
  })

  test('the length counts bytes, not characters', () => {
    expect(() => overlayOptions({ lower: ['/' + 'あ'.repeat(1400), '/b'] })).toThrow('too long: 42')
  })
})

test('mounted overlays are read from mountinfo, escapes and all', () => {
  const text = String.raw`22 27 0:21 / /proc rw,relatime - proc proc rw
68 63 0:40 / /mnt/a\040b rw,relatime shared:1 - overlay overlay rw,lowerdir=/l1:/l\0542,upperdir=/u,workdir=/w,index=off
69 63 0:41 / /ro ro - overlay overlay ro,lowerdir+=/x,lowerdir+=/y
`
  expect(parseMountedOverlays(text)).toEqual([
    { target: '/mnt/a b', lower: ['/l1', '/l,2'], upper: '/u', work: '/w' },
    { target: '/ro', lower: ['/x', '/y'] },
  ])
})

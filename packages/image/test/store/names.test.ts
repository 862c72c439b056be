import { describe, expect, test } from 'vitest'
import { digestOf } from '../../src/digest.ts'
import { OCI_MANIFEST } from '../../src/media-type.ts'
import { formatReference, parseReference } from '../../src/reference.ts'
import type { Descriptor } from '../../src/schema.ts'
import { addNames, CONTAINERD_NAME, dropName, nameOf, REF_NAME, withName } from '../../src/store/names.ts'
import { planRemoval } from '../../src/store/removal.ts'

const A = bare('a')
const B = bare('b')
const ONE = parseReference('one')
const TWO = parseReference('two:2')

describe('nameOf', () => {
  test.each([
    [{ [REF_NAME]: 'alpine:3.20' }, 'docker.io/library/alpine:3.20'],
    [{ [REF_NAME]: '3.20', [CONTAINERD_NAME]: 'docker.io/library/alpine:3.20' }, 'docker.io/library/alpine:3.20'],
    [{ [REF_NAME]: 'alpine' }, 'docker.io/library/alpine:latest'],
    [{ [REF_NAME]: 'Not A Name' }, undefined],
    [{ [REF_NAME]: '' }, undefined],
    [{}, undefined],
  ])('of %j is %s', (annotations, name) => {
    const found = nameOf({ ...A, annotations })
    expect(found && formatReference(found)).toBe(name)
  })

  test('of a lone word in an archive is none: docker and umoci write only the tag there', () => {
    expect(nameOf({ ...A, annotations: { [REF_NAME]: 'latest' } }, 'tag')).toBeUndefined()
  })
})

describe('addNames', () => {
  test('of a new image without names lists it once, however often', () => {
    expect(addNames(addNames([], A, []), A, [])).toEqual([A])
  })
  test('takes the place of the nameless entry', () => {
    expect(addNames([A, B], A, [ONE])).toEqual([B, withName(A, ONE)])
  })
  test('of a name that another image has moves it, and the other stays without', () => {
    expect(addNames([withName(A, ONE)], B, [ONE])).toEqual([A, withName(B, ONE)])
  })
  test('of a name that another image has beside others just moves it', () => {
    const before = [withName(A, ONE), withName(A, TWO)]
    expect(addNames(before, B, [ONE])).toEqual([withName(A, TWO), withName(B, ONE)])
  })
  test('keeps annotations that are not names', () => {
    const [named] = addNames([], { ...A, annotations: { 'org.example': 'x' } }, [ONE])
    expect(named?.annotations).toMatchObject({ 'org.example': 'x', [REF_NAME]: 'one:latest' })
  })
})

test('dropName of the last name leaves a nameless entry', () => {
  expect(dropName([withName(A, ONE)], ONE)).toEqual([A])
  expect(dropName([withName(A, ONE), withName(A, TWO)], ONE)).toEqual([withName(A, TWO)])
})

describe('planRemoval', () => {
  const DIGEST = parseReference(`one@${A.digest}`)

  test('by a name that is not the last only untags', () => {
    expect(planRemoval(A.digest, [ONE, TWO], ONE, false)).toEqual({ untag: [ONE], deletes: false })
  })
  test('by the last name deletes', () => {
    expect(planRemoval(A.digest, [ONE], ONE, false)).toEqual({ untag: [ONE], deletes: true })
  })
  test('by the last tag of a repository takes its digests too', () => {
    expect(planRemoval(A.digest, [ONE, DIGEST], ONE, false)).toEqual({ untag: [ONE, DIGEST], deletes: true })
    expect(planRemoval(A.digest, [ONE, DIGEST, TWO], ONE, false)).toEqual({ untag: [ONE, DIGEST], deletes: false })
  })
  test('by ID deletes an image with no or one name, and one with digests of the same repository', () => {
    for (const names of [[], [ONE], [ONE, DIGEST]]) {
      expect(planRemoval(A.digest, names, 'id', false)).toEqual({ untag: names, deletes: true })
    }
  })
  test('by ID refuses several names in docker’s words, unless forced', () => {
    expect(() => planRemoval(A.digest, [ONE, TWO], 'id', false)).toThrow(
      /^conflict: unable to delete [0-9a-f]{12} \(must be forced\) - image is referenced in multiple repositories$/,
    )
    expect(planRemoval(A.digest, [ONE, TWO], 'id', true)).toEqual({ untag: [ONE, TWO], deletes: true })
  })
})

function bare(text: string): Descriptor {
  return { mediaType: OCI_MANIFEST, digest: digestOf(text), size: text.length }
}

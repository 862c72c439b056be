/** Whatever changes something can say before what it would do. */
import { describe, expect, test } from 'vitest'
import { archiveRoutes } from '../src/api/routes/archive.ts'
import { containerIoRoutes } from '../src/api/routes/container-io.ts'
import { containerRoutes } from '../src/api/routes/containers.ts'
import { execRoutes } from '../src/api/routes/exec.ts'
import { extensionRoutes } from '../src/api/routes/extensions.ts'
import { imageRoutes } from '../src/api/routes/images.ts'
import { networkRoutes } from '../src/api/routes/networks.ts'
import { registryRoutes } from '../src/api/routes/registry.ts'
import { volumeRoutes } from '../src/api/routes/volumes.ts'
import { PLANS, planRoutes } from '../src/faces/plans/index.ts'
import { messages } from '../src/messages.ts'

const ROUTES = [
  archiveRoutes,
  containerIoRoutes,
  containerRoutes,
  execRoutes,
  extensionRoutes,
  imageRoutes,
  networkRoutes,
  registryRoutes,
  volumeRoutes,
].flatMap((table) => Object.keys(table))

/** Requests that change nothing, or nothing by themselves: each with the reason. */
const NO_PLAN: Record<string, string> = {
  'POST /containers/{id}/attach': 'joins streams',
  'POST /containers/{id}/wait': 'waits',
  'POST /containers/{id}/resize': 'a terminal’s size',
  'POST /exec/{id}/resize': 'a terminal’s size',
  'POST /exec/{id}/start': 'is in the plan of POST /containers/{id}/exec',
  'PUT /volumes/{name}': 'always refused: there are no cluster volumes',
  'POST /x/containers/plan': 'is a plan',
  'POST /x/images/demo': 'makes the image that a run of demo makes by itself',
}

describe('plans', () => {
  test('every request that changes something has one', () => {
    const changing = ROUTES.filter((key) => /^(POST|PUT|DELETE) /.test(key) && !key.includes('/story'))
    expect(changing.filter((key) => PLANS[key] === undefined && NO_PLAN[key] === undefined)).toEqual([])
    expect(Object.keys(NO_PLAN).filter((key) => !ROUTES.includes(key))).toEqual([])
  })

  test('every plan is that of a request', () => {
    expect(Object.keys(PLANS).filter((key) => !ROUTES.includes(key))).toEqual([])
    expect(Object.keys(planRoutes)).toContain('DELETE /x/plan/networks/{id}')
  })

  test('every step that is done by hand has words in both languages', async () => {
    const { readdirSync, readFileSync } = await import('node:fs')
    const folder = new URL('../src/faces/plans/', import.meta.url)
    const ids = readdirSync(folder).flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/(?:byHand|inView)\(\s*'([a-z.]+)'/g)].map(
        (match) => match[1]!,
      ),
    )
    expect(ids.length).toBeGreaterThan(15)
    // Of the runtime, since a start has it too; of image, whose trace has it.
    expect(ids.filter((id) => messages[id] === undefined && !['volume.folder', 'image.login'].includes(id))).toEqual([])
  })
})

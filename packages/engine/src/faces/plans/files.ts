/** Plans of what goes into containers and comes out of them, and of images: files that change, and what one would type for it. */
import * as path from 'node:path'
import { familiarReference, hexOf, parseReference, type Image } from '@mini-docker/image'
import { shellWord, UserError, type Step } from '@mini-docker/syscall'
import type { Exchange } from '../../api/exchange.ts'
import { queryFilters, queryFlag } from '../../api/query.ts'
import { planView } from '../../archive/view.ts'
import type { Engine } from '../../engine.ts'
import { parseAskedPlatform } from '../../images/platform.ts'
import { prunableImages } from '../../images/prune.ts'
import { planPullOf, planPushOf } from '../../images/transfer/plans.ts'
import { refuseInUse } from '../../images/use.ts'
import { taggedImages } from '../../images/transfer/push.ts'
import { findGarbage } from '../../recovery/gc.ts'
import { authConfig } from '../../api/registry-auth.ts'
import { pulledReference, pushedReference } from '../../api/routes/registry.ts'
import { byHand, type Planner } from './plan.ts'

export const filePlans: Record<string, Planner> = {
  'PUT /containers/{id}/archive': (exchange, engine) => {
    const place = exchange.query.get('path') ?? '/'
    return { steps: [...planLook(exchange, engine), inView('archive.write', `tar -x -C "$VIEW"${shellWord(place)}`)] }
  },
  'GET /containers/{id}/archive': (exchange, engine) => {
    const place = exchange.query.get('path') ?? '/'
    const [parent, name] = [path.posix.dirname(place), path.posix.basename(place)]
    const line = `tar -c -C "$VIEW"${shellWord(parent)} ${shellWord(name)}`
    return { steps: [...planLook(exchange, engine), inView('archive.read', line)] }
  },
  'GET /containers/{id}/export': (exchange, engine) => ({
    steps: [...planLook(exchange, engine), inView('archive.read', 'tar -c -C "$VIEW" .')],
  }),
  'POST /commit': ({ query }, engine) => {
    const container = engine.containers.find(query.get('container') ?? '')
    const upper = shellWord(path.join(container.dir, 'upper'))
    const name = [query.get('repo') ?? '', query.get('tag') ?? ''].filter((part) => part !== '').join(':')
    return {
      steps: [
        byHand(
          'image.layer',
          'image',
          [`tar -c -C ${upper} . | tee layer.tar | sha256sum`],
          ['tar(1)', 'sha256sum(1)'],
        ),
        planStored(engine, name),
      ],
      answer: { Id: '' },
    }
  },
  'POST /images/load': (_exchange, engine) => ({
    steps: [byHand('image.unpack', 'image', ['tar -x -f IMAGE.tar'], ['tar(1)']), planStored(engine, '')],
    answer: '',
  }),
  'POST /images/create': async ({ query }, engine) => {
    if (query.get('fromSrc') === null) {
      const steps = await planPullOf(engine, pulledReference(query), parseAskedPlatform(query.get('platform')))
      return { steps, answer: '' }
    }
    const name = [query.get('repo') ?? '', query.get('tag') ?? ''].filter((part) => part !== '').join(':')
    const layer = byHand('image.layer', 'image', ['tee layer.tar < ROOTFS.tar | sha256sum'], ['sha256sum(1)'])
    return { steps: [layer, planStored(engine, name)], answer: '' }
  },
  'POST /auth': async (exchange) => {
    const { username, serveraddress } = await exchange.readJson(authConfig)
    const host = serveraddress.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
    const registry = host === '' || host === 'index.docker.io' ? 'registry-1.docker.io' : host
    const line = `curl -sS -o /dev/null -w '%{http_code}\\n' -u ${shellWord(username)} https://${registry}/v2/`
    // What the client would write down is in the answer.
    return { steps: [byHand('image.login', 'image', [line], ['curl(1)'])] }
  },
  'POST /images/{name*}/push': async (exchange, engine) => {
    const plans = taggedImages(engine, pushedReference(exchange)).map(({ name, image }) =>
      planPushOf(engine, name, image),
    )
    return { steps: (await Promise.all(plans)).flat(), answer: '' }
  },
  'POST /images/{name*}/tag': (exchange, engine) => {
    find(engine, exchange.params['name'] ?? '')
    const [repo, tag] = [exchange.query.get('repo') ?? '', exchange.query.get('tag') ?? '']
    return { steps: [planName(engine, tag === '' ? repo : `${repo}:${tag}`)], answer: '' }
  },
  'DELETE /images/{name*}': (exchange, engine) => {
    const name = exchange.params['name'] ?? ''
    const image = find(engine, name)
    refuseInUse(engine, image, name, queryFlag(exchange.query, 'force'))
    return { steps: planRemoval(engine, image, image.names.length <= 1 || image.id.includes(name)), answer: [] }
  },
  'POST /images/prune': ({ query }, engine) => ({
    steps: prunableImages(engine, queryFilters(query, ['dangling', 'label', 'label!', 'until'])).flatMap((image) =>
      planRemoval(engine, image, true),
    ),
    answer: { ImagesDeleted: null, SpaceReclaimed: 0 },
  }),
  'POST /x/gc': (_exchange, engine) => {
    const { folders, links } = findGarbage(engine)
    const lines = [
      ...folders.map((folder) => `rm -r --one-file-system ${shellWord(folder)}`),
      ...links.map((link) => `ip link del ${link}`),
    ]
    return {
      steps: lines.length === 0 ? [] : [byHand('gc.sweep', 'rootfs', lines, ['unlink(2)'])],
      answer: { Removed: [] },
    }
  },
  'GET /images/get': ({ query }, engine) => ({ steps: [planSave(engine, query.getAll('names'))] }),
  'GET /images/{name*}/get': ({ params }, engine) => ({ steps: [planSave(engine, [params['name'] ?? ''])] }),
}

/** A view of a container's files: the steps that a helper makes, and where a shell would then stand. */
function planLook({ params }: Exchange, engine: Engine): Step[] {
  const container = engine.containers.find(params['id'] ?? '')
  const place = container.alive ? `/proc/${container.state.pid}/root` : path.join(container.dir, 'rootfs')
  return [...planView(engine, container), byHand('archive.place', 'rootfs', [`VIEW=${shellWord(place)}`], ['proc(5)'])]
}

function inView(id: string, line: string): Step {
  return byHand(id, 'rootfs', [line], ['tar(1)', 'openat2(2)'])
}

function find(engine: Engine, name: string): Image {
  const image = engine.images.resolve(name)
  if (image === undefined) throw new UserError('not-found', `No such image: ${familiarReference(parseReference(name))}`)
  return image
}

/** Contents go by their digest into the store, then the name to them. */
function planStored(engine: Engine, name: string): Step {
  const blobs = shellWord(path.join(engine.images.layersDir, '../blobs/sha256'))
  const lines = [`for blob in *; do cp "$blob" ${blobs}/"$(sha256sum < "$blob" | cut -d' ' -f1)"; done`]
  return byHand('image.store', 'image', name === '' ? lines : [...lines, ...planName(engine, name).shell], [
    'rename(2)',
    'fsync(2)',
  ])
}

function planName(engine: Engine, name: string): Step {
  const file = shellWord(path.join(engine.images.layersDir, '../index.json'))
  const edit = `.manifests += [$image + {annotations: {"org.opencontainers.image.ref.name": $name}}]`
  return byHand(
    'image.name',
    'image',
    [
      `jq --argjson image "$IMAGE" --arg name ${shellWord(name)} ${shellWord(edit)} ${file} > ${file}.new && mv ${file}.new ${file}`,
    ],
    ['rename(2)'],
  )
}

/** Its names go, and when none is left what no other image needs. */
function planRemoval(engine: Engine, image: Image, whole: boolean): Step[] {
  const file = shellWord(path.join(engine.images.layersDir, '../index.json'))
  const others = engine.images.list().filter(({ id }) => id !== image.id)
  const kept = new Set(others.flatMap(({ layers }) => layers.map(({ chainID }) => chainID)))
  const gone = image.layers.filter(({ chainID }) => !kept.has(chainID))
  const layers = gone.map(({ chainID }) => shellWord(path.join(engine.images.layersDir, hexOf(chainID))))
  const edit = `del(.manifests[] | select(.digest == $digest))`
  return [
    byHand(
      'image.unname',
      'image',
      [`jq --arg digest ${image.id} ${shellWord(edit)} ${file} > ${file}.new && mv ${file}.new ${file}`],
      ['rename(2)'],
    ),
    ...(whole && layers.length > 0
      ? [byHand('image.remove', 'image', [`rm -r ${layers.join(' ')}`], ['unlink(2)'])]
      : []),
  ]
}

function planSave(engine: Engine, names: string[]): Step {
  for (const name of names) find(engine, name)
  const store = shellWord(path.join(engine.images.layersDir, '..'))
  return byHand('image.save', 'image', [`tar -c -C ${store} oci-layout index.json blobs`], ['tar(1)'])
}

/** Plans of /containers and /exec. */
import * as path from 'node:path'
import { planFreezer, planRemove } from '@mini-docker/cgroup'
import { planPorts } from '@mini-docker/net'
import { shellWord, signalName, UserError, type Step } from '@mini-docker/syscall'
import { createBody, execCreateBody } from '../../api/bodies.ts'
import type { Exchange } from '../../api/exchange.ts'
import { queryFilters, queryFlag, queryInteger } from '../../api/query.ts'
import { planCreate, planDryStart } from '../../containers/dry-run.ts'
import type { Container } from '../../containers/model.ts'
import { prunableContainers } from '../../containers/prune.ts'
import { parseSignal } from '../../containers/signals.ts'
import type { Engine } from '../../engine.ts'
import { planExec } from '../../exec/start.ts'
import { publishedPorts } from '../../networks/firewall.ts'
import { localMount } from '../../volumes/host-mount.ts'
import { byHand, type Planner } from './plan.ts'

export const containerPlans: Record<string, Planner> = {
  'POST /containers/create': async (exchange, engine) => {
    const steps = await planCreate(engine, await exchange.readJson(createBody), exchange.query.get('name') ?? '')
    return { steps: steps.filter(isMadeAtCreate), answer: { Id: '', Warnings: [] } }
  },
  'POST /containers/{id}/start': of((container, engine) => ({
    steps: container.alive ? [] : planDryStart(engine, container.record),
    answer: '',
  })),
  'POST /containers/{id}/stop': of((container, engine, exchange) => ({
    steps: planStop(engine, container, exchange),
    answer: '',
  })),
  'POST /containers/{id}/restart': of((container, engine, exchange) => ({
    steps: [...planStop(engine, container, exchange), ...planDryStart(engine, container.record)],
    answer: '',
  })),
  'POST /containers/{id}/kill': of((container, engine, exchange) => {
    if (!container.alive) throw notRunning(container)
    const signal = exchange.query.get('signal') ?? ''
    const number = parseSignal(signal || 'SIGKILL')
    const ends = signalName(number) === 'SIGKILL' ? planEnd(engine, container) : []
    return { steps: [planSignal(container, number), ...ends], answer: '' }
  }),
  'POST /containers/{id}/pause': of((container, engine) => {
    if (!container.alive) throw notRunning(container)
    return { steps: [planFreezer(engine.cgroups, container.cgroupPath, true)], answer: '' }
  }),
  'POST /containers/{id}/unpause': of((container, engine) => {
    if (container.state.status !== 'paused') throw new UserError('conflict', `container ${container.id} is not paused`)
    return { steps: [planFreezer(engine.cgroups, container.cgroupPath, false)], answer: '' }
  }),
  'POST /containers/{id}/rename': of((container, _engine, exchange) => {
    const name = exchange.query.get('name') ?? ''
    const file = shellWord(path.join(container.dir, 'config.json'))
    const edit = `jq --arg name ${shellWord(name)} '.name = $name' ${file} > ${file}.new && mv ${file}.new ${file}`
    return { steps: [byHand('container.record', 'process', [edit], ['rename(2)'])], answer: '' }
  }),
  'DELETE /containers/{id*}': ({ params, query }, engine) => {
    const reference = params['id'] ?? ''
    if (queryFlag(query, 'link')) return { steps: [planLinkRemoval(engine, reference)], answer: '' }
    const container = engine.containers.find(reference)
    if (container.running && !queryFlag(query, 'force'))
      throw new UserError(
        'conflict',
        `cannot remove container "/${container.record.name}": container is running: stop the container before removing or force remove`,
      )
    const kill = container.alive ? [planSignal(container, parseSignal('KILL')), ...planEnd(engine, container)] : []
    return { steps: [...kill, ...planRemoval(engine, container, queryFlag(query, 'v'))], answer: '' }
  },
  'POST /containers/prune': ({ query }, engine) => ({
    steps: prunableContainers(engine, queryFilters(query, ['label', 'label!', 'until'])).flatMap((container) =>
      planRemoval(engine, container, false),
    ),
    answer: { ContainersDeleted: null, SpaceReclaimed: 0 },
  }),
  'POST /containers/{id}/exec': async (exchange, engine) => {
    const container = engine.containers.find(exchange.params['id'] ?? '')
    const request = await exchange.readJson(execCreateBody)
    const dir = path.join(container.dir, 'exec', 'ID')
    return { steps: planExec(engine, container, request, dir, request.ConsoleSize ?? undefined).steps }
  },
}

/** What follows the end of a container: nothing of it stays on the host but its folder. */
export function planEnd(engine: Engine, container: Container): Step[] {
  const { firewall, store } = engine.networks
  const ports = publishedPorts(container, store)
  const withdrawn = ports.length === 0 ? [] : (planPorts(firewall.state().owner, ports).undoShell ?? [])
  const mounted = container.record.mounts.flatMap(({ name = '' }) =>
    engine.volumes.has(name) && localMount(engine.volumes.get(name))?.kind === 'filesystem'
      ? [`umount -l ${shellWord(engine.volumes.dataPath(name))}`]
      : [],
  )
  return [
    planRemove(engine.cgroups, container.cgroupPath),
    ...(withdrawn.length === 0 ? [] : [byHand('network.withdraw', 'network', withdrawn, ['nft(8)'])]),
    ...(mounted.length === 0 ? [] : [byHand('volume.unmount', 'rootfs', mounted, ['umount(8)'])]),
    ...(container.record.hostConfig.AutoRemove ? planRemoval(engine, container, true) : []),
  ]
}

function planStop(engine: Engine, container: Container, { query }: Exchange): Step[] {
  if (!container.alive) return []
  const { config } = container.record
  const signal = parseSignal(query.get('signal') || config.StopSignal || 'SIGTERM')
  const seconds = queryInteger(query, 't') ?? config.StopTimeout ?? 10
  const { pid } = container.state
  const wait = `timeout ${seconds} tail --pid=${pid} -f /dev/null || kill -KILL ${pid}`
  return [
    planSignal(container, signal),
    byHand('container.wait', 'process', [seconds < 0 ? `tail --pid=${pid} -f /dev/null` : wait], ['waitid(2)']),
    ...planEnd(engine, container),
  ]
}

function planSignal({ state: { pid } }: Container, signal: number): Step {
  const name = signalName(signal).replace(/^SIG/, '')
  return byHand('container.signal', 'process', [`kill -${name} ${pid}`], ['kill(2)', 'signal(7)'])
}

function planRemoval(engine: Engine, { dir, record }: Container, volumes: boolean): Step[] {
  const names = volumes ? record.mounts.flatMap(({ anonymous, name = '' }) => (anonymous === true ? [name] : [])) : []
  const folders = names.filter((name) => engine.volumes.has(name)).map((name) => engine.volumes.folder(name))
  return [
    byHand('container.remove', 'rootfs', [`rm -r --one-file-system ${shellWord(dir)}`], ['unlink(2)', 'rmdir(2)']),
    ...(folders.length === 0
      ? []
      : [
          byHand(
            'volume.remove',
            'rootfs',
            [`rm -r --one-file-system ${folders.map(shellWord).join(' ')}`],
            ['unlink(2)'],
          ),
        ]),
  ]
}

/** `rm --link CONTAINER/ALIAS`: a name less in the record of the one that has it. */
function planLinkRemoval(engine: Engine, reference: string): Step {
  const [name = '', alias = ''] = reference.replace(/^\//, '').split('/')
  const file = shellWord(path.join(engine.containers.find(name).dir, 'config.json'))
  const edit = shellWord('del(.hostConfig.Links[] | select(endswith(":" + $alias)))')
  return byHand(
    'container.record',
    'process',
    [`jq --arg alias ${shellWord(alias)} ${edit} ${file} > ${file}.new && mv ${file}.new ${file}`],
    ['rename(2)'],
  )
}

function isMadeAtCreate({ id }: Step): boolean {
  return id === 'container.folder' || id === 'volume.folder'
}

function notRunning({ id }: Container): UserError {
  return new UserError('conflict', `container ${id} is not running`)
}

function of(plan: (container: Container, engine: Engine, exchange: Exchange) => ReturnType<Planner>): Planner {
  return (exchange, engine) => plan(engine.containers.find(exchange.params['id'] ?? ''), engine, exchange)
}

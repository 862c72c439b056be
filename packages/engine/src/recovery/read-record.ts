/**
 * Reads what a daemon wrote about a container, perhaps an older or a newer one, perhaps on a disk that lost some of it.
 * Fields of config.json that are missing get docker's zero values; state.json is only a memory of what can be found out again.
 */
import { z } from 'zod'
import { endpointSettings } from '../networks/endpoint.ts'
import { defaultEndpoints } from '../networks/json.ts'
import { sandboxState } from '../networks/sandbox.ts'
import { createBody } from '../api/bodies.ts'
import { NEW_STATE, type ContainerRecord, type ContainerState } from '../containers/model.ts'

const mountPoint = z.object({
  type: z.enum(['bind', 'volume', 'tmpfs']),
  source: z.string(),
  destination: z.string(),
  readOnly: z.boolean(),
  mode: z.string(),
  propagation: z.string(),
  defaultPropagation: z.boolean().optional(),
  name: z.string().optional(),
  copyUp: z.boolean().optional(),
  anonymous: z.boolean().optional(),
  createSource: z.boolean().optional(),
  nonRecursive: z.boolean().optional(),
  readOnlyNonRecursive: z.boolean().optional(),
  tmpfsOptions: z.array(z.string()).optional(),
  unlisted: z.boolean().optional(),
  subpath: z.string().optional(),
})

const record = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().min(1),
  created: z.iso.datetime(),
  imageId: z.string(),
  chain: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)),
  config: z.looseObject({}),
  hostConfig: z.looseObject({}),
  mounts: z.array(mountPoint),
  networks: z.record(z.string(), endpointSettings).optional(),
})

/** @throws an error that names the field, or a SyntaxError. */
export function readRecord(text: string, id: string): ContainerRecord {
  const { config, hostConfig, ...rest } = parse(record, text)
  if (rest.id !== id) throw new Error(`it is the record of container ${rest.id}`)
  const {
    HostConfig,
    NetworkingConfig: _,
    MacAddress: _mac,
    ...Config
  } = createBody.parse({ ...config, HostConfig: hostConfig })
  const networks = rest.networks ?? defaultEndpoints(HostConfig.NetworkMode)
  return { ...rest, config: Config, hostConfig: HostConfig, networks } as ContainerRecord
}

const time = z.iso.datetime()
const count = z.number().int().min(0)
const state = z.object({
  status: z
    .enum(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'])
    // A status of a newer daemon: whether it runs is asked of its monitor.
    .catch('exited'),
  pid: count.catch(0),
  exitCode: count.catch(0),
  error: z.string().catch(''),
  oomKilled: z.boolean().catch(false),
  startedAt: time.catch(NEW_STATE.startedAt),
  finishedAt: time.catch(NEW_STATE.finishedAt),
  restartCount: count.catch(0),
  stoppedByUser: z.boolean().catch(false),
  network: sandboxState.optional().catch(undefined),
})

/** A field that cannot be read has the value of a new container. @throws when it is no object at all. */
export function readState(text: string): ContainerState {
  return parse(state, text)
}

/** One line for the daemon's log: the first field that is wrong. */
function parse<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  const result = schema.safeParse(JSON.parse(text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Error(`${issue?.path.join('.') || 'content'}: ${issue?.message ?? 'wrong type'}`)
}

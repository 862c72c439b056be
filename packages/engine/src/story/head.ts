/** The first event: which container it is about, and on what machine. */
import * as os from 'node:os'
import { STORY_VERSION } from '@mini-docker/story'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import type { Untimed } from './teller.ts'

/** `command` is the client's to fill in. */
export function headOf({ cgroups, version }: Engine, { id, record }: Container): Untimed {
  return {
    type: 'head',
    version: STORY_VERSION,
    at: new Date().toISOString(),
    command: [],
    container: { id, name: record.name, image: record.config.Image },
    machine: { kernel: os.release(), arch: os.machine(), cgroup: cgroups.kind, version },
  }
}

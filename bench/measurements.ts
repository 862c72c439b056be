/** The measurements by the name that `--only` takes, in the order in which they run. */
import type { Measurement } from './bench.ts'
import { exec } from './containers/exec.ts'
import { many, ps } from './containers/many.ts'
import { memory } from './containers/memory.ts'
import { output } from './containers/output.ts'
import { api, run } from './containers/start.ts'
import { load, save } from './images/archive.ts'
import { pullMemory } from './images/memory.ts'
import { present, pull } from './images/pull.ts'
import { push } from './images/push.ts'
import { dns } from './networks/dns.ts'
import { requests } from './networks/requests.ts'
import { networkStart } from './networks/start.ts'
import { throughput } from './networks/throughput.ts'

export const MEASUREMENTS: Record<string, Measurement> = {
  run,
  api,
  exec,
  ps,
  many,
  output,
  memory,
  pull,
  present,
  'pull-memory': pullMemory,
  push,
  load,
  save,
  'network-start': networkStart,
  throughput,
  requests,
  dns,
}

/** Live groups for root tests: the calls of a plan made by this process, and commands that enter the group as the plan's shell says. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { AT_FDCWD, invoke, type Arg, type Call, type NativeArg, type Step } from '@mini-docker/syscall'
import {
  groupDirectory,
  controllerHome,
  kill,
  planCgroup,
  prepareParent,
  readCgroupLayout,
  releaseParent,
  remove,
} from '../src/index.ts'
import type { CgroupLayout, OciLinuxResources } from '../src/index.ts'

/** A parent group of our own, so that no test meets a real container. Disposing of it kills and removes what is left. */
export class LiveCgroups implements AsyncDisposable {
  readonly layout: CgroupLayout
  #made: string[] = []

  constructor(parent = `mini-docker-test-${process.pid}`) {
    this.layout = prepareParent(readCgroupLayout({ parent }))
  }

  /** Makes a group with limits; returns its path. */
  create(name: string, resources: OciLinuxResources = {}): string {
    const path = `${this.layout.parent}/${name}`
    this.#made.push(path)
    makeCalls(planCgroup(this.layout, path, resources).steps.filter((step) => step.where === 'host'))
    return path
  }

  /** Content of a control file of a v1 controller. */
  file(path: string, controller: string, name: string): string {
    return readFileSync(`${this.directory(path, controller)}/${name}`, 'utf8').trim()
  }

  directory(path: string, controller: string): string {
    const home = controllerHome(this.layout, controller)
    if (home === undefined) throw new Error(`no controller ${controller}`)
    return groupDirectory(home, path)
  }

  /** Starts `sh -c command` inside the group. */
  start(path: string, command: string): ChildProcess {
    const { steps, v2Directory } = planCgroup(this.layout, path, {})
    const join = steps.filter((step) => step.where === 'container').flatMap(({ shell }) => shell)
    const born = v2Directory === undefined ? [] : [`echo $$ > ${v2Directory}/cgroup.procs`]
    return spawn('sh', ['-c', [...join, ...born, command].join('\n')], { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** Runs a command inside the group to its end. */
  async run(
    path: string,
    command: string,
  ): Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }> {
    const child = this.start(path, command)
    const output = { stdout: '', stderr: '' }
    child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
    child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    return { code, signal, ...output }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#made) {
      await kill(this.layout, path)
      await remove(this.layout, path)
    }
    releaseParent(this.layout)
  }
}

/** The calls of steps, made here, with references filled in; the launcher does the same in a process of its own. */
export function makeCalls(steps: readonly Step[]): void {
  const results = new Map<string, number>()
  for (const { name, args, as, allow } of steps.flatMap(({ calls }): Call[] => calls)) {
    const result = tolerate(allow, () => invoke(name, ...args.map((arg) => nativeArg(arg, results))))
    if (as !== undefined && result !== undefined) results.set(as, result)
  }
}

function tolerate(allow: readonly string[] | undefined, make: () => number): number | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof Error && 'code' in error && allow?.includes(String(error.code))) return undefined
    throw error
  }
}

function nativeArg(arg: Arg, results: Map<string, number>): NativeArg {
  if (arg === null || typeof arg !== 'object' || arg instanceof Uint8Array) return arg
  if ('ref' in arg) return results.get(arg.ref) ?? AT_FDCWD
  throw new Error(`this test cannot pass ${JSON.stringify(arg)}`)
}

/**
 * The story of one start, as it is told to one client, and the gate that this client opens. Begun by `POST /x/containers/{id}/story`, taken up by the start
 * that follows, ended with the container's tear-down.
 */
import {
  currentListener,
  errnoName,
  formatCall,
  listening,
  UserError,
  type LaunchEvent,
  type Listener,
  type Step,
  type Work,
} from '@mini-docker/syscall'
import type { Hijacked } from '../api/exchange.ts'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import type { FaultRequest, Plan } from '../runtime-port.ts'
import { endExecs } from '../exec/end.ts'
import { Commands } from './commands.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { headOf } from './head.ts'
import { KernelFacts } from './kernel-facts.ts'
import { plannedSteps } from './planned.ts'
import { Teller } from './teller.ts'

export type StoryOptions = FaultRequest & { step: boolean; facts: boolean }

/** A start that is given up on purpose. */
export class GivenUp extends UserError {
  constructor(why: string) {
    super('conflict', `the start was given up before the command ran: ${why}; all that was made is undone`)
  }
}

/** Ends an attempt, so that the next one can stop a step earlier. */
class StepBack extends Error {}

type Phase = 'idle' | 'making' | 'undoing' | 'running' | 'over'

export class Story {
  readonly options: StoryOptions
  readonly #engine: Engine
  readonly #container: Container
  readonly #teller: Teller
  readonly #commands = new Commands()
  readonly #gatekeeper: Gatekeeper
  readonly #facts: KernelFacts | undefined
  #phase: Phase = 'idle'
  #attempt = 0
  #steps: readonly Step[] = []

  constructor(engine: Engine, container: Container, connection: Hijacked, options: StoryOptions) {
    this.options = options
    this.#engine = engine
    this.#container = container
    this.#teller = new Teller(connection.output, () => this.left())
    this.#gatekeeper = new Gatekeeper(options)
    this.#facts = options.facts ? new KernelFacts(engine, container) : undefined
    const { input } = connection
    input.on('data', (bytes: Buffer) => this.#commands.feed(bytes))
    input.once('end', () => this.#commands.endOfInput(new Error('the client says nothing more')))
    input.on('error', () => this.left())
    this.#teller.tell(headOf(engine, container))
  }

  /** The client is gone: what is half-made is taken back; what runs runs on. */
  left(): void {
    this.#commands.close(new Error('the client is gone'))
    this.#engine.stories.closed(this)
    this.#engine.stories.delete(this.#container.id, this)
  }

  /** True when something is half-made; then it is being taken back. */
  giveUp(why: string): boolean {
    if (this.#phase !== 'making' && this.#phase !== 'undoing') return false
    this.#commands.close(new Error(why))
    return true
  }

  close(): void {
    this.#teller.cut()
  }

  /** Makes attempts until one of them runs, fails or is given up. `attempt` undoes what it made before it rejects. */
  async attempts<T>(attempt: (story: Story) => Promise<T>): Promise<T> {
    const listener = this.#listener(currentListener())
    try {
      for (;;) {
        this.#attempt++
        this.#phase = 'making'
        try {
          return await listening(listener, () => attempt(this))
        } catch (error) {
          if (!(error instanceof StepBack)) throw error
          this.#undone('back')
        }
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#undone(error instanceof GivenUp ? 'abort' : 'failed', message)
      this.#over({ type: 'exit', exitCode: 125, error: message })
      throw error
    } finally {
      this.#container.halfMade = undefined
    }
  }

  /** True for an error that only ends this attempt. */
  isBack(error: unknown): boolean {
    return error instanceof StepBack
  }

  /** The plan as it will be made in this attempt; tells it. @throws UserError for a fault that cannot be built in */
  plan(planned: Plan): Plan {
    const { plan, marks, shown } = this.#engine.runtime.withFaults(planned, this.options)
    this.#steps = plan.steps
    this.#facts?.reset()
    this.#teller.tell({ type: 'plan', attempt: this.#attempt, steps: plannedSteps(shown, marks) })
    return plan
  }

  /** For the runtime: before each step, and when something is to be taken back. */
  get hooks(): { gate: (step: Step, pid: number, isChild: boolean) => Promise<void>; onUndo: () => void } {
    return { gate: (...args) => this.#gate(...args), onUndo: () => this.undoing() }
  }

  undoing(): void {
    if (this.#phase !== 'making') return
    this.#phase = 'undoing'
    this.#commands.forget(new Error('the attempt is over'))
  }

  /** The command runs. */
  started(pid: number): void {
    this.#phase = 'running'
    this.#container.halfMade = undefined
    this.#teller.tell({ type: 'started', pid })
    void this.#tellFacts(this.#steps.length, pid)
  }

  /** The container has ended. */
  async teardown(exitCode: number, tear: (part: Part) => Promise<void>): Promise<void> {
    const { describeTeardown } = await import('./teardown.ts')
    const steps = describeTeardown(this.#engine, this.#container)
    this.#teller.tell({ type: 'teardown', steps: plannedSteps(steps) })
    this.#facts?.reset()
    const outer = currentListener()
    try {
      await tear(async (id, work) => {
        const index = steps.findIndex((step) => step.id === id)
        if (index === -1) return work()
        await this.#tellTeardownFacts(index)
        this.#teller.tell({ type: 'step', index, phase: 'teardown' })
        return listening(this.#partListener(index, outer), work)
      })
      await this.#tellTeardownFacts(steps.length)
    } finally {
      this.#over({ type: 'exit', exitCode })
    }
  }

  async #gate(step: Step, pid: number, isChild: boolean): Promise<void> {
    const index = this.#steps.indexOf(step)
    this.#container.halfMade = { index, step: step.id, pid: isChild ? pid : undefined, waiting: false }
    this.#refuseClosed()
    await this.#tellFacts(index, pid)
    this.#refuseClosed()
    while (this.#gatekeeper.isShut(index, step.stage)) {
      this.#container.halfMade = { ...this.#container.halfMade, waiting: true }
      this.#teller.tell({ type: 'waiting', index })
      const command = await this.#commands.ask().catch(() => 'abort' as const)
      const meaning = this.#gatekeeper.obey(command, index, step.stage)
      if (meaning === 'again') continue
      if (meaning === 'open') break
      await endExecs(this.#engine, this.#container)
      this.undoing()
      throw meaning === 'back'
        ? new StepBack()
        : new GivenUp(this.#commands.closed?.message ?? 'the client says nothing more')
    }
    this.#container.halfMade = { ...this.#container.halfMade, waiting: false }
    this.#teller.tell({ type: 'step', index })
  }

  #refuseClosed(): void {
    const { closed } = this.#commands
    if (closed === undefined) return
    this.undoing()
    throw new GivenUp(closed.message)
  }

  async #tellFacts(index: number, pid: number): Promise<void> {
    const sections = await this.#facts?.ofProcess(pid)
    if (sections !== undefined) this.#teller.tell({ type: 'facts', index, sections })
  }

  async #tellTeardownFacts(index: number): Promise<void> {
    const sections = await this.#facts?.ofHost()
    if (sections !== undefined) this.#teller.tell({ type: 'facts', index, sections, phase: 'teardown' })
  }

  #undone(reason: 'back' | 'abort' | 'failed', message?: string): void {
    this.#teller.tell({ type: 'undone', reason, ...(message === undefined ? {} : { message }) })
  }

  #over(event: { type: 'exit'; exitCode: number; error?: string }): void {
    this.#phase = 'over'
    this.#engine.stories.delete(this.#container.id, this)
    this.#teller.end(event)
  }

  #listener(outer: Listener | undefined): Listener {
    return {
      work: (work) => {
        outer?.work(work)
        this.#work(work)
      },
      launch: (event) => {
        outer?.launch(event)
        this.#launched(event)
      },
    }
  }

  /** What the daemon does itself. Its own files are no part of the story. */
  #work(work: Work): void {
    if (OWN_AFFAIRS.has(work.step)) return
    const { text, result, error, durationNs } = work
    const told = { text, result, ...(error === undefined ? {} : { error }) }
    if (this.#phase === 'undoing') return this.#teller.tell({ type: 'undo', ...told })
    if (this.#phase !== 'making') return
    const index = this.#steps.findIndex(({ id }) => id === work.step || MADE_BY[id] === work.step)
    if (index !== -1) this.#teller.tell({ type: 'call', index, ...told, durationNs })
  }

  #launched(event: LaunchEvent): void {
    const index = this.#steps.indexOf(event.step)
    const told = callOf(event)
    if (told === undefined) return
    if (index !== -1) return this.#teller.tell({ type: 'call', index, ...told })
    const { durationNs: _, failed: _failed, ...undo } = told
    if (this.#phase === 'undoing') this.#teller.tell({ type: 'undo', ...undo })
  }

  #partListener(index: number, outer: Listener | undefined): Listener {
    const tell = (told: Told): void => this.#teller.tell({ type: 'call', index, ...told, phase: 'teardown' })
    return {
      work: (work) => {
        outer?.work(work)
        const { text, result, error, durationNs } = work
        if (!OWN_AFFAIRS.has(work.step)) tell({ text, result, durationNs, ...(error === undefined ? {} : { error }) })
      },
      launch: (event) => {
        outer?.launch(event)
        const told = callOf(event)
        if (told !== undefined) tell(told)
      },
    }
  }
}

/** A part of the tear-down, by the id of its step; its work is told as that step's calls. */
export type Part = <T>(id: string, work: () => Promise<T>) => Promise<T>

const OWN_AFFAIRS: ReadonlySet<string> = new Set(['daemon.file', 'daemon.request', 'image.file'])

/** Steps without calls, and what the daemon's own work for them is called. */
const MADE_BY: Record<string, string> = { 'network.ports': 'network.nft' }

type Told = { text: string; result: number; error?: string; failed?: true; durationNs: number }

function callOf(event: LaunchEvent): Told | undefined {
  switch (event.type) {
    case 'step':
      return undefined
    case 'started':
      return event.call === undefined ? undefined : { text: formatCall(event.call), result: 0, durationNs: 0 }
    case 'call':
    case 'failed': {
      const result = event.type === 'call' ? event.result : -event.errno
      const error = result < 0 && result >= -4095 ? { error: errnoName(-result) ?? `E${-result}` } : {}
      const failed = event.type === 'failed' ? ({ failed: true } as const) : {}
      const text = event.call === undefined ? event.step.id : formatCall(event.call)
      return { text, result, ...error, ...failed, durationNs: Number(event.durationNs) }
    }
  }
}

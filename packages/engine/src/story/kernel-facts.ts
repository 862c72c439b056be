/** What the kernel says at a moment of the story, as far as it is not what it said before. */
import * as fs from 'node:fs'
import { groupDirectory } from '@mini-docker/cgroup'
import { FactReader } from '@mini-docker/facts'
import { differingSections, withSections, type FactRow, type FactSection, type Facts } from '@mini-docker/story'
import { listening } from '@mini-docker/syscall'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'

const NOBODY = { work: (): void => {}, launch: (): void => {} }

export class KernelFacts {
  readonly #engine: Engine
  readonly #container: Container
  readonly #reader: FactReader
  #known: Facts = {}

  constructor(engine: Engine, container: Container) {
    this.#engine = engine
    this.#container = container
    this.#reader = new FactReader({ owner: engine.networks.firewall.state().owner })
  }

  /** A new attempt begins, or the tear-down: whoever listens has forgotten everything. */
  reset(): void {
    this.#known = {}
  }

  /** The sections that have changed; undefined when the process is gone. */
  async ofProcess(pid: number): Promise<Facts | undefined> {
    try {
      return this.#news(await this.#read(pid))
    } catch {
      // It ended meanwhile: whoever started it hears of it.
      return undefined
    }
  }

  /** When there is no process any more: what the host has of it. */
  async ofHost(): Promise<Facts> {
    const seen = await this.#read(process.pid)
    const { links, nft } = seen
    return this.#news({ cgroup: this.#groups(), ...(links && { links }), ...(nft && { nft }) })
  }

  /** Looking is no part of what is looked at. */
  #read(pid: number): Promise<Facts> {
    return listening(NOBODY, () => this.#reader.read(pid))
  }

  #groups(): FactSection {
    const rows = this.#engine.cgroups.hierarchies.flatMap((hierarchy): FactRow[] => {
      const directory = groupDirectory(hierarchy, this.#container.cgroupPath)
      return fs.existsSync(directory) ? [[directory, 'is there']] : []
    })
    return { source: 'stat /sys/fs/cgroup', rows }
  }

  #news(seen: Facts): Facts {
    const news = differingSections(this.#known, seen)
    this.#known = withSections(this.#known, news)
    return news
  }
}

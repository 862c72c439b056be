/** What every measurement is given, and how it calls each peer's command line. */
import { join } from 'node:path'
import { repository } from '../test/harness/daemon.ts'
import { peerPath } from '../test/harness/requires.ts'
import type { Contestant } from './measure.ts'
import { podmanOptions, type Peers } from './peers.ts'
import type { Table } from './table.ts'

export type Bench = {
  peers: Peers
  /** A directory for anything, removed at the end. */
  scratch: string
  rounds: number
  /** Names of the recipes of images that were asked for; undefined for all. */
  images: readonly string[] | undefined
}

/** Tables come as soon as they are complete: what goes wrong later does not take them away. */
export type Measurement = (bench: Bench) => AsyncIterable<Table>

/** The words that each command line starts with. */
export type CommandLines = {
  ours: string[]
  docker: string[] | undefined
  podman: string[] | undefined
  env: Record<string, string>
}

export function commandLines({ peers, scratch }: Bench): CommandLines {
  const path = peerPath()
  return {
    ours: [join(repository, 'mini-docker'), '-H', peers.ours.host],
    docker: peers.docker === undefined ? undefined : ['docker', '-H', `unix://${peers.docker.socket}`],
    podman: peers.podman === undefined ? undefined : [peers.podman, ...podmanOptions(scratch, path)],
    env: { PATH: path },
  }
}

/** A contestant, where the peer is installed. */
export function optional<T>(peer: T | undefined, name: string, sample: (peer: T) => Promise<number>): Contestant[] {
  return peer === undefined ? [] : [{ name, sample: () => sample(peer) }]
}

/** podman would raise limits that this machine's root may not raise. */
export const PODMAN_RUN = ['run', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

/** What is drawn: a process, and the container that it is the first one of, where an engine knows it. */
import type { Anatomy } from '@mini-docker/facts'

export type ContainerFact = {
  engine: 'mini-docker' | 'docker' | 'podman'
  id: string
  name: string
  image: string
  /** What tar archives the image's layers are, the lowest first: `sha256:…` of each, unpacked (diff ids). */
  layers: string[]
  /** Published: `tcp 8080 → 80`, each with the address of the host, where it is not all of them. */
  ports: { protocol: string; hostAddress: string; hostPort: number; containerPort: number }[]
  /** The socket, or the command, that told it. */
  source: string
}

export type Subject = {
  anatomy: Anatomy
  container?: ContainerFact
  /** Of containers that share namespaces with it, by id. */
  names: Readonly<Record<string, string>>
}

export const SECTION_NAMES = ['namespaces', 'mounts', 'cgroup', 'network', 'processes', 'security'] as const
export type SectionName = (typeof SECTION_NAMES)[number]

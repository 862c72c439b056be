/** What is accepted in mounts and does nothing here. */
import type { HostConfig } from '../api/bodies.ts'

/** Words for the answer of create: docker's clients print them. */
export function mountWarnings({ Binds }: Pick<HostConfig, 'Binds'>): string[] {
  return (Binds ?? []).flatMap((spec) => {
    const words = spec.split(':')[2]?.split(',') ?? []
    const label = words.find((word) => word === 'z' || word === 'Z')
    return label === undefined ? [] : [`-v ${spec}: ${label} changes no labels: mini-docker does not use SELinux`]
  })
}

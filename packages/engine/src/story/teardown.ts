/** What the end of a container takes from the host, as steps. The tear-down itself is `cleanUpHost`; the ids are those of its parts. */
import { groupDirectory } from '@mini-docker/cgroup'
import { AT_FDCWD, AT_REMOVEDIR, call, type Step } from '@mini-docker/syscall'
import type { Container } from '../containers/model.ts'
import type { Engine } from '../engine.ts'

export function describeTeardown({ cgroups }: Engine, { record, state, cgroupPath, dir }: Container): Step[] {
  const directories = cgroups.hierarchies.map((hierarchy) => groupDirectory(hierarchy, cgroupPath))
  const links = Object.values(state.network?.endpoints ?? {}).flatMap(({ hostName }) =>
    hostName === '' ? [] : [hostName],
  )
  const volumes = record.mounts.filter(({ type }) => type === 'volume')
  const step = { where: 'host', calls: [], shell: [] } as const
  return [
    {
      ...step,
      id: 'cgroup.remove',
      stage: 'cgroup',
      calls: directories.map((directory) => call('unlinkat', [AT_FDCWD, directory, AT_REMOVEDIR])),
      shell: directories.map((directory) => `rmdir ${directory}`),
      man: ['cgroups(7)', 'rmdir(2)'],
    },
    ...(state.network === undefined
      ? []
      : [
          {
            ...step,
            id: 'network.withdraw',
            stage: 'network',
            calls: [],
            shell: links.map((name) => `ip link del ${name}`),
            man: ['veth(4)', 'nft(8)'],
          } satisfies Step,
        ]),
    ...(volumes.length === 0
      ? []
      : [{ ...step, id: 'volume.unmount', stage: 'rootfs', calls: [], shell: [], man: ['umount(2)'] } satisfies Step]),
    ...(record.hostConfig.AutoRemove
      ? [
          {
            ...step,
            id: 'container.remove',
            stage: 'rootfs',
            calls: [],
            shell: [`rm -r ${dir}`],
            man: ['unlink(2)', 'rmdir(2)'],
          } satisfies Step,
        ]
      : []),
  ]
}

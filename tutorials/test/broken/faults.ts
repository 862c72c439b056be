/** What can be wrong with a runtime, and which findings must say so. Everything else must pass. */

/** Chapters whose checks look, and run nothing: these are asked each time. */
export const LOOKS = ['03', '04', '05', '06', '08', '18']

/** By name: the findings that fail, and chapters that are asked too, which start the runtime again for what they see. */
export const FAULTS = {
  none: { fails: [], also: ['01', '02', '10', '11', '13', '25'] },
  'no-uts': { fails: ['02.namespace', '02.hostname'], also: ['02'] },
  'no-name': { fails: ['02.hostname'], also: ['02'] },
  'chroot-without-chdir': { fails: ['03.cwd', '05.root', '05.old-root'] },
  'shared-mounts': { fails: ['04.propagation', '05.root', '05.old-root', 'all.host-mounts'] },
  chroot: { fails: ['05.root', '05.old-root'] },
  'old-root-mounted': { fails: ['05.old-root'] },
  'no-pid': { fails: ['06.namespace', '06.number', '06.proc'] },
  'host-proc': { fails: ['06.proc'] },
  'host-ipc': { fails: ['08.ipc'] },
  'no-pids-limit': { fails: ['10.limit', '10.held'], also: ['10'] },
  'memory-of-nobody': { fails: ['11.limit', '11.killed'], also: ['11'] },
  'shared-root': { fails: ['13.overlay', '13.fresh'], also: ['13'] },
  'host-network': { fails: ['18.namespace', '18.loopback'] },
  'all-capabilities': { fails: ['25.bounding', '25.effective', '25.mount'], also: ['25'] },
  // That a mount is refused is seen by how the command ends.
  'exit-code-lost': { fails: ['01.exit-code', '25.mount'], also: ['01', '25'] },
  'group-left': { fails: ['all.host-cgroups'] },
} satisfies Record<string, { fails: string[]; also?: string[] }>

export type Fault = keyof typeof FAULTS

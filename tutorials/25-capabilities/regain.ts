/** Sets its own capabilities to none, and leaves the bounding set as it is: `bin/node tutorials/25-capabilities/regain.ts grep CapEff /proc/self/status`. */
import { call, executeCalls, LINUX_CAPABILITY_VERSION_3, newProcess, struct } from '@mini-docker/syscall'

process.exitCode = await newProcess({
  child: [
    call('capset', [
      struct('cap_header', { version: LINUX_CAPABILITY_VERSION_3, pid: 0 }),
      struct('cap_data', { effective: 0, permitted: 0, inheritable: 0 }),
    ]),
    ...executeCalls(process.argv.slice(2), ['PATH=/usr/sbin:/usr/bin:/sbin:/bin']),
  ],
})

/** What `--network name=…,driver-opt=…` may say of an endpoint. Options that docker's drivers do not know they pass over, and inspect shows. */
import { checkName } from '@mini-docker/net'
import { UserError } from '@mini-docker/syscall'
import type { EndpointSettings } from './endpoint.ts'

const SYSCTLS = 'com.docker.network.endpoint.sysctls'
const IFNAME = 'com.docker.network.endpoint.ifname'

export type EndpointOptions = {
  /** The interface's name in the container, where somebody chose it. */
  ifname: string | undefined
  /** `net/ipv4/conf/IFNAME/log_martians`: the name of the interface is put in where `IFNAME` stands. */
  sysctls: { path: string; value: string }[]
}

/** @throws UserError `invalid` in docker's words */
export function driverOptions({ DriverOpts }: Pick<EndpointSettings, 'DriverOpts'>): EndpointOptions {
  const ifname = DriverOpts?.[IFNAME]
  const sysctls = DriverOpts?.[SYSCTLS]
  return {
    ifname: ifname === undefined ? undefined : checkName(ifname),
    sysctls: sysctls === undefined ? [] : sysctls.split(',').map(parseSysctl),
  }
}

/** docker's client writes the whole option in small letters. */
function parseSysctl(text: string): { path: string; value: string } {
  const [, family, group, rest, value] =
    /^net\.(ipv4|ipv6|mpls)\.([\w-]+)\.(?:IFNAME|ifname)\.([\w.-]+)=(.*)$/s.exec(text) ?? []
  if (family === undefined || group === undefined || rest === undefined || value === undefined)
    throw new UserError(
      'invalid',
      `invalid endpoint settings:\nunrecognised network interface sysctl '${text}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
    )
  return { path: `net/${family}/${group}/IFNAME/${rest.replaceAll('.', '/')}`, value: value.trim() }
}

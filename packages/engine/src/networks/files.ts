/** The files under /etc that say where a container is: hosts, hostname and resolv.conf in its folder, bound over those of the image. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { embeddedResolvConf } from '@mini-docker/net'
import type { Container, ContainerRecord } from '../containers/model.ts'
import type { Engine } from '../engine.ts'
import { hostResolvConf, onUserNetwork, resolverOptions } from './dns.ts'
import { defaultResolvConf, hostsFile, resolvConf } from './etc.ts'
import { linkedContainers } from './links.ts'
import { modeOf } from './mode.ts'
import type { SandboxState } from './sandbox.ts'

export type EtcFiles = Record<'hosts' | 'hostname' | 'resolv.conf', string>

/** Writes them, except on a dry run; returns what is mounted where. With the network of another container they are the other's. */
export function etcFiles(
  engine: Engine,
  record: ContainerRecord,
  sandbox: SandboxState | undefined,
  dir: string,
  dryRun: boolean,
): Record<string, string> {
  const mode = modeOf(record.hostConfig)
  if (mode.kind === 'container') return mounted(engine.containers.find(mode.reference).dir)
  const files = contents(engine, record, sandbox, { strict: true })
  if (!dryRun)
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text, { mode: 0o644 })
  return mounted(dir)
}

/** What is in them; undefined where they are another container's. */
export function etcContents(
  engine: Engine,
  record: ContainerRecord,
  sandbox: SandboxState | undefined,
): EtcFiles | undefined {
  return modeOf(record.hostConfig).kind === 'container'
    ? undefined
    : contents(engine, record, sandbox, { strict: true })
}

/** Of a running container whose networks have changed. Written in place, since they are bound one by one. */
export function rewriteEtcFiles(engine: Engine, { record, state, dir }: Container): void {
  const { hosts, 'resolv.conf': resolv } = contents(engine, record, state.network, { strict: false })
  fs.writeFileSync(path.join(dir, 'hosts'), hosts)
  fs.writeFileSync(path.join(dir, 'resolv.conf'), resolv)
}

function mounted(dir: string): Record<string, string> {
  return Object.fromEntries(['hosts', 'hostname', 'resolv.conf'].map((name) => [`/etc/${name}`, path.join(dir, name)]))
}

/** `strict`: a link to a container that does not run is an error. */
function contents(
  engine: Engine,
  record: ContainerRecord,
  sandbox: SandboxState | undefined,
  { strict }: { strict: boolean },
): EtcFiles {
  const { config, hostConfig: host } = record
  const ofHost = hostResolvConf()
  const hostname = `${config.Hostname}\n`
  if (modeOf(host).kind === 'host') {
    const hosts = fs.existsSync('/etc/hosts') ? fs.readFileSync('/etc/hosts', 'utf8') : ''
    return { hosts, hostname, 'resolv.conf': resolvConf(host, ofHost) }
  }
  const endpoints = Object.values(sandbox?.endpoints ?? {})
  const hosts = hostsFile({
    hostname: config.Hostname,
    domainname: config.Domainname,
    addresses: endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((address) => address !== ''),
    extraHosts: host.ExtraHosts ?? [],
    hostGateway: engine.networks.store.byName('bridge').pools[0]?.Gateway,
    links: sandbox === undefined ? [] : linkLines(engine, record, strict),
    ipv6: sandbox === undefined || endpoints.some(({ ipv6 }) => ipv6 !== ''),
  })
  const embedded = onUserNetwork(engine.networks.store, { state: { network: sandbox } })
  const resolv = embedded ? embeddedResolvConf(ofHost, resolverOptions(record)).text : defaultResolvConf(host, ofHost)
  return { hosts, hostname, 'resolv.conf': resolv }
}

/** `--link` on the default network: its members do not find each other by name, so the linked ones stand in hosts. */
function linkLines(engine: Engine, record: ContainerRecord, strict: boolean) {
  return linkedContainers(engine, record, { strict }).map(({ alias, other, address }) => {
    const { name, config } = other.record
    return { address, names: [...new Set([alias, config.Hostname, name])] }
  })
}

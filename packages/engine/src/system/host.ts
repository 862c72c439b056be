/** Facts about this machine that do not change while the daemon runs. */
import * as fs from 'node:fs'
import * as os from 'node:os'
import { readOwnCapabilities, type OwnCapabilities } from '@mini-docker/security'

export type HostFacts = {
  hostname: string
  kernel: string
  /** Docker's word (Go's GOARCH): amd64, arm64. */
  arch: string
  /** uname's word. */
  machine: string
  cpus: number
  memoryBytes: number
  operatingSystem: string
  operatingSystemVersion: string
  /** Capabilities this process may hand on. */
  capabilities: OwnCapabilities
}

export function readHostFacts(): HostFacts {
  const release = osRelease()
  return {
    hostname: os.hostname(),
    kernel: os.release(),
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    machine: os.machine(),
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    operatingSystem: release['PRETTY_NAME'] ?? 'Linux',
    operatingSystemVersion: release['VERSION_ID'] ?? '',
    capabilities: readOwnCapabilities(),
  }
}

/** os-release(5): NAME="value" lines. */
function osRelease(): Record<string, string> {
  const file = ['/etc/os-release', '/usr/lib/os-release'].find((name) => fs.existsSync(name))
  if (file === undefined) return {}
  const lines = fs.readFileSync(file, 'utf8').matchAll(/^(\w+)=(?:"([^"\n]*)"|'([^'\n]*)'|(.*))$/gm)
  return Object.fromEntries(
    [...lines].map(([, name = '', double, single, bare]) => [name, double ?? single ?? bare ?? '']),
  )
}

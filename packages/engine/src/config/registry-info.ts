/** What GET /info tells of the registries: docker's registry.ServiceConfig. */
import type { DaemonConfig } from './config.ts'
import { isCidr } from './registries.ts'

/** The name under which clients keep their credentials for Docker Hub. */
export const INDEX_SERVER = 'https://index.docker.io/v1/'

/** Insecure without being asked. */
const LOOPBACK = ['::1/128', '127.0.0.0/8']

export function registryConfig({ registryMirrors, insecureRegistries }: DaemonConfig): object {
  const index = (name: string, secure: boolean, mirrors: string[]): object => {
    return { Name: name, Mirrors: mirrors, Secure: secure, Official: name === 'docker.io' }
  }
  const insecure = insecureRegistries.filter((name) => !isCidr(name))
  return {
    AllowNondistributableArtifactsCIDRs: null,
    AllowNondistributableArtifactsHostnames: null,
    InsecureRegistryCIDRs: [...LOOPBACK, ...insecureRegistries.filter(isCidr)],
    IndexConfigs: Object.fromEntries([
      ...insecure.map((name) => [name, index(name, false, [])] as const),
      ['docker.io', index('docker.io', true, registryMirrors)],
    ]),
    Mirrors: registryMirrors,
  }
}

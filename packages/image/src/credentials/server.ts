/** The names under which docker keeps credentials: hosts of registries, and one old URL for Docker Hub. */

/** Docker Hub's key in config.json and with credential helpers, kept from the time of its first protocol. */
export const HUB_SERVER = 'https://index.docker.io/v1/'

const HUB_HOSTS = new Set(['', 'docker.io', 'index.docker.io', 'registry-1.docker.io', HUB_SERVER])

/** The key that `login` stores under, of what a user types: `https://REGISTRY:5000/v2/` → `REGISTRY:5000`. */
export function serverOf(text: string): string {
  const host = HUB_HOSTS.has(text) ? text : hostOf(text)
  return HUB_HOSTS.has(host) ? HUB_SERVER : host
}

/** Without scheme and path; old files have keys with both. */
export function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/s, '')
}

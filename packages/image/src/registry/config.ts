/**
 * What a daemon is told about registries: the keys `registry-mirrors`, `insecure-registries` and `proxies` of docker's daemon.json,
 * and the directories that hold certificates of registries (`certs.d`).
 */
export type RegistryConfig = {
  /** `registry-mirrors`: where images of docker.io are looked for first, in this order; `https://mirror.example`. Pulls only. */
  readonly mirrors: readonly string[]
  /** `insecure-registries`: `host`, `host:port` or a CIDR. Loopback addresses always count. */
  readonly insecure: readonly string[]
  /** `<dir>/<host[:port]>/` with `*.crt` (authorities), `*.cert` and `*.key` (who we are). The first directory that has the host counts. */
  readonly certsDirs: readonly string[]
  /** Such a folder for whatever registry is asked, instead of those (skopeo's --cert-dir). */
  readonly certDir?: string
  readonly proxies: Proxies
}

/** URLs, as in docker's `http-proxy`, `https-proxy`, `no-proxy`. Loopback is never asked through a proxy. */
export type Proxies = { readonly http?: string; readonly https?: string; readonly no?: string }

export const defaultRegistryConfig: RegistryConfig = {
  mirrors: [],
  insecure: [],
  certsDirs: ['/etc/docker/certs.d'],
  proxies: {},
}

/** Who we are at a registry. An identity token stands in for a password that shall not lie on the disk. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly username?: string; readonly identityToken: string }

/** Asked once for each host that wants to know who we are: `docker.io`, `localhost:5000`. */
export type CredentialsFor = (host: string) => Promise<Credentials | undefined>

export const anonymous: CredentialsFor = () => Promise.resolve(undefined)

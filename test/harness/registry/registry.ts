/**
 * The real registry of Debian's package `docker-registry` (distribution 2.8: no referrers API), on loopback for as long as a test
 * wants it.
 *
 *   await using registry = await Registry.start({ auth: 'token', tls: true })
 *   registry.host  →  127.0.0.1:40123
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from '../command.ts'
import { eventually } from '../eventually.ts'
import { makeCertificates, type Certificates } from './certificates.ts'
import { ISSUER, SERVICE, TokenServer, type TokenOptions } from './token-server.ts'

export type RegistryOptions = {
  /** `none` by default. */
  auth?: 'none' | 'htpasswd' | 'token'
  tls?: boolean
  /** Pushes get 405. */
  readOnly?: boolean
  /** How the token server behaves, with `auth: 'token'`. */
  tokens?: Omit<TokenOptions, 'username' | 'password'>
}

const USERNAME = 'tester'
const PASSWORD = 'p:ss wörd/+='

export class Registry implements AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** `http://127.0.0.1:PORT` or https. */
  readonly url: string
  readonly auth: 'none' | 'htpasswd' | 'token'
  /** What may log in; undefined for an open registry. The password has a colon, a space and letters beyond ASCII. */
  readonly credentials: { username: string; password: string } | undefined
  readonly username = USERNAME
  readonly password = PASSWORD
  /** As docker has /etc/docker/certs.d: `HOST/ca.crt` is in it, when there is TLS. */
  readonly certsDir: string
  readonly certificates: Certificates | undefined
  readonly tokens: TokenServer | undefined
  /** What it keeps is in `data/`, what it says in `log`. */
  readonly directory: string
  readonly #process: ChildProcess

  private constructor(directory: string, host: string, process: ChildProcess, parts: Parts) {
    this.directory = directory
    this.host = host
    this.url = `${parts.certificates ? 'https' : 'http'}://${host}`
    this.auth = parts.auth
    this.credentials = parts.auth === 'none' ? undefined : { username: USERNAME, password: PASSWORD }
    this.certificates = parts.certificates
    this.tokens = parts.tokens
    this.certsDir = join(directory, 'certs.d')
    this.#process = process
    this.trust(host)
  }

  static async start(options: RegistryOptions = {}): Promise<Registry> {
    const directory = mkdtempSync(join(tmpdir(), 'mini-docker-registry-'))
    try {
      return await startIn(directory, options, (...made) => new Registry(...made))
    } catch (error) {
      rmSync(directory, { recursive: true })
      throw error
    }
  }

  /** All that it wrote: its log and a line for each request. */
  get log(): string {
    return readFileSync(join(this.directory, 'log'), 'utf8')
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Where it keeps the bytes of a blob or manifest. */
  pathOf(digest: string): string {
    const hex = digest.replace(/^sha256:/, '')
    return join(this.directory, 'data/docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
  }

  /** Makes `certsDir` vouch for another host that shows this registry's certificate: a proxy. */
  trust(host: string): void {
    const directory = join(this.certsDir, host)
    mkdirSync(directory, { recursive: true })
    if (this.certificates) copyFileSync(this.certificates.ca, join(directory, 'ca.crt'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#process)
    await this.tokens?.[Symbol.asyncDispose]()
    rmSync(this.directory, { recursive: true })
  }
}

type Parts = {
  auth: 'none' | 'htpasswd' | 'token'
  certificates: Certificates | undefined
  tokens: TokenServer | undefined
}
type Made = (directory: string, host: string, process: ChildProcess, parts: Parts) => Registry

async function startIn(directory: string, options: RegistryOptions, made: Made): Promise<Registry> {
  await using undo = new AsyncDisposableStack()
  const auth = options.auth ?? 'none'
  const certificates = options.tls === true ? await makeCertificates(join(directory, 'tls')) : undefined
  const tokens =
    auth === 'token'
      ? undo.use(
          await TokenServer.start(
            directory,
            { ...options.tokens, username: USERNAME, password: PASSWORD },
            certificates,
          ),
        )
      : undefined
  if (auth === 'htpasswd') await writePasswords(join(directory, 'htpasswd'))
  const config = join(directory, 'config.json')
  writeFileSync(config, JSON.stringify(configuration(directory, options, certificates, tokens)))
  const log = openSync(join(directory, 'log'), 'a')
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', log, log] })
  closeSync(log)
  undo.defer(() => stop(child))
  const host = await hostOf(child, join(directory, 'log'))
  undo.move()
  return made(directory, host, child, { auth, certificates, tokens })
}

/** Its configuration is YAML, and JSON is YAML. */
function configuration(
  directory: string,
  options: RegistryOptions,
  certificates: Certificates | undefined,
  tokens: TokenServer | undefined,
): unknown {
  const auth = {
    none: {},
    htpasswd: { htpasswd: { realm: 'mini-docker test', path: join(directory, 'htpasswd') } },
    token: { token: { realm: tokens?.url, service: SERVICE, issuer: ISSUER, rootcertbundle: tokens?.certificate } },
  }[options.auth ?? 'none']
  return {
    version: '0.1',
    log: { level: 'info', formatter: 'text' },
    storage: {
      filesystem: { rootdirectory: join(directory, 'data') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: options.readOnly === true } },
    },
    http: {
      addr: '127.0.0.1:0',
      secret: 'of one test',
      relativeurls: true,
      ...(certificates && { tls: { certificate: certificates.certificate, key: certificates.key } }),
    },
    ...(options.auth !== undefined && options.auth !== 'none' && { auth }),
  }
}

/** bcrypt, the only hash that the registry takes. */
async function writePasswords(path: string): Promise<void> {
  writeFileSync(path, await must(['htpasswd', '-niB', '-C', '5', USERNAME], { input: PASSWORD }))
}

/** The kernel chose the port; the log tells which one. */
async function hostOf(child: ChildProcess, logPath: string): Promise<string> {
  // An error of spawn comes as an event, and would end the test run.
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  return await eventually('docker-registry listens', () => {
    if (failure) throw failure
    const log = readFileSync(logPath, 'utf8')
    if (child.exitCode !== null) throw new Error(`docker-registry ended:\n${log}`)
    return /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1]
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

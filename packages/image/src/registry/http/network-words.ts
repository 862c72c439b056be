/**
 * Why no answer came: Node's error codes in docker's words (those of Go's net package), since these are what people search for,
 * and what to check next.
 */
import { RegistryError } from '../error.ts'
import { requestTitle } from './trace.ts'

/** Times out while: making a connection, sending a body, waiting for the head of an answer, waiting for more of its body. */
export type Phase = 'connect' | 'send' | 'head' | 'body'

/** One of our own clocks ran out. */
export class TimeoutError extends Error {
  readonly phase: Phase
  constructor(phase: Phase, ms: number) {
    super(`nothing came for ${ms / 1000} s`)
    this.phase = phase
  }
}

type Failure = NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string; reason?: string }
type Words = { message: string; hint: string; retryable: boolean }

/** `Get "https://reg.example/v2/": dial tcp: lookup reg.example: no such host` */
export function networkError(request: { method: string; url: URL }, error: unknown): RegistryError {
  const { message, hint, retryable } = wordsFor(firstOf(error), request.url.host)
  return new RegistryError(`${requestTitle(request)}: ${message}`, { hint, retryable, cause: error })
}

/** Whether the certificate was signed by nobody we know; other authorities may still know it. */
export function isUntrusted(error: unknown): boolean {
  return UNTRUSTED.has((error as Failure | undefined)?.code ?? '')
}

/** Whether the other side does not speak TLS, or nobody is there: an insecure registry may speak HTTP then. */
export function mayBePlain(error: unknown): boolean {
  const { cause } = error as Error
  // Not of the network: a folder of certificates that cannot be read.
  if (cause === undefined) return false
  const failure = firstOf(cause)
  return isTls(failure) || failure.code === 'ECONNREFUSED' || hangsUp(failure)
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function wordsFor(failure: Failure, host: string): Words {
  const at = failure.address === undefined ? '' : ` ${addressOf(failure)}`
  if (failure instanceof TimeoutError) return timeoutWords(failure, host)
  if (UNTRUSTED.has(failure.code ?? '')) {
    return fatal(
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      `put the certificate of its authority into /etc/docker/certs.d/${host}/ca.crt, or list ${host} in insecure-registries`,
    )
  }
  switch (failure.code) {
    case 'ENOTFOUND':
      return fatal(
        `dial tcp: lookup ${failure.hostname ?? host}: no such host`,
        'check the spelling of the registry, and the DNS of this machine',
      )
    case 'EAI_AGAIN':
      return passing(
        `dial tcp: lookup ${failure.hostname ?? host}: server misbehaving`,
        'no DNS server answered: check the network of this machine and /etc/resolv.conf',
      )
    case 'ECONNREFUSED':
      return passing(
        `dial tcp${at}: connect: connection refused`,
        `no registry listens at ${host}: check host and port`,
      )
    case 'ENETUNREACH':
      return passing(
        `dial tcp${at}: connect: network is unreachable`,
        'this machine has no route there: check its network',
      )
    case 'EHOSTUNREACH':
      return passing(`dial tcp${at}: connect: no route to host`, 'the host does not answer: check the network between')
    case 'ETIMEDOUT':
      return passing(`dial tcp${at}: i/o timeout`, 'check the network, a firewall between, or set a proxy')
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return fatal(
        'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
        'check the clock of this machine; if it is right, the registry needs a new certificate',
      )
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return fatal(
        `tls: failed to verify certificate: x509: certificate is not valid for the name: ${failure.reason ?? failure.message}`,
        'use the name that is in the certificate of the registry',
      )
    default:
      return otherWords(failure, host)
  }
}

function otherWords(failure: Failure, host: string): Words {
  if (isTls(failure)) {
    return fatal(
      /wrong version|packet length|http.request/i.test(failure.message)
        ? 'http: server gave HTTP response to HTTPS client'
        : `tls: ${failure.message}`,
      `if ${host} speaks plain HTTP, list it in insecure-registries of the daemon's configuration`,
    )
  }
  if (hangsUp(failure)) {
    const message =
      failure.code === 'ECONNRESET' && failure.message !== 'socket hang up' && failure.message !== 'aborted'
    return passing(message ? 'read: connection reset by peer' : 'EOF', `${host} closed the connection: try again later`)
  }
  if (failure.code?.startsWith('HPE_') === true) {
    return fatal(
      `net/http: malformed HTTP response (${failure.message})`,
      `${host} does not speak HTTP: check the port`,
    )
  }
  return fatal(failure.message, `check that ${host} is a registry, and the proxies of the daemon's configuration`)
}

function timeoutWords(failure: TimeoutError, host: string): Words {
  const hint = `${failure.message} from ${host}: check the network between`
  switch (failure.phase) {
    case 'connect':
      return passing('net/http: request canceled while waiting for connection (i/o timeout)', hint)
    case 'send':
      return passing('net/http: timeout while sending the body', hint)
    case 'head':
      return passing('net/http: timeout awaiting response headers', hint)
    case 'body':
      return passing('net/http: timeout while reading the body', hint)
  }
}

function isTls({ code = '' }: Failure): boolean {
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
}

/** Whether the other side went away in the middle. */
export function isHangUp(error: Error): boolean {
  return error.cause !== undefined && hangsUp(firstOf(error.cause))
}

function hangsUp({ code = '' }: Failure): boolean {
  return ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)
}

/** A host with several addresses fails with one error for each. */
function firstOf(error: unknown): Failure {
  return error instanceof AggregateError ? firstOf(error.errors[0]) : (error as Failure)
}

function addressOf({ address, port }: Failure): string {
  return address?.includes(':') === true ? `[${address}]:${port}` : `${address}:${port}`
}

function fatal(message: string, hint: string): Words {
  return { message, hint, retryable: false }
}

function passing(message: string, hint: string): Words {
  return { message, hint, retryable: true }
}

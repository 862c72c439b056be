/** A certificate authority for one test and a server's certificate of it, made with openssl(1). */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../command.ts'

export type Certificates = { ca: string; certificate: string; key: string }

const DAYS = ['-days', '2']
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Files below `directory`; the server's certificate is good for 127.0.0.1, ::1, localhost and registry.test. About 30 ms. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  mkdirSync(directory, { recursive: true })
  const file = (name: string): string => join(directory, name)
  await makeAuthority(file('ca.crt'), file('ca.key'))
  const subject = ['-subj', '/CN=localhost']
  await must(['openssl', 'req', ...NEW_KEY, ...subject, '-keyout', file('server.key'), '-out', file('server.csr')])
  writeFileSync(file('server.ext'), SERVER_EXTENSIONS)
  const signer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('server.ext')]
  await must(['openssl', 'x509', '-req', ...DAYS, '-in', file('server.csr'), ...signer, '-out', file('server.crt')])
  return { ca: file('ca.crt'), certificate: file('server.crt'), key: file('server.key') }
}

/** A self-signed certificate that may sign: a CA, or the key of a token server. */
export async function makeAuthority(certificate: string, key: string): Promise<void> {
  const subject = ['-subj', '/CN=mini-docker test']
  await must(['openssl', 'req', '-x509', ...NEW_KEY, ...DAYS, ...subject, '-keyout', key, '-out', certificate])
}

const SERVER_EXTENSIONS = `subjectAltName=DNS:localhost,DNS:registry.test,IP:127.0.0.1,IP:::1
extendedKeyUsage=serverAuth
basicConstraints=CA:FALSE
`

export { answer, type Answered, type DnsView } from './answer.ts'
export { DnsFormatError } from './message/error.ts'
export {
  ednsBytes,
  readMessage,
  writeMessage,
  type Message,
  type Question,
  type ResourceRecord,
} from './message/message.ts'
export { NetworkNames, type NamedEndpoint } from './names.ts'
export { planDns, redirectCommands, type DnsPorts } from './redirect.ts'
export { DnsServer, type DnsServerOptions } from './server.ts'
export { EMBEDDED_ADDRESS, embeddedResolvConf, upstreamsOf, type ResolverOptions, type Upstream } from './upstream.ts'

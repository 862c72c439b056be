export {
  anonymous,
  defaultRegistryConfig,
  type Credentials,
  type CredentialsFor,
  type Proxies,
  type RegistryConfig,
} from './config.ts'
export { RegistryError } from './error.ts'
export type { LoginOutcome } from './auth/login.ts'
export { Registry, type RegistryOptions } from './registry.ts'
export { Repository } from './repository.ts'
export type { SearchResult } from './search.ts'
export { RegistrySink } from './sink.ts'
export { RegistrySource, type RegistrySourceOptions } from './source.ts'
export type { HttpStep, HttpTrace } from './http/trace.ts'

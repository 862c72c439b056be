export {
  anonymous,
  defaultRegistryConfig,
  type Credentials,
  type CredentialsFor,
  type Proxies,
  type RegistryConfig,
} from './config.ts'
export { RegistryError } from './error.ts'
export { Registry, type RegistryOptions } from './registry.ts'
export { Repository } from './repository.ts'
export { RegistrySource, type RegistrySourceOptions } from './source.ts'
export type { HttpStep, HttpTrace } from './trace.ts'

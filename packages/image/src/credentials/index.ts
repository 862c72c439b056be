export {
  credentialsFrom,
  DockerConfig,
  unencryptedWarning,
  type DockerConfigOptions,
  type StoredCredentials,
} from './docker-config.ts'
export { authOf, decodeRegistryAuth, encodeRegistryAuth, type RegistryAuth } from './registry-auth.ts'
export { HUB_SERVER, serverOf } from './server.ts'

export {
  credentialsFrom,
  DockerConfig,
  unencryptedWarning,
  type DockerConfigOptions,
  type StoredCredentials,
} from './docker-config.ts'
export { encodeRegistryAuth } from './registry-auth.ts'
export { HUB_SERVER, serverOf } from './server.ts'

/** Images in docker's shapes. */
import type { Image } from '@mini-docker/image'

/** An element of GET /images/json. */
export function imageSummary(image: Image): object {
  return {
    Containers: -1,
    Created: image.created === undefined ? 0 : Math.floor(Date.parse(image.created) / 1000),
    Id: image.id,
    Labels: image.config.config?.Labels ?? null,
    ParentId: '',
    RepoDigests: image.repoDigests,
    RepoTags: image.names,
    SharedSize: -1,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
  }
}

/** GET /images/{name}/json. `layerDirs` topmost first. */
export function imageInspect(image: Image, layerDirs: string[]): object {
  const { config } = image
  const [upper = '', ...lower] = layerDirs
  return {
    Id: image.id,
    RepoTags: image.names,
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: image.created ?? '',
    DockerVersion: '',
    Author: config.author ?? '',
    Config: containerConfig(config.config ?? {}),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: {
      Data: { ...(lower.length === 0 ? {} : { LowerDir: lower.join(':') }), UpperDir: upper },
      Name: 'overlay2',
    },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  }
}

/** Docker shows the fields of a container's config with their zero values. */
function containerConfig(config: NonNullable<Image['config']['config']>): object {
  return {
    Hostname: '',
    Domainname: '',
    User: '',
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: null,
    Cmd: null,
    Image: '',
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
    ...config,
  }
}

/** `--mount` and `-v`: where files of the host, memory or volumes appear in the container. */
import { csvFields } from '../cli/csv.ts'

/** A mount as the API wants it. */
export type Mount = {
  Type: string
  Source?: string
  Target: string
  ReadOnly?: true
  Consistency?: string
  BindOptions?: {
    Propagation?: string
    NonRecursive?: true
    CreateMountpoint?: true
    ReadOnlyNonRecursive?: true
    ReadOnlyForceRecursive?: true
  }
  VolumeOptions?: {
    NoCopy?: true
    Labels?: Record<string, string>
    DriverConfig?: { Name?: string; Options?: Record<string, string> }
    Subpath?: string
  }
  TmpfsOptions?: { SizeBytes?: number; Mode?: number }
}

/** `type=bind,src=/a,dst=/b,readonly`. Sizes go through `bytes`. Throws with docker's words. */
export function parseMount(text: string, bytes: (text: string) => number): Mount {
  const mount: Mount = { Type: 'volume', Target: '' }
  let labels: Record<string, string> | undefined
  let options: Record<string, string> | undefined
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const key = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase()
    const value = equals === -1 ? undefined : field.slice(equals + 1)
    if (
      value === undefined &&
      !['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive', 'bind-create-src'].includes(key)
    ) {
      throw new Error(`invalid field '${field}' must be a key=value pair`)
    }
    const text_ = value ?? ''
    switch (key) {
      case 'type':
        mount.Type = text_.toLowerCase()
        break
      case 'source':
      case 'src':
        mount.Source = text_ === '.' || text_.startsWith('./') || text_.startsWith('../') ? absolute(text_) : text_
        break
      case 'target':
      case 'dst':
      case 'destination':
        mount.Target = text_
        break
      case 'readonly':
      case 'ro':
        if (switchValue(key, value)) mount.ReadOnly = true
        break
      case 'consistency':
        mount.Consistency = text_.toLowerCase()
        break
      case 'bind-propagation':
        mount.BindOptions = { ...mount.BindOptions, Propagation: text_.toLowerCase() }
        break
      case 'bind-nonrecursive':
        if (switchValue(key, value)) mount.BindOptions = { ...mount.BindOptions, NonRecursive: true }
        break
      case 'bind-create-src':
        if (switchValue(key, value)) mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: true }
        break
      case 'bind-recursive':
        applyRecursive(mount, text_)
        break
      case 'volume-nocopy':
        if (switchValue(key, value)) mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: true }
        break
      case 'volume-subpath':
        mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: text_ }
        break
      case 'volume-label':
        labels = { ...labels, ...pair(text_) }
        mount.VolumeOptions = { ...mount.VolumeOptions, Labels: labels }
        break
      case 'volume-driver':
        mount.VolumeOptions = {
          ...mount.VolumeOptions,
          DriverConfig: { ...mount.VolumeOptions?.DriverConfig, Name: text_ },
        }
        break
      case 'volume-opt':
        options = { ...options, ...pair(text_) }
        mount.VolumeOptions = {
          ...mount.VolumeOptions,
          DriverConfig: { ...mount.VolumeOptions?.DriverConfig, Options: options },
        }
        break
      case 'tmpfs-size':
        mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: tmpfsSize(text_, bytes) }
        break
      case 'tmpfs-mode':
        if (!/^[0-7]+$/.test(text_)) throw new Error(`invalid value for ${key}: ${text_}`)
        mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(text_, 8) }
        break
      default:
        throw new Error(`unexpected key '${key}' in '${field}'`)
    }
  }
  return checked(mount)
}

function checked(mount: Mount): Mount {
  if (mount.Target === '') throw new Error('target is required')
  const { Type, VolumeOptions, BindOptions, TmpfsOptions } = mount
  if (VolumeOptions !== undefined && Type !== 'volume')
    throw new Error(`cannot mix 'volume-*' options with mount type '${Type}'`)
  if (BindOptions !== undefined && Type !== 'bind')
    throw new Error(`cannot mix 'bind-*' options with mount type '${Type}'`)
  if (TmpfsOptions !== undefined && Type !== 'tmpfs')
    throw new Error(`cannot mix 'tmpfs-*' options with mount type '${Type}'`)
  if (BindOptions?.ReadOnlyForceRecursive === true && mount.ReadOnly !== true)
    throw new Error("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction")
  return inOrder(mount)
}

/** The fields in the order of Go's structs. Docker's client always names a driver next to other volume options, be it none. */
function inOrder({ Type, Source, Target, ReadOnly, VolumeOptions: volume, ...options }: Mount): Mount {
  return {
    Type,
    ...(Source === undefined ? {} : { Source }),
    Target,
    ...(ReadOnly === undefined ? {} : { ReadOnly }),
    ...options,
    ...(volume === undefined ? {} : { VolumeOptions: { ...volume, DriverConfig: volume.DriverConfig ?? {} } }),
  }
}

function applyRecursive(mount: Mount, value: string): void {
  switch (value) {
    case 'enabled':
      return
    case 'disabled':
      mount.BindOptions = { ...mount.BindOptions, NonRecursive: true }
      return
    case 'writable':
      mount.BindOptions = { ...mount.BindOptions, ReadOnlyNonRecursive: true }
      return
    case 'readonly':
      mount.BindOptions = { ...mount.BindOptions, ReadOnlyForceRecursive: true }
      return
    default:
      throw new Error(
        `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
      )
  }
}

function switchValue(key: string, value: string | undefined): boolean {
  if (value === undefined || ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value)) return false
  throw new Error(`invalid value for ${key}: ${value}`)
}

function tmpfsSize(text: string, bytes: (text: string) => number): number {
  try {
    return bytes(text)
  } catch {
    throw new Error(`invalid value for tmpfs-size: ${text}`)
  }
}

function pair(text: string): Record<string, string> {
  const equals = text.indexOf('=')
  return equals === -1 ? { [text]: '' } : { [text.slice(0, equals)]: text.slice(equals + 1) }
}

/** `-v`: with a source it is a bind or a named volume (`binds`), alone an anonymous volume (`volumes`). `./x` becomes absolute. */
export function parseVolumes(given: readonly string[]): { binds: string[] | null; volumes: Record<string, object> } {
  const binds: string[] = []
  const volumes: Record<string, object> = {}
  for (const text of given) {
    const [source = '', ...rest] = text.split(':')
    if (rest.length === 0) volumes[text] = {}
    else binds.push(source.startsWith('.') ? [absolute(source), ...rest].join(':') : text)
  }
  return { binds: binds.length === 0 ? null : binds, volumes }
}

function absolute(path: string): string {
  // path.resolve, without loading node:path for everyone.
  return process.getBuiltinModule('node:path').resolve(path)
}

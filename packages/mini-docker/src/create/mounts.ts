/** `--mount`: where files of the host, memory or volumes appear in the container. */
import { csvFields } from '../cli/csv.ts'
import { absolute } from './volumes.ts'

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
  ImageOptions?: { Subpath?: string }
  TmpfsOptions?: { SizeBytes?: number; Mode?: number }
}

/** `type=bind,src=/a,dst=/b,readonly`. Sizes go through `bytes`. Throws with docker's words. */
export function parseMount(text: string, bytes: (text: string) => number): Mount {
  const mount: Mount = { Type: 'volume', Target: '' }
  let labels: Record<string, string> | undefined
  let options: Record<string, string> | undefined
  if (text === '') throw new Error('EOF')
  const quote = bareQuote(text)
  if (quote !== undefined) throw new Error(`parse error on line 1, column ${quote}: bare " in non-quoted-field`)
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase()
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
        mount.BindOptions = { ...mount.BindOptions, ...(switchValue(key, value) ? { NonRecursive: true } : {}) }
        break
      case 'bind-create-src':
        if (switchValue(key, value)) mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: true }
        break
      case 'bind-recursive':
        applyRecursive(mount, text_)
        break
      case 'volume-nocopy':
        mount.VolumeOptions = { ...mount.VolumeOptions, ...(switchValue(key, value) ? { NoCopy: true } : {}) }
        break
      case 'volume-subpath':
        mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: text_ }
        break
      case 'volume-label':
        labels = sorted({ ...labels, ...pair(text_) })
        mount.VolumeOptions = { ...mount.VolumeOptions, Labels: labels }
        break
      case 'volume-driver':
        mount.VolumeOptions = {
          ...mount.VolumeOptions,
          DriverConfig: { ...mount.VolumeOptions?.DriverConfig, Name: text_ },
        }
        break
      case 'volume-opt':
        options = sorted({ ...options, ...pair(text_) })
        mount.VolumeOptions = {
          ...mount.VolumeOptions,
          DriverConfig: { ...mount.VolumeOptions?.DriverConfig, Options: options },
        }
        break
      case 'image-subpath':
        mount.ImageOptions = { ...mount.ImageOptions, Subpath: text_ }
        break
      case 'tmpfs-size':
        mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: tmpfsSize(text_, bytes) }
        break
      case 'tmpfs-mode':
        if (!/^[0-7]+$/.test(text_)) throw new Error(`invalid value for ${key}: ${text_}`)
        mount.TmpfsOptions = { ...mount.TmpfsOptions, ...octalMode(text_) }
        break
      default:
        throw new Error(`unexpected key '${key}' in '${field}'`)
    }
  }
  return checked(mount)
}

function checked(mount: Mount): Mount {
  if (mount.Target === '') throw new Error('target is required')
  const { Type, VolumeOptions, BindOptions, ImageOptions, TmpfsOptions } = mount
  if (VolumeOptions !== undefined && Type !== 'volume')
    throw new Error(`cannot mix 'volume-*' options with mount type '${Type}'`)
  if (BindOptions !== undefined && Type !== 'bind')
    throw new Error(`cannot mix 'bind-*' options with mount type '${Type}'`)
  if (ImageOptions !== undefined && Type !== 'image')
    throw new Error(`cannot mix 'image-*' options with mount type '${Type}'`)
  if (TmpfsOptions !== undefined && Type !== 'tmpfs')
    throw new Error(`cannot mix 'tmpfs-*' options with mount type '${Type}'`)
  const conflict = (recursive: string, needed: string): Error =>
    new Error(`option 'bind-recursive=${recursive}' requires '${needed}' to be specified in conjunction`)
  if (BindOptions?.ReadOnlyNonRecursive === true && mount.ReadOnly !== true) throw conflict('writable', 'readonly')
  if (BindOptions?.ReadOnlyForceRecursive === true) {
    if (mount.ReadOnly !== true) throw conflict('readonly', 'readonly')
    if (BindOptions.Propagation !== 'rprivate') throw conflict('readonly', 'bind-propagation=rprivate')
  }
  return inOrder(mount)
}

/** The fields in the order of Go's structs. Docker's client always names a driver next to other volume options, be it none. */
function inOrder({ Type, Source, Target, ReadOnly, BindOptions, VolumeOptions: volume, ...options }: Mount): Mount {
  const { Propagation, ...bind } = BindOptions ?? {}
  return {
    Type,
    ...(Source === undefined || Source === '' ? {} : { Source }),
    Target,
    ...(ReadOnly === undefined ? {} : { ReadOnly }),
    ...options,
    ...(BindOptions === undefined
      ? {}
      : { BindOptions: { ...(Propagation === undefined ? {} : { Propagation }), ...bind } }),
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

function octalMode(text: string): { Mode?: number } {
  const mode = Number.parseInt(text, 8)
  return mode === 0 ? {} : { Mode: mode }
}

function tmpfsSize(text: string, bytes: (text: string) => number): number {
  try {
    return bytes(text)
  } catch {
    throw new Error(`invalid value for tmpfs-size: ${text}`)
  }
}

/** The column of a quote inside of a field that does not begin with one, counted as Go's encoding/csv does. */
function bareQuote(text: string): number | undefined {
  const found = /^(?:(?:"(?:[^"]|"")*"|[^",]*)(?:,|$))*?[^",]+"/.exec(text)
  return found === null ? undefined : found[0].length
}

/** As Go writes a map. */
function sorted(map: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function pair(text: string): Record<string, string> {
  const equals = text.indexOf('=')
  return equals === -1 ? { [text]: '' } : { [text.slice(0, equals)]: text.slice(equals + 1) }
}

/** Which machine an image is for, in Go's words (`linux/amd64`), and the choice among the many images of an index. */
import { UserError } from '@mini-docker/syscall'
import type { Descriptor, Platform } from './schema.ts'

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64', ia32: '386', ppc64: 'ppc64le' }

/** The platform of this machine. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[process.arch] ?? process.arch }
}

/** Parses docker's `--platform os/arch[/variant]`. */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...more] = text.split('/')
  if (!os || !architecture || more.length > 0 || !/^[a-z0-9._/-]+$/.test(text)) {
    throw new UserError('invalid', `platform "${text}" is malformed`, { hint: 'it should look like linux/amd64' })
  }
  return { os, architecture, ...(variant !== undefined && { variant }) }
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/')
}

/** Whether an image for `offered` runs where `wanted` is asked for. arm64 means arm64/v8 and the other way round. */
export function matchesPlatform(wanted: Platform, offered: Platform): boolean {
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return false
  return wanted.variant === undefined || variantOf(wanted) === variantOf(offered)
}

/**
 * The candidates for `wanted`, in order. Descriptors without a platform come last: only their config can tell.
 * Attestations (`unknown/unknown`) are none.
 */
export function candidates(wanted: Platform, manifests: readonly Descriptor[]): Descriptor[] {
  const named = manifests.filter(({ platform }) => platform && matchesPlatform(wanted, platform))
  const unnamed = manifests.filter(({ platform, annotations }) => !platform && !annotations?.[ATTESTATION])
  return [...named, ...unnamed]
}

const ATTESTATION = 'vnd.docker.reference.type'

function variantOf({ architecture, variant }: Platform): string {
  return variant === undefined || variant === '' ? (architecture === 'arm64' ? 'v8' : '') : variant
}

/** `--platform os/arch[/variant]` of the commands whose API takes it as JSON. */
import type { Engine } from '../client/engine.ts'
import type { Flag, Flags } from './flags.ts'

/** The flag, with the help of its command. */
export function PLATFORM(help: string, kind: 'string' | 'list' = 'string'): Flag {
  return { name: 'platform', kind, help }
}

/**
 * The flag's value as the API wants it, or undefined. A daemon of an API older than `since` does not have it: then docker's
 * refusal is thrown, before anything is sent.
 */
export async function parsePlatformFlag(flags: Flags, engine: Engine, since: string): Promise<string | undefined> {
  const text = flags.string('platform')
  if (text === undefined || text === '') return undefined
  await engine.requireVersion('--platform', since)
  return platformJson(text)
}

/** `linux/arm/v7` → `{"architecture":"arm","os":"linux","variant":"v7"}`. Throws docker's `invalid platform`. */
export function platformJson(text: string): string {
  const [os = '', architecture = '', variant, ...more] = text.split('/')
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])]
  if (more.length > 0 || parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) {
    throw new Error(`invalid platform ${JSON.stringify(text)}: it should look like linux/amd64 or linux/arm/v7`)
  }
  return JSON.stringify({
    architecture: ARCHITECTURES[architecture] ?? architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
  })
}

/** The kernel's names, which Go's stand for. */
const ARCHITECTURES: Record<string, string> = { x86_64: 'amd64', 'x86-64': 'amd64', aarch64: 'arm64', i386: '386' }

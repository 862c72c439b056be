/**
 * `docker import --change` (and `commit --change`): Dockerfile instructions that change only how an image is run.
 * See docs.docker.com/reference/dockerfile.
 */
import { posix } from 'node:path'
import { SIGNALS, UserError } from '@mini-docker/syscall'
import type { RunConfig } from '../schema.ts'
import { parseHealthcheck } from './healthcheck.ts'
import { expandWord, splitWords } from './words.ts'

/** An instruction's effect. `words` are expanded; `text` is all behind the instruction, as written. */
type Change = (config: RunConfig, text: string, words: string[]) => void

const SHELL = ['/bin/sh', '-c']

const CHANGES: Record<string, Change> = {
  CMD: (config, text) => {
    config.Cmd = command(config, text)
  },
  ENTRYPOINT: (config, text) => {
    config.Entrypoint = command(config, text)
  },
  ENV: (config, text, words) => {
    const added = pairs('ENV', text, words)
    const kept = (config.Env ?? []).filter((one) => !added.some(([name]) => one.startsWith(`${name}=`)))
    config.Env = [...kept, ...added.map(([name, value]) => `${name}=${value}`)]
  },
  EXPOSE: (config, _text, words) => {
    for (const port of words.flatMap(ports)) config.ExposedPorts = { ...config.ExposedPorts, [port]: {} }
  },
  HEALTHCHECK: (config, text) => {
    config.Healthcheck = parseHealthcheck(text, (rest) => jsonList(rest) ?? undefined)
  },
  LABEL: (config, text, words) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(pairs('LABEL', text, words)) }
  },
  ONBUILD: (config, text) => {
    const trigger = text.split(/\s/)[0]?.toUpperCase()
    if (trigger === 'ONBUILD' || trigger === 'FROM' || trigger === 'MAINTAINER') {
      throw new UserError('invalid', `${trigger} isn't allowed as an ONBUILD trigger`)
    }
    config.OnBuild = [...(config.OnBuild ?? []), text]
  },
  STOPSIGNAL: (config, _text, words) => {
    config.StopSignal = signal(only('STOPSIGNAL', words))
  },
  USER: (config, _text, words) => {
    config.User = only('USER', words)
  },
  VOLUME: (config, text, words) => {
    for (const path of jsonList(text) ?? words) {
      if (path.trim() === '') throw new UserError('invalid', 'VOLUME specified can not be an empty string')
      config.Volumes = { ...config.Volumes, [path]: {} }
    }
  },
  WORKDIR: (config, text) => {
    const path = expandWord(text, environment(config))
    config.WorkingDir = posix.resolve('/', config.WorkingDir ?? '', path)
  },
}

/**
 * The config after some changes, each a line like `ENV LANG=C.UTF-8`, in their order.
 * @throws UserError `invalid` for instructions that are no changes (docker's words) and for malformed ones.
 */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  const changed = structuredClone(config)
  for (const line of changes) {
    const [, name = '', text = ''] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(line) ?? []
    const change = CHANGES[name.toUpperCase()]
    if (change === undefined) {
      throw new UserError('invalid', `${name.toUpperCase() || '""'} is not a valid change command`, {
        hint: `there are ${Object.keys(CHANGES).join(', ')}`,
      })
    }
    if (text === '') throw new UserError('invalid', `${name.toUpperCase()} requires at least one argument`)
    const env = environment(changed)
    // Commands keep their text for the shell in the container; the other instructions have words.
    const words = RAW.has(name.toUpperCase()) ? [] : splitWords(text).map((word) => expandWord(word, env))
    change(changed, text, words)
  }
  return changed
}

const RAW = new Set(['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'ONBUILD', 'WORKDIR'])

function environment({ Env }: RunConfig): Map<string, string> {
  return new Map((Env ?? []).map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]))
}

/** `["a", "b"]` is the command itself; anything else is a line for the shell. */
function command({ Shell }: RunConfig, text: string): string[] {
  return jsonList(text) ?? [...(Shell ?? SHELL), text]
}

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  } catch {
    // As in docker, what is no JSON is a line for the shell.
  }
  return undefined
}

/** `a=1 b="2 3"`, or the old form `a 1 and all the rest`. */
function pairs(instruction: string, text: string, words: readonly string[]): [string, string][] {
  const [first = '', ...rest] = words
  if (!(splitWords(text)[0] ?? '').includes('=')) {
    if (rest.length === 0) throw new UserError('invalid', `${instruction} must have two arguments: ${text}`)
    return [[first, rest.join(' ')]]
  }
  return words.map((word) => {
    const equals = word.indexOf('=')
    if (equals < 1) throw new UserError('invalid', `${instruction} "${word}" should look like name=value`)
    return [word.slice(0, equals), word.slice(equals + 1)]
  })
}

const PORT_MAX = 65_535

/** `80`, `53/udp`, `8000-8010`. */
function ports(word: string): string[] {
  const [, from = '', to = from, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? []
  const [low, high] = [Number(from), Number(to)]
  if (from === '' || low < 1 || high < low || high > PORT_MAX) {
    throw new UserError('invalid', `invalid containerPort: ${word}`, {
      hint: 'EXPOSE takes port, port/protocol or from-to',
    })
  }
  return Array.from({ length: high - low + 1 }, (_, i) => `${low + i}/${protocol.toLowerCase()}`)
}

function signal(text: string): string {
  const name = text.toUpperCase()
  const known: readonly string[] = Object.keys(SIGNALS)
  const byNumber = /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 64
  if (byNumber || known.includes(name) || known.includes(`SIG${name}`) || /^(SIG)?RTM(IN\+|AX-)\d+$/.test(name))
    return text
  throw new UserError('invalid', `invalid signal: ${text}`)
}

function only(instruction: string, words: readonly string[]): string {
  if (words.length === 1) return words[0] as string
  throw new UserError('invalid', `${instruction} requires exactly one argument`)
}

/** `--log-driver` and `--log-opt`: what of docker's logging there is. */
import { UserError } from '@mini-docker/syscall'

/** A log cannot fill the disk: without options it is kept to 4 files of 16 MiB. Docker has no limit of its own. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024
const DEFAULT_MAX_FILES = 4

export type LogConfig = { kind: 'none' } | { kind: 'json-file'; maxBytes: number; maxFiles: number }

/** @throws UserError `invalid` for unknown options and values, `not-built` for other drivers. */
export function parseLogConfig(config: { Type: string; Config: Record<string, string> }): LogConfig {
  if (config.Type === 'none') return { kind: 'none' }
  if (config.Type !== '' && config.Type !== 'json-file')
    throw new UserError('not-built', `log driver ${config.Type} is not built yet`, { hint: 'use json-file or none' })
  const unknown = Object.keys(config.Config).find((key) => key !== 'max-size' && key !== 'max-file')
  if (unknown !== undefined) throw new UserError('invalid', `unknown log opt '${unknown}' for json-file log driver`)
  const { 'max-size': maxSize, 'max-file': maxFile } = config.Config
  const maxFiles = maxFile === undefined ? DEFAULT_MAX_FILES : Number(maxFile)
  if (!Number.isInteger(maxFiles) || maxFiles < 1 || maxFiles > 1000)
    throw new UserError('invalid', `invalid value for max-file: ${maxFile}`, { hint: 'at least 1' })
  return { kind: 'json-file', maxBytes: maxSize === undefined ? DEFAULT_MAX_BYTES : parseSize(maxSize), maxFiles }
}

/** `10m`, `64k`, `1g`: units of 1000, as docker's FromHumanSize. `-1` is without limit. */
function parseSize(text: string): number {
  if (text === '-1') return Number.MAX_SAFE_INTEGER
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)b?$/i.exec(text)
  const unit = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }[(match?.[2] ?? '').toLowerCase()]
  const bytes = Math.floor(Number(match?.[1]) * (unit ?? Number.NaN))
  if (!Number.isSafeInteger(bytes) || bytes < 1) throw new UserError('invalid', `invalid size: '${text}'`)
  return bytes
}

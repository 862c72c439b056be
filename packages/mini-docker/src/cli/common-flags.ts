/** Flags that several commands share, and the checks of their values. */
import type { Flag } from './flags.ts'

/** `--filter name=value`, as ps, images and events take it. */
export const FILTER: Flag = {
  name: 'filter',
  short: 'f',
  kind: 'list',
  label: 'filter',
  help: 'Filter output based on conditions provided',
  check: checkFilter,
}

/** `--format TEMPLATE` of lists. */
export const FORMAT: Flag = {
  name: 'format',
  kind: 'string',
  help: "Format output: 'table', 'table TEMPLATE', 'json', or a Go template",
}

/** `--format TEMPLATE` of single things. */
export const FORMAT_ONE: Flag = {
  name: 'format',
  short: 'f',
  kind: 'string',
  help: "Format output: 'json' or a Go template",
}

export const NO_TRUNC: Flag = { name: 'no-trunc', kind: 'bool', help: "Don't truncate output" }

export const DETACH_KEYS: Flag = {
  name: 'detach-keys',
  kind: 'string',
  help: 'Override the key sequence for detaching a container',
}

/** `--filter` of prune, which has no short form there. */
export const PRUNE_FILTER: Flag = {
  name: 'filter',
  kind: 'list',
  label: 'filter',
  help: 'Provide filter values (e.g. "until=<timestamp>")',
  check: checkFilter,
}

function checkFilter(text: string): void {
  if (!text.includes('=')) throw new Error('bad format of filter (expected name=value)')
}

/** Signatures are not checked: what docker's flag says by default. Asking for the check is refused, as by a client without notary. */
export const CONTENT_TRUST: Flag = {
  name: 'disable-content-trust',
  kind: 'bool',
  help: 'Skip image verification (default true)',
  check(text) {
    if (/^(0|f|false)$/i.test(text))
      throw new Error('signatures cannot be verified: content trust (notary) is not built')
  },
}

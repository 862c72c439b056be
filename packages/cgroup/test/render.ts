/** A plan as text, for golden files: one line for each call. */
import type { Arg, Call, Field, Step } from '@mini-docker/syscall'

export function renderSteps(steps: readonly Step[]): string {
  return steps
    .map((step) =>
      [
        `${step.id} [${step.where}]`,
        ...step.calls.map((call) => `  ${renderCall(call)}`),
        ...(step.undo ?? []).map((call) => `  undo ${renderCall(call)}`),
        ...step.shell.map((line) => `  $ ${line}`),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n')
}

function renderCall({ name, args, as, allow }: Call): string {
  return `${name}(${args.map(renderArg).join(', ')})${as ? ` = ${as}` : ''}${allow ? ` or ${allow.join(' ')}` : ''}`
}

function renderArg(arg: Arg): string {
  if (typeof arg === 'string') return JSON.stringify(arg)
  if (arg instanceof Uint8Array) return JSON.stringify(Buffer.from(arg).toString())
  if (arg === null || typeof arg === 'number' || typeof arg === 'bigint') return String(arg)
  if ('ref' in arg) return `<${arg.ref}>`
  if ('struct' in arg)
    return `{${Object.entries(arg.fields)
      .map(([name, field]) => `${name}=${renderField(field)}`)
      .join(', ')}}`
  return JSON.stringify(arg)
}

function renderField(field: Field): string {
  if (field instanceof Uint8Array) return `[${field.length} bytes]`
  return typeof field === 'object' ? renderArg(field) : String(field)
}

/** `-v`: told apart as docker's client does, which has it from compose. What it means is the daemon's to say. */

/** With a source it is a bind or a named volume (`binds`), alone an anonymous volume (`volumes`). `./x` becomes absolute. Throws with docker's words. */
export function parseVolumes(given: readonly string[]): { binds: string[] | null; volumes: Record<string, object> } {
  const binds: string[] = []
  const volumes: Record<string, object> = {}
  for (const text of given) {
    const source = sourceOf(text)
    if (source === '') volumes[text] = {}
    else if (source.startsWith('.') || isDrive(source)) binds.push(absoluteBind(text))
    else binds.push(text)
  }
  return { binds: binds.length === 0 ? null : binds, volumes }
}

function sourceOf(spec: string): string {
  if (spec === '') throw new Error('invalid empty volume spec')
  if (spec.length <= 2) return ''
  const sections = sectionsOf(spec)
  if (sections.includes('')) throw new Error(`invalid spec: ${spec}: empty section between colons`)
  if (sections.length > 3) throw new Error(`invalid spec: ${spec}: too many colons`)
  return sections.length === 1 ? '' : (sections[0] ?? '')
}

/** Between colons; the one behind a single letter belongs to a drive of Windows. */
function sectionsOf(spec: string): string[] {
  const sections: string[] = []
  for (const part of spec.split(':')) {
    const last = sections.at(-1)
    if (last !== undefined && /^\p{L}$/u.test(last)) sections[sections.length - 1] = `${last}:${part}`
    else sections.push(part)
  }
  return sections
}

function isDrive(source: string): boolean {
  return /^\p{L}:/u.test(source)
}

function absoluteBind(text: string): string {
  const colon = text.indexOf(':')
  return text.startsWith('.') ? absolute(text.slice(0, colon)) + text.slice(colon) : text
}

/** path.resolve, without loading node:path for everyone. */
export function absolute(path: string): string {
  return process.getBuiltinModule('node:path').resolve(path)
}

/**
 * The face `--explain` of what makes a process in namespaces: one script for sh(1) that a root shell can run as it is, and that gets an equal
 * container. Pure: the shell lines are the steps' own, this file only puts them where they have to be typed:
 *
 *     host steps before the birth
 *     unshare … sh /dev/fd/4 4<<INSIDE &       the rest of the steps that the container makes, in a shell of its own
 *       unshare --cgroup sh /dev/fd/5 …        each further shell reads what is left
 *         pivot_root, and from then on the host's tools by a relative path
 *         exec setsid … setpriv … env … COMMAND
 *     host steps after the birth
 *     wait, and the exit code
 *
 * When it ends, however it does, what its steps left on the host is taken back.
 */
import type { Step } from '@mini-docker/syscall'

/** The comment above a step: its number, title, reasons. */
export type Comment = (step: Step, number: number) => string[]
/** The comments of the script itself. */
export type ScriptWords = {
  head: readonly string[]
  cleanUp: string
  tools: string
  inside: string
  gate: string
  goOn: string
  wait: string
}

/** Whether these steps make a process in namespaces: its own, or those of a container that runs. Only they need more than one shell. */
export function makesProcess(steps: readonly Step[]): boolean {
  return steps.some((step) => isClone(step) || step.id === JOIN)
}

/** The script for steps that make a process. */
export function processScript(steps: readonly Step[], words: ScriptWords, comment: Comment): string {
  return steps.some(isClone) ? birthScript(steps, words, comment) : joinScript(steps, words, comment)
}

/** One more process in a container that runs: nsenter(1) is told to stay in the folder of the host's tools while it changes the root. */
function joinScript(steps: readonly Step[], words: ScriptWords, comment: Comment): string {
  const numbered = steps.map((step, index): Numbered => ({ step, number: index + 1 }))
  const container = numbered.filter(
    ({ step }) => step.where === 'container' || step.id === 'exec.clone' || PREFIX.test(step.shell[0] ?? ''),
  )
  const host = numbered.filter((one) => !container.includes(one))
  return text([
    ['#!/bin/sh', ...comments(words.head), 'set -eu', 'umask 022'],
    preamble(words),
    tools(words, ['env', 'setpriv', 'setsid']),
    ...host.map((one) => hostStep(one, comment)),
    [
      '(',
      ...comments([words.inside]),
      'cd "$WORK/tools"',
      'set --',
      '',
      ...insideLines(container, { comment, words, gateAt: undefined }),
      ') <&3 3<&- &',
      'CHILD=$!',
    ],
    [...comments([words.wait]), ...WAIT],
  ])
}

/** The script for the steps of one birth. */
function birthScript(steps: readonly Step[], words: ScriptWords, comment: Comment): string {
  const numbered = steps.map((step, index): Numbered => ({ step, number: index + 1 }))
  const birth = numbered.findIndex(({ step }) => isClone(step))
  const [before, clone, after] = [numbered.slice(0, birth), numbered[birth]!, numbered.slice(birth + 1)]
  const host = after.filter(({ step }) => step.where === 'host')
  const gated = host.some(({ step }) => step.shell.length > 0)
  const firstHost = after.findIndex(({ step }) => step.where === 'host' && step.shell.length > 0)
  const inside: Numbered[] = after.filter(({ step }) => step.where === 'container')
  const gateAt = after.slice(0, Math.max(firstHost, 0)).filter(({ step }) => step.where === 'container').length
  const [enter = '', ...typed] = clone.step.shell
  return text([
    ['#!/bin/sh', ...comments(words.head), 'set -eu', 'umask 022'],
    preamble(words),
    ...(toolsAfterPivot(inside).length === 0 ? [] : [tools(words, toolsAfterPivot(inside))]),
    ...before.map((one) => hostStep(one, comment)),
    [
      ...comment(clone.step, clone.number),
      ...comments([words.inside]),
      `${enter} /dev/fd/4 <&3 3<&- 4<<'INSIDE' &`,
      'exec 4<&-',
      'set -eu --',
      'read -r pid rest < /proc/self/stat',
      'echo "$pid" > "$WORK/pid"',
      ...typed,
      '',
      ...insideLines(inside, { comment, words, gateAt: gated ? gateAt : undefined }),
      'INSIDE',
      'CHILD=$!',
    ],
    ...(gated
      ? [
          [
            ...comments([words.gate]),
            'until [ -s "$WORK/pid" ]; do kill -0 "$CHILD" 2> /dev/null; sleep 0.05; done',
            'PID=$(cat "$WORK/pid")',
          ],
        ]
      : []),
    ...host.map((one) => hostStep(one, comment)),
    ...(gated ? [[...comments([words.goOn]), ': > "$WORK/go"']] : []),
    [...comments([words.wait]), ...WAIT],
  ])
}

const WAIT = ['if wait "$CHILD"; then CODE=0; else CODE=$?; fi', 'CHILD=', 'exit "$CODE"']

type Numbered = { step: Step; number: number }
type Inside = { comment: Comment; words: ScriptWords; gateAt: number | undefined }

/** The undo lines are known to the shell before the step that they undo is made, the newest first. */
function preamble(words: ScriptWords): string[] {
  return [
    ...comments([words.cleanUp]),
    'WORK=$(mktemp -d)',
    'export WORK',
    'CHILD=',
    'UNDO=\'rm -rf --one-file-system "$WORK"\'',
    'later() { UNDO="$1 || :',
    '$UNDO"; }',
    'clean_up() {',
    '  trap - EXIT INT TERM',
    '  if [ -n "$CHILD" ]; then',
    '    kill -KILL "$(cat "$WORK/pid" 2> /dev/null)" 2> /dev/null || kill -KILL "$CHILD" 2> /dev/null || :',
    '    wait "$CHILD" 2> /dev/null || :',
    '  fi',
    '  eval "$UNDO"',
    '}',
    'trap clean_up EXIT',
    "trap 'exit 130' INT",
    "trap 'exit 143' TERM",
  ]
}

/** Programs with their libraries and their loader, flat in one folder: they can be run from there whatever the root is. */
function tools(words: ScriptWords, names: readonly string[]): string[] {
  return [
    ...comments([words.tools]),
    'mkdir "$WORK/tools"',
    `for tool in ${names.join(' ')}; do`,
    '  program=$(command -v "$tool")',
    '  cp -L "$program" "$WORK/tools/$tool"',
    '  for library in $(ldd "$program" | grep -o "/[^ ]*"); do cp -L "$library" "$WORK/tools/"; done',
    'done',
    'chmod 755 "$WORK" "$WORK/tools"',
    'LOADER=$(basename "$(ldd /bin/sh | grep -o "/[^ ]*/ld-[^ ]*")")',
    'HOST="./$LOADER --library-path . ."',
    'export HOST',
  ]
}

function hostStep({ step, number }: Numbered, comment: Comment): string[] {
  return [...comment(step, number), ...(step.undoShell ?? []).map((line) => `later ${quoted(line)}`), ...step.shell]
}

function insideLines(steps: readonly Numbered[], { comment, words, gateAt }: Inside, depth = 5): string[] {
  const lines: string[] = []
  let chained = ''
  for (const [index, { step, number }] of steps.entries()) {
    if (gateAt === index) lines.push(...comments([words.gate]), 'until [ -e "$WORK/go" ]; do sleep 0.05; done', '')
    if (step.id === PIVOT) lines.push(...standInTools(toolsAfterPivot(steps)), '')
    lines.push(...comment(step, number))
    for (const line of step.shell) {
      if (line.endsWith(' sh')) {
        const rest = insideLines(
          steps.slice(index + 1),
          { comment, words, gateAt: gateAt === undefined || gateAt <= index ? undefined : gateAt - index - 1 },
          depth + 1,
        )
        const end = `SHELL_${depth}`
        return [
          ...lines,
          `exec ${line} /dev/fd/${depth} ${depth}<<'${end}'`,
          `exec ${depth}<&-`,
          'set -eu --',
          '',
          ...rest,
          end,
        ]
      }
      if (PREFIX.test(line)) {
        lines.push(prefixLine(line, chained))
        chained = line.slice(0, line.indexOf(' '))
      } else lines.push(line.replace(/^exec /, 'exec "$@" $HOST/'))
    }
    lines.push('')
  }
  return lines
}

/** Options of one setpriv after the other are options of the first. nsenter is still the host's own. */
function prefixLine(line: string, last: string): string {
  const words = line.slice(0, -' …'.length)
  if (last !== '' && words.startsWith(`${last} `)) return `set -- "$@" ${words.slice(last.length + 1)}`
  return `set -- "$@" ${words.startsWith('nsenter ') ? '' : '$HOST/'}${words}`
}

const PIVOT = 'rootfs.pivot'
const JOIN = 'exec.join'
const PREFIX = / …$/

/** The shell goes to the folder of the host's tools, and from now on means them. */
function standInTools(names: readonly string[]): string[] {
  return [
    'cd "$WORK/tools"',
    ...names.filter((name) => !PREFIXES.has(name)).map((name) => `${name}() { $HOST/${name} "$@"; }`),
  ]
}

const PREFIXES = new Set(['setsid', 'setpriv', 'env'])
/** What lines of steps call that no shell has itself. */
const TOOLS = ['chmod', 'hostname', 'ip', 'mkdir', 'mount', 'prlimit', 'umount', 'env', 'setpriv', 'setsid']

function toolsAfterPivot(steps: readonly Numbered[]): string[] {
  const pivot = steps.findIndex(({ step }) => step.id === PIVOT)
  const lines = steps.slice(Math.max(pivot, 0)).flatMap(({ step }) => step.shell)
  return TOOLS.filter((tool) => lines.some((line) => new RegExp(`(^|[;{&|] *|then |exec )${tool} `).test(line)))
}

function isClone({ where, shell }: Step): boolean {
  return where === 'host' && /^unshare .* sh$/.test(shell[0] ?? '')
}

function comments(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '#' : `# ${line}`))
}

function quoted(line: string): string {
  return `'${line.replaceAll("'", String.raw`'\''`)}'`
}

function text(parts: readonly string[][]): string {
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

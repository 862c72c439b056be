/**
 * Where the commands of a page run: in a shell with namespaces of its own, so that a chapter can rename the machine or lay cables, and nothing of it stays. The
 * checkout is the current directory; `tutorials/work` is empty and thrown away; mini-docker has its own data and daemon.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../test/harness/command.ts'
import type { Shown } from './page.ts'

const root = join(import.meta.dirname, '../..')
const MARK = '\u0001'

export type Printed = Shown & { printed: string; exitCode: number }

/** The root directory that chapter 03 makes, and later chapters go on with. */
export const MAKE_ROOT = [
  'bin/image --root tutorials/work/store demo',
  'bin/image --root tutorials/work/store unpack demo tutorials/work/root',
]

/** Runs the commands one after the other in one shell, whatever they end with; with `hasRoot`, in a place where chapter 03 is done. */
export async function runPage(commands: readonly Shown[], hasRoot: boolean): Promise<Printed[]> {
  const directory = mkdtempSync(join(tmpdir(), 'mini-docker-page-'))
  try {
    for (const name of ['data', 'run', 'home']) mkdirSync(join(directory, name))
    const script = join(directory, 'page.sh')
    writeFileSync(script, scriptOf(commands, directory, hasRoot ? MAKE_ROOT : []))
    const apart = ['unshare', '--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc']
    const { stdout } = await run([...apart, 'bash', script], { cwd: root, env: { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } })
    const parts = stdout.split(MARK).slice(1)
    return commands.map((command, i) => {
      const [, exitCode = '', printed = ''] = /^(\d+)\n([\s\S]*)$/.exec(parts[i] ?? '') ?? []
      return { ...command, printed, exitCode: Number(exitCode || 255) }
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Each command's output goes into a file and is printed behind its exit code. */
function scriptOf(commands: readonly Shown[], directory: string, before: readonly string[]): string {
  const lines = commands.map(
    ({ command }) =>
      `{ ${command}\n} > ${directory}/out 2>&1 < /dev/null; printf '${MARK}%d\\n' $?; cat ${directory}/out`,
  )
  return [
    'ip link set lo up',
    'mount -t tmpfs tmpfs tutorials/work',
    `mkdir -p /var/lib/mini-docker /run/mini-docker /run/netns`,
    // Names of network namespaces are files here.
    'mount -t tmpfs tmpfs /run/netns',
    `mount --bind ${directory}/data /var/lib/mini-docker && mount --bind ${directory}/run /run/mini-docker`,
    `export HOME=${directory}/home`,
    ...before.map((command) => `${command} > ${directory}/out`),
    ...lines,
    'if [ -S /run/mini-docker/docker.sock ]; then ./mini-docker ps -aq | xargs -r ./mini-docker rm -f; ./mini-docker gc; fi > /dev/null 2>&1',
    'true',
  ].join('\n')
}

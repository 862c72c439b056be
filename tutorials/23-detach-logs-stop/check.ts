/**
 * Chapter 23: the program has ended and its container goes on; what that says is in a file, and how it ended too. Where the file is, the kernel tells: somebody
 * has it open (the container, its monitor, docker's daemon). The exit code is looked for beside it.
 */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { globSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { finding, type Check } from '@mini-docker/verify'

const LABEL = 'mini-docker.course=23'
const PATIENCE_MS = 3000
const END_MS = 15_000

export const check: Check = {
  chapter: '23',
  miniDocker: `run --detach --label ${LABEL} demo`,
  async prepare({ commandLine }) {
    if (!commandLine.includes(LABEL)) return undefined
    return { env: {}, [Symbol.asyncDispose]: () => Promise.resolve(removeMine()) }
  },
  async look({ run }) {
    const [word, seconds] = [`said-${randomInt(1e9)}`, String(randomInt(1e8, 1e9))]
    let ended: number | undefined
    const whole = run('sh', '-c', `echo ${word}; sleep ${seconds}; exit 7`).then(({ exitCode }) => (ended = exitCode))
    const sleep = await until(END_MS, () => find(seconds))
    const [log] = await Promise.all([until(PATIENCE_MS, () => logWith(word)), until(PATIENCE_MS, () => ended)])
    const endedBefore = ended
    // The shell goes on, and ends with 7.
    if (sleep !== undefined) process.kill(sleep, 'SIGKILL')
    const exit = log === undefined ? undefined : await until(END_MS, () => fileWithSeven(dirname(log)))
    await whole
    return [
      finding('23.detached', sleep !== undefined && endedBefore === 0, {
        says: {
          en: 'the program ends with 0 when the container has started, and the container goes on',
          ja: 'コンテナが始まると、プログラムは 0 で終わり、コンテナは動き続けます',
        },
        saw: `the program, while the container ran: ${endedBefore === undefined ? 'still there' : `ended with ${endedBefore}`}`,
        hint: {
          en: 'start a second process with detached: true, which starts the container and waits for it',
          ja: 'detached: true で 2 つ目のプロセスを始め、そのプロセスにコンテナを始めさせ、待たせてください',
        },
      }),
      finding('23.log', log !== undefined, {
        says: { en: 'what the command prints is in a file', ja: 'コマンドの出力はファイルに残ります' },
        saw: `echo ${word} → ${log ?? 'in no file that anybody has open'}`,
        hint: {
          en: 'open a file, and give it to the second process as its stdout and stderr',
          ja: 'ファイルを開き、2 つ目のプロセスの標準出力と標準エラー出力にしてください',
        },
      }),
      finding('23.exit-code', exit !== undefined, {
        says: { en: 'the exit code is in a file beside it', ja: '終了コードはその隣のファイルに残ります' },
        saw: `exit 7 → ${exit ?? 'nowhere'}`,
        hint: {
          en: 'the second process writes what newProcess returns into a file `exit`',
          ja: '2 つ目のプロセスが、newProcess の返す値を `exit` というファイルに書くようにしてください',
        },
      }),
    ]
  },
}

async function until<T>(milliseconds: number, look: () => T | undefined): Promise<T | undefined> {
  for (const end = Date.now() + milliseconds; ; await delay(20)) {
    const seen = look()
    if (seen !== undefined || Date.now() > end) return seen
  }
}

/** The process `sleep SECONDS`. */
function find(seconds: string): number | undefined {
  const pids = globSync('[0-9]*', { cwd: '/proc' })
  const isIt = (pid: string) => (read(`/proc/${pid}/cmdline`) ?? '').endsWith(`sleep\0${seconds}\0`)
  return pids.filter(isIt).map(Number)[0]
}

/** A regular file that somebody has open and that has the word in it. */
function logWith(word: string): string | undefined {
  const paths = globSync('/proc/[0-9]*/fd/*').map((link) => quietly(() => readlinkSync(link)) ?? '')
  const logs = [...new Set(paths)].filter((path) => path.startsWith('/') && basename(path).includes('log'))
  return logs.find((path) => quietly(() => statSync(path).isFile()) && read(path)?.includes(word))
}

/** `7` alone, as a learner writes it, or `exitCode: 7` as mini-docker and docker. */
function fileWithSeven(directory: string): string | undefined {
  const files = globSync('*', { cwd: directory }).map((name) => join(directory, name))
  return files.find((path) => /^\s*7\s*$|"exitcode":\s*7\b/i.test(read(path) ?? ''))
}

function removeMine(): void {
  const miniDocker = join(import.meta.dirname, '../../mini-docker')
  const ids = execFileSync(miniDocker, ['ps', '-aq', '--filter', `label=${LABEL}`], { encoding: 'utf8' }).split('\n')
  if (ids[0] !== '') execFileSync(miniDocker, ['rm', '--force', ...ids.filter((id) => id !== '')])
}

function read(path: string): string | undefined {
  return quietly(() => readFileSync(path, 'utf8'))
}

/** What goes away while one looks at it is not there. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

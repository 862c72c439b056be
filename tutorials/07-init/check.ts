/** Chapter 07: process 1 of the container is an init: it passes signals on, and reaps whatever is left to it. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { finding, type Check } from '@mini-docker/verify'

/** awk waits for its own child only: what else ends meanwhile stays a zombie, unless somebody above it reaps. */
const ORPHAN = `if [ -c /dev/null ]; then (sleep 0.1 &); else setsid -f sleep 0.1; fi; exec awk 'BEGIN { system("sleep 0.5; cat /proc/[0-9]*/stat") }'`

export const check: Check = {
  chapter: '07',
  miniDocker: 'run --rm --init demo',
  async look({ pid, run }) {
    const { output } = await run('sh', '-c', ORPHAN)
    const zombies = output.split('\n').filter((line) => / Z /.test(line))
    const init = Number(field(pid, 'PPid'))
    const number = field(pid, 'NSpid').split('\t').at(-1) ?? ''
    const isFirst = field(init, 'NSpid').split('\t').length === field(pid, 'NSpid').split('\t').length
    if (isFirst) process.kill(init, 'SIGTERM')
    return [
      finding('07.init', number !== '1' && isFirst, {
        says: {
          en: 'the command is not process 1, but a child of it',
          ja: 'コマンドは 1 番のプロセスではなく、その子です',
        },
        saw: `/proc/${pid}/status: NSpid ends with ${number}`,
        hint: {
          en: 'execute an init, with the command as its arguments',
          ja: 'init を実行し、コマンドはその引数にしてください',
        },
      }),
      finding('07.reaps', output !== '' && zombies.length === 0, {
        says: {
          en: 'a process whose parent has ended leaves no zombie',
          ja: '親が先に終わったプロセスも、ゾンビになりません',
        },
        saw: zombies[0]?.split(' ').slice(0, 3).join(' ') ?? 'no zombie',
      }),
      finding('07.signal', isFirst && (await ends(pid)), {
        says: {
          en: 'SIGTERM for process 1 ends the command',
          ja: '1 番のプロセスに SIGTERM を送ると、コマンドが終わります',
        },
        saw: isFirst ? `kill ${init}` : 'the command is process 1 itself',
      }),
    ]
  },
}

function field(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

/** Within two seconds. */
async function ends(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      if (field(pid, 'State').startsWith('Z')) return true
    } catch {
      return true
    }
    await delay(20)
  }
  return false
}

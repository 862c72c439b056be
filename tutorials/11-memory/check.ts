/** Chapter 11: the process may use little memory, and is killed when it wants more. */
import { finding, groupOf, readSetting, type Check } from '@mini-docker/verify'

const MEGABYTE = 1024 * 1024
/** A string that doubles until somebody stops it. */
const GREEDY = 'BEGIN { text = "x"; for (i = 0; i < 28; i++) text = text text; print length(text) }'

export const check: Check = {
  chapter: '11',
  miniDocker: 'run --rm -m 64m demo',
  async look({ pid, run }) {
    const group = groupOf(pid, 'memory') ?? ''
    const limit = readSetting(`${group}/memory.max`) ?? readSetting(`${group}/memory.limit_in_bytes`)
    const { exitCode } = await run('awk', GREEDY)
    return [
      finding('11.limit', Number(limit) <= 128 * MEGABYTE, {
        says: {
          en: 'the process may use at most 128 MB of memory',
          ja: 'プロセスのメモリは 128 MB までに制限されています',
        },
        saw: `${group}: ${limit ?? 'no limit'}`,
        hint: {
          en: 'write the bytes into memory.max (v2) or memory.limit_in_bytes (v1), and enter the group',
          ja: 'memory.max（v2）か memory.limit_in_bytes（v1）にバイト数を書き、グループに入ってください',
        },
      }),
      finding('11.killed', exitCode === 137, {
        says: { en: 'a command that wants 256 MB is killed', ja: '256 MB を使おうとしたコマンドは強制終了されます' },
        saw: `exit code ${exitCode}`,
      }),
    ]
  },
}

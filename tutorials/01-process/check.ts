/** Chapter 01: the command is a process of this machine, and its exit code comes out. */
import { readFileSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '01',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const path = `/proc/${pid}/comm`
    const name = readFileSync(path, 'utf8').trim()
    const [seven, killed] = [await run('sh', '-c', 'exit 7'), await run('sh', '-c', 'kill -9 $$')]
    return [
      finding('01.process', name === 'sleep', {
        says: {
          en: 'the command is a process like any other of this machine',
          ja: 'コマンドは、このマシンのほかのプロセスと同じ 1 つのプロセスです',
        },
        saw: `${path} → ${name}`,
      }),
      finding('01.exit-code', seven.exitCode === 7, {
        says: {
          en: 'a command that ends with 7 makes the program end with 7',
          ja: 'コマンドが 7 で終わると、プログラムも 7 で終わります',
        },
        saw: `sh -c 'exit 7' → ${seven.exitCode}`,
        hint: {
          en: 'newProcess gives the exit code: make it process.exitCode',
          ja: 'newProcess は終了コードを返します。process.exitCode に入れてください',
        },
      }),
      // The first process of a pid namespace does not die of its own SIGKILL: then the shell goes on and ends with 0.
      finding('01.signal', killed.exitCode === 137 || killed.exitCode === 0, {
        says: {
          en: 'a signal is told as 128 and its number',
          ja: 'シグナルで終わると、128 に番号を足した数になります',
        },
        saw: `sh -c 'kill -9 $$' → ${killed.exitCode}`,
      }),
    ]
  },
}

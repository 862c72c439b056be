/** Chapter 17: a directory of the machine at /data, the same at /fixed but only to be read, and at /etc a volume that began with what the image has there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { finding, type Check, type Prepared } from '@mini-docker/verify'
import { miniDocker, temporary } from '../tools/layout.ts'

/** The directory of the machine, of the program that is checked now. */
const made = { directory: '' }

export const check: Check = {
  chapter: '17',
  miniDocker: 'run --rm --volume $DIR:/data --volume $DIR:/fixed:ro --volume verify-17:/etc demo',
  prepare({ commandLine }): Promise<Prepared> {
    const directory = temporary()
    made.directory = directory.path
    const dispose = () => {
      directory[Symbol.dispose]()
      if (commandLine.includes('mini-docker') && commandLine.includes('verify-17:')) {
        miniDocker('volume', 'rm', '--force', 'verify-17')
      }
      return Promise.resolve()
    }
    return Promise.resolve({ env: { DIR: directory.path }, [Symbol.asyncDispose]: dispose })
  },
  async look({ pid, run }) {
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trimEnd().split('\n')
    const optionsAt = (point: string) => mounts.findLast((line) => line.split(' ')[4] === point)?.split(' ')[5]
    await run('sh', '-c', 'echo written > /data/file')
    const written = read(join(made.directory, 'file'))
    await run('sh', '-c', 'echo written > /fixed/other')
    const { output: passwd } = await run('cat', '/etc/passwd')
    await run('sh', '-c', 'echo mine > /etc/verify-17')
    const { output: kept } = await run('sh', '-c', 'cat /etc/verify-17 2>&1; rm -f /etc/verify-17')
    const fixed = optionsAt('/fixed')
    return [
      finding('17.bind', written === 'written\n', {
        says: {
          en: 'what the container writes into /data is in the directory of the machine',
          ja: 'コンテナが /data に書いたものは、マシンのディレクトリに入ります',
        },
        saw: `${made.directory}/file: ${written?.trim() ?? 'not there'}`,
        hint: {
          en: 'bind the directory in DIR to /data of the new root before pivot_root',
          ja: 'pivot_root の前に、DIR のディレクトリを新しいルートの /data に bind マウントしてください',
        },
      }),
      finding('17.read-only', fixed?.split(',')[0] === 'ro' && !existsSync(join(made.directory, 'other')), {
        says: { en: 'at /fixed it can only be read', ja: '/fixed では読むことしかできません' },
        saw: `/proc/${pid}/mountinfo: /fixed is ${fixed ?? 'no mount'}`,
        hint: {
          en: 'after the bind mount, mount once more with MS_BIND, MS_REMOUNT and MS_RDONLY',
          ja: 'bind マウントのあと、MS_BIND、MS_REMOUNT、MS_RDONLY を指定してもう一度 mount を呼んでください',
        },
      }),
      finding('17.copied', optionsAt('/etc') !== undefined && passwd.includes('root'), {
        says: {
          en: 'the volume at /etc began with what the image has there',
          ja: '/etc のボリュームには、はじめからイメージの中身が入っています',
        },
        saw: `/etc is ${optionsAt('/etc') ?? 'no mount'}, passwd: ${passwd.split('\n')[0] ?? ''}`,
        hint: {
          en: 'copy the image’s /etc into the volume when it is empty, and bind it',
          ja: 'ボリュームが空ならイメージの /etc をコピーし、bind マウントしてください',
        },
      }),
      finding('17.kept', kept === 'mine\n', {
        says: { en: 'the next container finds what was written there', ja: '次のコンテナからも、書いたものが見えます' },
        saw: `/etc/verify-17 in the next container: ${kept.trim()}`,
      }),
    ]
  },
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/**
 * Chapter 14: the program reads an image. The check makes one, an OCI layout, and says where it is in the variable IMAGE; where the command line has `$IMAGE`
 * in it, it is loaded into mini-docker, and the variable is its name there.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { finding, type Check, type Prepared } from '@mini-docker/verify'
import { loadIntoMiniDocker, makeLayout, miniDocker, tarOf, temporary } from '../tools/layout.ts'

const CONFIG = {
  Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'COURSE=chapter 14'],
  Cmd: ['echo', 'the command of the image'],
  WorkingDir: '/etc',
}
/** Of the image that is checked now. */
const made = { layout: '', config: '', isLoaded: false }

export const check: Check = {
  chapter: '14',
  miniDocker: 'run --rm $IMAGE',
  prepare({ commandLine }): Promise<Prepared> {
    const directory = temporary()
    Object.assign(made, { layout: directory.path, config: makeLayout(directory.path, [tarOf()], CONFIG) })
    made.isLoaded = commandLine.includes('$IMAGE')
    if (made.isLoaded) loadIntoMiniDocker(directory.path)
    const dispose = () => {
      directory[Symbol.dispose]()
      if (made.isLoaded) miniDocker('rmi', '--force', 'verify')
      return Promise.resolve()
    }
    const IMAGE = made.isLoaded ? 'verify' : directory.path
    return Promise.resolve({ env: { IMAGE }, [Symbol.asyncDispose]: dispose })
  },
  async look({ pid, run }) {
    const env = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const missing = CONFIG.Env.filter((line) => !env.includes(line))
    const pwd = await run('pwd')
    const nothing = await run()
    appendFileSync(made.config, ' ')
    const changed = made.isLoaded ? loadIntoMiniDocker(made.layout) : await run('echo', 'it runs')
    return [
      finding('14.env', missing.length === 0, {
        says: { en: 'the process has the variables of the image', ja: 'プロセスはイメージの環境変数を持っています' },
        saw: `/proc/${pid}/environ: ${missing.length === 0 ? CONFIG.Env.join(' ') : `without ${missing.join(' ')}`}`,
        hint: { en: 'give execve the Env of the config', ja: 'config の Env を execve に渡してください' },
      }),
      finding('14.directory', pwd.output === '/etc\n', {
        says: {
          en: 'it begins in the directory that the image names',
          ja: 'イメージが指定したディレクトリで始まります',
        },
        saw: `pwd → ${pwd.output.trim()}`,
        hint: { en: 'chdir to the WorkingDir of the config', ja: 'config の WorkingDir に chdir してください' },
      }),
      finding('14.command', nothing.output === 'the command of the image\n', {
        says: {
          en: 'without words it runs the command of the image',
          ja: '引数がなければ、イメージのコマンドを実行します',
        },
        saw: `no words → ${nothing.output.trim().split('\n')[0] ?? ''}`,
        hint: { en: 'without words of your own, take Cmd', ja: '引数がなければ Cmd を使ってください' },
      }),
      finding('14.address', changed.exitCode !== 0 && !changed.output.includes('it runs'), {
        says: {
          en: 'an image whose bytes were changed is refused',
          ja: '中身が書き換えられたイメージは拒まれます',
        },
        saw: `one space more in the config: exit code ${changed.exitCode}`,
        hint: {
          en: 'compare the sha256 of each blob with its name before you use it',
          ja: 'blob を使う前に、その sha256 を名前と比べてください',
        },
      }),
    ]
  },
}

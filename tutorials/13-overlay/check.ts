/** Chapter 13: the root is an overlay, and what one container writes the next one does not see. */
import { readFileSync } from 'node:fs'
import { finding, type Check } from '@mini-docker/verify'

export const check: Check = {
  chapter: '13',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trimEnd().split('\n')
    const root = lines.find((line) => line.split(' ')[4] === '/') ?? ''
    const [type = '', , options = ''] = root.split(' - ')[1]?.split(' ') ?? []
    const upper = /upperdir=([^,]+)/.exec(options)?.[1]
    const first = await run('sh', '-c', 'echo mine > /etc/verify-13 && cat /etc/verify-13')
    const second = await run('sh', '-c', 'rm /etc/verify-13 2> /dev/null && echo there || echo not there')
    return [
      finding('13.overlay', type === 'overlay', {
        says: { en: 'the root of the container is an overlay', ja: 'コンテナのルートはオーバーレイです' },
        saw: `/proc/${pid}/mountinfo: / is ${type}${upper === undefined ? '' : `, upperdir ${upper}`}`,
        hint: {
          en: 'mount the type "overlay" with lowerdir, upperdir and workdir in place of the bind mount',
          ja: 'bind マウントの代わりに、lowerdir、upperdir、workdir を指定して overlay をマウントしてください',
        },
      }),
      finding('13.writable', first.output === 'mine\n', {
        says: { en: 'a container can write into it', ja: 'コンテナはそこに書き込めます' },
        saw: `cat /etc/verify-13 → ${first.output.trim()}`,
      }),
      finding('13.fresh', second.output === 'not there\n', {
        says: { en: 'the next container does not see what it wrote', ja: '次のコンテナからは、書いたものが見えません' },
        saw: `/etc/verify-13 in the next container: ${second.output.trim()}`,
        hint: {
          en: 'give each container an upper directory of its own',
          ja: 'コンテナごとに別の upper ディレクトリを使ってください',
        },
      }),
    ]
  },
}

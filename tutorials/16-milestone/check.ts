/** Chapter 16, the milestone: an image runs in everything that the chapters before have built, together. */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { finding, groupOf, type Check, type Subject } from '@mini-docker/verify'

const NAMESPACES = ['mnt', 'uts', 'ipc', 'pid']
const DEVICES: Record<string, string> = {
  null: '1:3',
  zero: '1:5',
  full: '1:7',
  random: '1:8',
  urandom: '1:9',
  tty: '5:0',
}

export const check: Check = {
  chapter: '16',
  miniDocker: 'run --rm --pids-limit 20 --memory 64m demo',
  async look({ pid, run }) {
    const shared = NAMESPACES.filter((name) => ns(pid, name) === ns('self', name))
    const { output: name } = await run('hostname')
    return [
      finding('16.namespaces', shared.length === 0, {
        says: {
          en: 'it has namespaces of its own: mnt, uts, ipc, pid',
          ja: '自分の名前空間を持っています: mnt, uts, ipc, pid',
        },
        saw: `/proc/${pid}/ns: ${shared.length === 0 ? 'none is the machine’s' : `the machine’s: ${shared.join(', ')}`}`,
        hint: { en: 'chapters 02, 04, 06 and 08', ja: '02、04、06、08 章を見てください' },
      }),
      finding('16.hostname', name.trim() !== hostname() && name !== '', {
        says: { en: 'it has a name of its own', ja: '自分のホスト名を持っています' },
        saw: `hostname → ${name.trim()}`,
        hint: { en: 'chapter 02', ja: '02 章を見てください' },
      }),
      ...files(pid),
      ...limits(pid),
      ...(await ends(run)),
    ]
  },
}

function files(pid: number) {
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trimEnd().split('\n')
  const typeAt = (point: string) =>
    mounts
      .findLast((line) => line.split(' ')[4] === point)
      ?.split(' - ')[1]
      ?.split(' ')[0] ?? 'no mount'
  const others = Object.keys(DEVICES).filter((name) => deviceAt(`/proc/${pid}/root/dev/${name}`) !== DEVICES[name])
  const isOwnProc = typeAt('/proc') === 'proc' && ns(pid, 'pid') !== ns('self', 'pid')
  return [
    finding('16.root', typeAt('/') === 'overlay', {
      says: {
        en: 'its root is an overlay of the image’s layers',
        ja: 'ルートは、イメージのレイヤを重ねたオーバーレイです',
      },
      saw: `/proc/${pid}/mountinfo: / is ${typeAt('/')}, of ${mounts.length} mounts`,
      hint: { en: 'chapters 05 and 13', ja: '05、13 章を見てください' },
    }),
    finding('16.proc', isOwnProc, {
      says: { en: '/proc shows its own processes', ja: '/proc には自分のプロセスが見えます' },
      saw: `/proc is ${typeAt('/proc')}`,
      hint: { en: 'chapter 06', ja: '06 章を見てください' },
    }),
    finding('16.devices', typeAt('/dev') === 'tmpfs' && others.length === 0 && ns(pid, 'mnt') !== ns('self', 'mnt'), {
      says: {
        en: 'its /dev is its own, with the devices that programs expect',
        ja: '自分の /dev があり、プログラムに必要なデバイスがそろっています',
      },
      saw: `/dev is ${typeAt('/dev')}, with ${Object.keys(DEVICES)
        .filter((name) => !others.includes(name))
        .join(', ')}`,
      hint: {
        en: 'mount a tmpfs on /dev, and mknodat null, zero, full, random, urandom and tty in it',
        ja: '/dev に tmpfs をマウントし、null、zero、full、random、urandom、tty を mknodat で作ってください',
      },
    }),
  ]
}

function limits(pid: number) {
  return (['pids', 'memory'] as const).map((controller) => {
    const group = groupOf(pid, controller)
    return finding(`16.${controller}`, group !== undefined && group !== groupOf(process.pid, controller), {
      says:
        controller === 'pids'
          ? { en: 'a control group counts its processes', ja: 'コントロールグループがプロセスを数えています' }
          : { en: 'a control group counts its memory', ja: 'コントロールグループがメモリを数えています' },
      saw: `/proc/${pid}/cgroup: ${group ?? 'none'}`,
      hint: { en: 'chapters 10 and 11', ja: '10、11 章を見てください' },
    })
  })
}

async function ends(run: Subject['run']) {
  const { exitCode } = await run('sh', '-c', 'echo mine > /verify-16; exit 42')
  const { output } = await run('sh', '-c', 'rm /verify-16 2> /dev/null && echo there || echo not there')
  return [
    finding('16.fresh', output === 'not there\n', {
      says: { en: 'the next container sees nothing of it', ja: '次のコンテナからは、書いたものが見えません' },
      saw: `/verify-16 in the next container: ${output.trim()}`,
      hint: { en: 'chapter 13', ja: '13 章を見てください' },
    }),
    finding('16.exit-code', exitCode === 42, {
      says: { en: 'its exit code comes out', ja: '終了コードが外に伝わります' },
      saw: `sh -c 'exit 42' → ${exitCode}`,
    }),
  ]
}

function ns(pid: number | 'self', name: string): string {
  return readlinkSync(`/proc/${pid}/ns/${name}`)
}

function deviceAt(path: string): string | undefined {
  const { rdev } = statSync(path, { throwIfNoEntry: false }) ?? {}
  return rdev === undefined ? undefined : `${rdev >> 8}:${rdev & 255}`
}

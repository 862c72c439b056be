/**
 * Chapter 15: the files are those that the layers of the image mean, and nothing is written outside of them. The check makes an image that is hostile, and says
 * where it is in the variable IMAGE, as in chapter 14.
 */
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { finding, type Check, type Prepared } from '@mini-docker/verify'
import { loadIntoMiniDocker, makeLayout, miniDocker, tarOf, temporary } from '../tools/layout.ts'

const CONFIG = { Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['true'], WorkingDir: '/' }
/** Of the image that is checked now: its directory, the one that it wants to write into, its layers. */
const made = { layout: '', outside: '', layers: [] as Buffer[], isLoaded: false }

export const check: Check = {
  chapter: '15',
  miniDocker: 'run --rm $IMAGE',
  prepare({ commandLine }): Promise<Prepared> {
    const directory = temporary()
    make(directory.path)
    makeLayout(made.layout, made.layers, CONFIG)
    made.isLoaded = commandLine.includes('$IMAGE')
    if (made.isLoaded) loadIntoMiniDocker(made.layout)
    const dispose = () => {
      directory[Symbol.dispose]()
      if (made.isLoaded) miniDocker('rmi', '--force', 'verify')
      return Promise.resolve()
    }
    return Promise.resolve({
      env: { IMAGE: made.isLoaded ? 'verify' : made.layout },
      [Symbol.asyncDispose]: dispose,
    })
  },
  async look({ pid, run }) {
    const see = 'ls -d /etc/gone 2> /dev/null || echo gone; ls /opt; [ /data/one -ef /data/two ] && echo one file'
    const seen = (await run('sh', '-c', see)).output.trim().split('\n')
    const linked = readdirSync(made.outside)
    makeLayout(made.layout, [...made.layers, climbing(made.layout, made.outside)], CONFIG)
    if (made.isLoaded) loadIntoMiniDocker(made.layout)
    await run('true')
    const climbed = readdirSync(made.outside).filter((name) => !linked.includes(name))
    return [
      finding('15.whiteout', seen[0] === 'gone', {
        says: { en: 'a file that a layer takes away is not there', ja: 'レイヤが消したファイルは、ありません' },
        saw: `process ${pid}: ls /etc/gone → ${seen[0]}`,
        hint: {
          en: 'etc/.wh.gone means: etc/gone of the layers below is gone',
          ja: 'etc/.wh.gone は、下のレイヤの etc/gone がもうないという意味です',
        },
      }),
      finding('15.opaque', seen[1] === 'new' && seen[2] !== 'old', {
        says: {
          en: 'a directory that a layer begins anew has nothing of those below',
          ja: 'レイヤが作り直したディレクトリに、下のレイヤのものはありません',
        },
        saw: `ls /opt → ${seen
          .slice(1)
          .filter((line) => line !== 'one file')
          .join(' ')}`,
        hint: {
          en: 'opt/.wh..wh..opq means: nothing of the opt below is seen',
          ja: 'opt/.wh..wh..opq は、下のレイヤの opt の中身は見えないという意味です',
        },
      }),
      finding('15.hard-link', seen.includes('one file'), {
        says: {
          en: 'two names of one file are still one file',
          ja: '1 つのファイルの 2 つの名前は、1 つのファイルのままです',
        },
        saw: `/data/one -ef /data/two → ${seen.includes('one file') ? 'one file' : 'two files'}`,
      }),
      finding('15.symlink', linked.length === 0, {
        says: {
          en: 'a link in the image to a directory of the machine leads nowhere',
          ja: 'イメージの中のリンクをたどって、マシンのディレクトリに書くことはできません',
        },
        saw: `${made.outside} holds: ${linked.join(' ') || 'nothing'}`,
        hint: {
          en: 'never write through a link: give each layer an empty directory, and open with openat2 and RESOLVE_IN_ROOT',
          ja: 'リンク越しに書かないでください。レイヤごとに空のディレクトリを用意し、openat2 の RESOLVE_IN_ROOT で開きます',
        },
      }),
      finding('15.parent', climbed.length === 0, {
        says: { en: 'a name with ../ leads nowhere either', ja: '../ の付いた名前でも、外には書けません' },
        saw: `${made.outside} holds: ${climbed.join(' ') || 'nothing'}`,
        hint: { en: 'refuse names that climb out', ja: '外に出る名前は拒んでください' },
      }),
    ]
  },
}

function make(place: string): void {
  Object.assign(made, { layout: join(place, 'image'), outside: join(place, 'outside') })
  for (const directory of [made.layout, made.outside]) mkdirSync(directory)
  const files = (layer: string, ...names: string[]) => {
    for (const name of names) {
      mkdirSync(dirname(join(place, layer, name)), { recursive: true })
      writeFileSync(join(place, layer, name), layer)
    }
  }
  files('first', 'etc/gone', 'opt/old', 'data/one')
  linkSync(join(place, 'first/data/one'), join(place, 'first/data/two'))
  files('second', 'etc/.wh.gone', 'opt/.wh..wh..opq', 'opt/new')
  symlinkSync(made.outside, join(place, 'second/escape'))
  files('third', 'escape/stolen')
  const [first, second] = ['first', 'second'].map((layer) => tarOf(join(place, layer)))
  // The file alone: a tar need not name the directories of its files.
  const third = execFileSync('tar', ['-C', join(place, 'third'), '-cf', '-', 'escape/stolen'])
  made.layers = [tarOf(), first ?? third, second ?? third, third]
}

/** A tar with one file, whose name leads out of any directory. */
function climbing(directory: string, outside: string): Buffer {
  const up = `s,^index.json,${'../'.repeat(40)}${outside.slice(1)}/climbed,`
  return execFileSync('tar', ['-C', directory, '-P', `--transform=${up}`, '-cf', '-', 'index.json'])
}

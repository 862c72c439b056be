/** Chapter 12: the process has a share of the processor time, and gets no more. */
import { finding, groupOf, readSetting, type Check } from '@mini-docker/verify'

/** `times` tells the processor time of the children in its second line: user and system. */
const BUSY = 'timeout 1 sh -c "while :; do :; done"; times'

export const check: Check = {
  chapter: '12',
  miniDocker: 'run --rm --cpus 0.2 demo',
  async look({ pid, run }) {
    const group = groupOf(pid, 'cpu') ?? ''
    const [quota, period] = limitOf(group)
    const { output } = await run('sh', '-c', BUSY)
    const seconds = Number(/^0m([\d.]+)s 0m[\d.]+s$/m.exec(output.trim().split('\n').at(-1) ?? '')?.[1] ?? NaN)
    return [
      finding('12.limit', quota / period <= 0.5, {
        says: {
          en: 'the process may use at most half a processor',
          ja: 'プロセスが使えるのは、CPU 1 個の半分までです',
        },
        saw: `${group}: ${Number.isNaN(quota) ? 'no limit' : `${quota} of ${period} µs`}`,
        hint: {
          en: 'write "20000 100000" into cpu.max (v2) or 20000 into cpu.cfs_quota_us (v1)',
          ja: 'cpu.max に "20000 100000"（v2）か、cpu.cfs_quota_us に 20000（v1）と書いてください',
        },
      }),
      finding('12.held', seconds <= 0.6, {
        says: {
          en: 'a command that is busy for a second gets less than that',
          ja: '1 秒間休まず働くコマンドが使えた時間は、1 秒より短くなります',
        },
        saw: `${seconds} s of processor time in 1 s`,
      }),
    ]
  },
}

/** Microseconds of processor time in every so many microseconds; NaN without a limit. */
function limitOf(group: string): [quota: number, period: number] {
  const v2 = readSetting(`${group}/cpu.max`)?.split(' ')
  const [quota, period] = v2 ?? [readSetting(`${group}/cpu.cfs_quota_us`), readSetting(`${group}/cpu.cfs_period_us`)]
  return [quota === '-1' ? NaN : Number(quota), Number(period)]
}

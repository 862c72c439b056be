/** Chapter 25: the command is root, with no more of root's power than docker gives, and no execve brings more back. */
import { readFileSync } from 'node:fs'
import { capabilityMask, capabilityNames, DEFAULT_CAPABILITIES, statusMask } from '@mini-docker/security'
import { finding, type Check } from '@mini-docker/verify'

const ALLOWED = capabilityMask(DEFAULT_CAPABILITIES)
/** What every runtime gives, runc's own default of three too. */
const ORDINARY = capabilityMask(['CAP_KILL', 'CAP_NET_BIND_SERVICE'])

export const check: Check = {
  chapter: '25',
  miniDocker: 'run --rm demo',
  async look({ pid, run }) {
    const path = `/proc/${pid}/status`
    const status = readFileSync(path, 'utf8')
    const [bounding, effective] = [statusMask(status, 'CapBnd'), statusMask(status, 'CapEff')]
    const others = statusMask(status, 'CapPrm') | statusMask(status, 'CapInh') | statusMask(status, 'CapAmb')
    const inForce = effective | others
    const mount = await run('mount', '-t', 'tmpfs', 'tmpfs', '/tmp')
    return [
      finding('25.bounding', (bounding & ~ALLOWED) === 0n, {
        says: {
          en: 'the bounding set has none but docker’s 14 capabilities',
          ja: 'バウンディングセットには、docker の 14 個のケーパビリティしかありません',
        },
        saw: `${path}: CapBnd ${shown(bounding)}`,
        hint: {
          en: 'call prctl with PR_CAPBSET_DROP for each number that is not kept',
          ja: '残さない番号のそれぞれについて、prctl を PR_CAPBSET_DROP で呼んでください',
        },
      }),
      finding('25.effective', (inForce & ~ALLOWED) === 0n, {
        says: {
          en: 'none of the other four sets has more than that',
          ja: 'ほかの 4 つのセットにも、それ以外のものはありません',
        },
        saw: `${path}: CapEff ${shown(effective)}`,
        hint: {
          en: 'capset sets effective, permitted and inheritable; execve fills them again from the bounding set',
          ja: 'capset は実効・許可・継承の 3 つを決めます。execve はバウンディングセットからまた補います',
        },
      }),
      finding('25.ordinary', (effective & ORDINARY) === ORDINARY, {
        says: {
          en: 'the ordinary powers of root are still there: to send signals, to use port 80',
          ja: 'シグナルを送る、ポート 80 を使うといった root のふつうの力は残っています',
        },
        saw: `CapEff: ${capabilityNames(effective & ORDINARY).join(', ') || 'neither'}`,
        hint: { en: 'keep the 14, not none', ja: 'すべてを捨てずに、14 個を残してください' },
      }),
      finding('25.mount', mount.exitCode !== 0, {
        says: { en: 'root in the container cannot mount', ja: 'コンテナの root はマウントできません' },
        saw: `mount -t tmpfs tmpfs /tmp → ${mount.output.split('\n')[0] || `it ended with ${mount.exitCode}`}`,
      }),
    ]
  },
}

function shown(mask: bigint): string {
  return mask.toString(16).padStart(16, '0')
}

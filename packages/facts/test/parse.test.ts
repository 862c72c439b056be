/** The texts of the kernel and of nft, taken apart. */
import { describe, expect, test } from 'vitest'
import { overlayOf, parseRuleset, propagationOf, shortNames, sourceOf } from '../src/index.ts'
import { limitNumber } from '../src/cgroup.ts'
import { parseMountinfo } from '../src/mounts.ts'
import { parseStatus } from '../src/status.ts'

const MOUNTINFO = `26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
27 26 0:22 /a\\040b /mnt/with\\040blank\\134slash ro,nosuid master:3 propagate_from:1 - tmpfs tmp\\040fs rw,size=4k
28 26 0:23 / /merged rw - overlay overlay rw,lowerdir=/l/with\\134:colon:/l/2,upperdir=/u,workdir=/w
29 26 0:24 / /new rw unbindable - overlay none rw,lowerdir+=/l/1,lowerdir+=/l/2
`

describe('mountinfo', () => {
  const [root, part, merged, recent] = parseMountinfo(MOUNTINFO)

  test('paths with blanks and backslashes', () => {
    expect(part).toMatchObject({ point: '/mnt/with blank\\slash', root: '/a b', source: 'tmp fs', type: 'tmpfs' })
    expect(sourceOf(part!)).toBe('tmp fs[/a b]')
    expect(sourceOf(root!)).toBe('/dev/vda')
  })

  test('propagation', () => {
    expect([root, part, merged, recent].map((mount) => propagationOf(mount!))).toEqual([
      'shared:1',
      'master:3 propagate_from:1',
      'private',
      'unbindable',
    ])
  })

  test('an overlay is taken apart, in both ways to write it', () => {
    expect(overlayOf(merged!)).toEqual({ lower: ['/l/with:colon', '/l/2'], upper: '/u', work: '/w' })
    expect(overlayOf(recent!)).toEqual({ lower: ['/l/1', '/l/2'] })
    expect(overlayOf(root!)).toBeUndefined()
  })

  test('a line that is cut off is left out', () => {
    expect(parseMountinfo('26 1 254:0 / / rw\n\n27 26')).toEqual([])
  })
})

test('status: capabilities by name, the number in each pid namespace', () => {
  const status = parseStatus(
    'Name:\tsh\nState:\tS (sleeping)\nPPid:\t7\nNSpid:\t99\t1\nUid:\t0\t1\t2\t3\nGroups:\t4 5 \nVmRSS:\t8 kB\n' +
      'CapEff:\t0000000000000003\nCapBnd:\t0000020000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n',
  )
  expect(status).toMatchObject({
    name: 'sh',
    parent: 7,
    pids: [99, 1],
    uids: [0, 1, 2, 3],
    groups: [4, 5],
    residentBytes: 8192,
    noNewPrivileges: true,
    seccomp: { mode: 'filter', filters: 3 },
  })
  expect(status.capabilities.Effective).toEqual(['CAP_CHOWN', 'CAP_DAC_OVERRIDE'])
  expect(shortNames(status.capabilities.Bounding)).toEqual(['41'])
})

test('a ruleset: chains with their hook, rules without counters, elements over several lines', () => {
  const tables = parseRuleset(`table inet mini-docker {
\tset bridges {
\t\ttype ifname
\t\telements = { "br-a",
\t\t\t     "br-b" }
\t}

\tmap ports4 {
\t\ttype inet_proto . inet_service : ipv4_addr . inet_service
\t\telements = { tcp . 8080 : 172.17.0.2 . 80 }
\t}

\tchain leave {
\t\ttype nat hook postrouting priority srcnat; policy accept;
\t\toifname @bridges counter packets 3 bytes 180 masquerade comment "a { b }"
\t}
}
# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip nat {
\tchain DOCKER {
\t\tiifname "docker0" counter packets 0 bytes 0 return
\t}
}
`)
  expect(tables).toEqual([
    {
      family: 'inet',
      name: 'mini-docker',
      sets: [
        { kind: 'set', name: 'bridges', elements: ['br-a', 'br-b'] },
        { kind: 'map', name: 'ports4', elements: ['tcp . 8080 : 172.17.0.2 . 80'] },
      ],
      chains: [
        {
          name: 'leave',
          hook: 'type nat hook postrouting priority srcnat; policy accept;',
          rules: ['oifname @bridges masquerade comment "a { b }"'],
        },
      ],
    },
    { family: 'ip', name: 'nat', sets: [], chains: [{ name: 'DOCKER', rules: ['iifname "docker0" return'] }] },
  ])
})

test.each([
  ['max', undefined],
  ['-1', undefined],
  ['9223372036854771712', undefined],
  [undefined, undefined],
  ['67108864', 67_108_864],
])('the limit %s', (text, expected) => {
  expect(limitNumber(text)).toBe(expected)
})

/** The command `net`, alone: what chapters on veth, bridges, NAT and published ports do, in namespaces that go with the test. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeWith } from '../../../test/harness/requires.ts'

const BIN = join(import.meta.dirname, '../src/bin.ts')
const PEER = join(import.meta.dirname, 'fixtures/peer.ts')

/** Runs a script where `/run/netns` and the network are its own. */
function script(text: string): { stdout: string; stderr: string; status: number | null } {
  const words = `node=${process.execPath}; net() { "$node" ${BIN} "$@"; }; mount -t tmpfs none /run || exit 99\n${text}`
  return spawnSync(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', words],
    {
      encoding: 'utf8',
    },
  )
}

const TWO_BOXES = `
  net link up lo
  net bridge add br0 10.9.0.1/24
  for n in 2 3; do
    net ns add box$n
    net veth add to-box$n eth0 --to box$n --bridge br0 --hairpin
    net link up to-box$n
    net addr add 10.9.0.$n/24 eth0 --in box$n
    net link up eth0 --in box$n
    net route add default eth0 --via 10.9.0.1 --in box$n
  done
  net ns exec box2 "$node" ${PEER} serve box2 80 > /run/ready & box=$!
  until [ -s /run/ready ]; do sleep 0.05; done
`

describeWith(['root', 'ip', 'nft'], 'net', () => {
  test('two boxes on a bridge reach each other; a published port is reached from the host and from a box', () => {
    const { stdout, stderr } = script(`
      ${TWO_BOXES}
      net nat set br0=10.9.0.0/24
      net ports add 8080:10.9.0.2:80
      net ports ls
      net ns exec box3 "$node" ${PEER} ask tcp 10.9.0.2 80; echo
      "$node" ${PEER} ask tcp 127.0.0.1 8080; echo
      net ns exec box3 "$node" ${PEER} ask udp 10.9.0.1 8080; echo
      net ports rm 8080:10.9.0.2:80
      "$node" ${PEER} ask tcp 127.0.0.1 8080; echo
      kill $box
    `)
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual([
      'tcp . 8080 : 10.9.0.2 . 80',
      'box2 sees 10.9.0.3',
      'box2 sees 10.9.0.1',
      'nothing',
      'nothing',
      '',
    ])
  })

  test('lists say what was made, and after all is removed nothing is left', () => {
    const { stdout, stderr } = script(`
      net ns add a; net ns add b; net ns ls
      net bridge add br0 10.9.0.1/24 fd09::1/64; net bridge ls
      net veth add v0 v1 --to a --bridge br0
      net addr add 10.9.0.2/24 v1 --in a; net link up v1 --in a; net route add 10.8.0.0/16 v1 --via 10.9.0.1 --in a
      net addr ls --in a | head -1; net route ls --in a | grep 10.8
      net nat set br0=10.9.0.0/24 --internal; net nat ls
      net nat rm; net link rm v0; net bridge rm br0; net ns rm a; net ns rm b; net ns ls
      nft list ruleset; ip -o link | cut -d: -f2; ls /run/netns
    `)
    expect(stderr).toBe('')
    expect(stdout.split('\n')).toEqual([
      'a',
      'b',
      'br0\tup\tbridge\t02:42:0a:09:00:01',
      'v1\t10.9.0.2/24',
      '10.8.0.0/16\tvia 10.9.0.1\tv1',
      'bridges\tbr0',
      'isolated\tbr0',
      'internal\tbr0',
      'same\tbr0 . br0',
      'subnets4\t10.9.0.0/24',
      ' lo',
      '',
    ])
  })

  test('--explain changes nothing, and what it prints can be typed with the same result', () => {
    const commands = [
      'ns add a',
      'bridge add br0 10.9.0.1/24',
      'veth add v0 v1 --to a --bridge br0 --hairpin',
      'addr add 10.9.0.2/24 v1 --in a',
      'link up v1 --in a',
      'link up v0',
      'route add default v1 --via 10.9.0.1 --in a',
      'nat set br0=10.9.0.0/24',
      'ports add 8080:10.9.0.2:80',
    ]
    const look = 'ip -o link | cut -d" " -f2-9; ip -n a route; ip -n a -o -4 addr; nft list ruleset'
    const made = script([...commands.map((words) => `net ${words}`), look].join('\n'))
    const typed = script([...commands.map((words) => `net ${words} --explain > /run/x; sh -e /run/x`), look].join('\n'))
    expect(made.stderr).toBe('')
    expect(typed.stderr).toBe('')
    expect(typed.stdout).toBe(made.stdout)
    expect(script(`net ns add a --explain > /dev/null; ls /run`).stdout).toBe('')
  })

  test('without the program nft, all but nat and ports works, and they say what is missing', () => {
    const { stdout, stderr, status } = script(`
      for nft in /usr/sbin/nft /usr/local/sbin/nft; do [ ! -e $nft ] || mount --bind /dev/null $nft; done
      net bridge add br0 10.9.0.1/24; net bridge ls
      net nat set br0=10.9.0.0/24
    `)
    expect(stdout).toBe('br0\tup\tbridge\t02:42:0a:09:00:01\n')
    expect(stderr).toContain('net: nft is not installed')
    expect(stderr).toContain('install the package nftables')
    expect(status).toBe(125)
  })

  test.each([
    ['net ns exec a sh -c "exit 7"', 7, ''],
    ['net ns exec a no-such-command', 127, 'no-such-command'],
    ['net ns exec nosuch true', 125, '/run/netns/nosuch'],
    ['net ns add a', 125, 'EEXIST'],
    ['net ns add ../a', 125, 'invalid namespace name "../a"'],
    ['net bridge add sixteen-letters-', 125, 'invalid interface name'],
    ['net addr add 10.9.0.2/33 lo', 125, 'invalid CIDR address: 10.9.0.2/33'],
    ['net addr add 10.9.0.2/24 nosuch', 125, 'ENODEV'],
    ['net ports add 80:80', 125, 'invalid port "80:80"'],
    ['net ports add 80:10.9.0.2:80', 125, 'no such file or directory'],
    ['net nat set br0', 125, 'BRIDGE=SUBNET'],
    ['net frobnicate', 1, 'unknown command'],
  ])('%s ends with %i', (command, status, words) => {
    const result = script(`net ns add a\n${command}`)
    expect(result.stderr).toContain(words)
    expect(result.status).toBe(status)
  })
})

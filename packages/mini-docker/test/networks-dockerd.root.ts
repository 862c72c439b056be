/**
 * Networks and ports with our client and with docker's own, on the same real dockerd: the same command lines, one after the other,
 * say the same and exit alike. dockerd lives in a network namespace of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must, run } from '../../../test/harness/command.ts'
import { Dockerd } from '../../../test/harness/dockerd.ts'
import { BUSYBOX, busyboxArchive } from '../../../test/harness/images.ts'
import { describeWith } from '../../../test/harness/requires.ts'

const MAIN = join(import.meta.dirname, '../src/main.ts')

/** IMG runs until it is removed; `~` stands for a space in a word. */
const LINES = `
network create --subnet 10.99.0.0/16 --ip-range 10.99.5.0/24 --gateway 10.99.0.9 --label a=b -o com.docker.network.bridge.name=md-test one
network create --subnet 10.99.0.0/16 two
network create --subnet 10.98.0.0/16 --internal two
network create two
network create -d nothing three
network create --ipv6 --subnet fd00:99::/64 six
network create --subnet 10.97.0.1 bad
network create --subnet 10.97.0.0/16 --gateway 10.96.0.1 bad
network create bridge
network create a/b
network ls
network ls --filter name=one -q --no-trunc --format {{.Name}}
network ls --filter driver=bridge --filter type=custom --format {{.Name}}:{{.Driver}}:{{.Scope}}:{{.IPv6}}:{{.Internal}}:{{.Labels}}
network ls --filter dangling=true --format {{.Name}}
network ls --filter nonsense=x
network inspect one
network inspect --format {{.Name}}{{range~.IPAM.Config}},{{.Subnet}},{{.Gateway}}{{end}},{{.Internal}},{{json~.Options}} one two none
network inspect none2
network inspect missing one
run -d --name web -p 8080:80 -p 8081-8083:81-83 -p 127.0.0.1:9000:9000/udp -p 127.0.0.1::7 --expose 99 IMG
run -d --name again -p 8080:80 IMG
rm -f again
run -d --name mac --network one --mac-address 02:42:0a:63:07:08 IMG
run -d --name db --network one --ip 10.99.7.7 --network-alias data IMG
run -d --network one --ip 10.55.0.1 IMG
run -d --network nowhere IMG
run -d --network container:web -p 80 IMG
run -d --network host --network-alias x IMG
run -d --network none -p 80:80 --name lonely IMG
run --rm --network container:web --name inside BUSYBOX hostname
run --rm --network one --link db:database BUSYBOX grep -c database /etc/hosts
run --rm --add-host a:1.2.3.4 --add-host b=::7 --dns 9.9.9.9 --dns-search x.y --dns-option ndots:3 BUSYBOX cat /etc/resolv.conf
ps --format {{.Names}}|{{.Ports}}|{{.Networks}}
port web
port web 80
port web 80/udp
port web 9000/udp
port web 7x
port nobody
port db
network connect --alias w --ip 10.99.7.9 one web
network connect one web
network connect --ip 10.99.7.7 two db
network connect missing db
network connect one missing
network connect two db
ps --filter network=one --format {{.Names}}
inspect --type network one --format {{len~.Containers}}
inspect -f {{len~.NetworkSettings.Networks.one.Aliases}}{{.NetworkSettings.Networks.two.IPAddress}} db
inspect one --format {{.Name}}
network rm one
network rm six none missing two
network rm -f missing six2
network prune -f
network disconnect two db
network disconnect two db
network disconnect -f two missing
network disconnect one web
network rm two
rm -f web db lonely
network prune -f
network prune -f --filter until=nonsense
network rm bridge
network ls --format {{.Name}}
stats --no-stream --format {{.NetIO}} nobody
`
  .trim()
  .split('\n')

type Said = { stdout: string; stderr: string; exitCode: number }

describeWith(['root', 'docker', 'dockerd'], 'networks, on a real dockerd', () => {
  let directory = ''
  let dockerd: Dockerd
  const said: Said[][] = []

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'mini-docker-networks-'))
    dockerd = await Dockerd.start(directory, join(directory, 'd.sock'))
    await must(['docker', 'load', '-i', busyboxArchive()], { env: environment() })
    for (const program of [['docker'], [process.execPath, '--', MAIN]]) said.push(await sayAll(program))
  }, 300_000)
  afterAll(async () => {
    await dockerd?.stop('SIGTERM')
    rmSync(directory, { recursive: true, force: true })
  })

  const environment = () => ({ DOCKER_HOST: `unix://${dockerd.socket}`, DOCKER_CONFIG: directory })

  async function sayAll(program: readonly string[]): Promise<Said[]> {
    const all: Said[] = []
    for (const line of LINES) {
      const words = line
        .replace('BUSYBOX', BUSYBOX)
        .replace('IMG', `${BUSYBOX} sleep 1000`)
        .split(' ')
        .map((word) => word.replaceAll('~', ' '))
      const { stdout, stderr, exitCode } = await run([...program, ...words], { env: environment() })
      all.push({ stdout: settled(stdout), stderr: settled(stderr).replaceAll('mini-docker', 'docker'), exitCode })
    }
    const ids = (await must(['docker', 'ps', '-aq'], { env: environment() })).trim().split('\n')
    if (ids[0] !== '') await must(['docker', 'rm', '-f', ...ids], { env: environment() })
    await must(['docker', 'network', 'prune', '-f'], { env: environment() })
    return all
  }

  test.each(LINES.map((line, index) => [line, index] as const))(
    'docker’s client and ours say alike: %s',
    (_, index) => {
      expect(said[1]?.[index]).toEqual(said[0]?.[index])
    },
  )

  test('the script got somewhere: most lines succeed, and ports were published', () => {
    expect(said[0]?.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(LINES.length / 2)
    expect(said[0]?.[LINES.indexOf('port web 80')]?.stdout).toContain('0.0.0.0:8080')
  })
})

/** Without what differs from one time to the next: IDs, addresses the daemon chose, times, ephemeral ports. */
function settled(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'SHORT')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/127\.0\.0\.1:(?:3[2-9]|4\d|5\d|6\d)\d{3}/g, '127.0.0.1:EPHEMERAL')
}

/** The daemon with real containers: what it starts, what survives it, and what a new one finds. */
import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cgroupsOf, isAlive, KillableDaemon, parentOf, processesOf } from './support/killable.ts'

let docker: KillableDaemon
beforeAll(async () => {
  docker = await KillableDaemon.start()
})
afterAll(() => docker[Symbol.asyncDispose]())

async function started(body: object, name = ''): Promise<string> {
  const id = await docker.create(body, name)
  const { status, text } = await docker.request('POST', `/containers/${id}/start`)
  if (status !== 204) throw new Error(text)
  return id
}

async function remove(...ids: string[]): Promise<void> {
  for (const id of ids) await docker.request('DELETE', `/containers/${id}?force=1&v=1`)
}

describe('a container', () => {
  test('is made of the image demo, which is made when it is first asked for', async () => {
    expect((await docker.request('GET', '/images/json')).json).toEqual([])
    expect(await docker.run({ Cmd: ['sh', '-c', 'echo hello; echo oops >&2; exit 3'] })).toEqual({
      code: 3,
      1: 'hello\n',
      2: 'oops\n',
    })
    expect((await docker.request('GET', '/images/json')).json).toMatchObject([{ RepoTags: ['demo:latest'] }])
  })
  test('gives every byte of a short output to who attached before the start', async () => {
    for (let round = 0; round < 20; round++)
      expect((await docker.run({ Cmd: ['echo', String(round)] }))[1]).toBe(`${round}\n`)
  })
  test('is number 1 in its own namespaces, with docker’s environment', async () => {
    const { 1: output } = await docker.run({
      Cmd: ['sh', '-c', 'echo $$; echo $HOME $PATH; cat /etc/hostname; readlink /proc/self/ns/net'],
      Hostname: 'here',
      Env: ['PATH=/usr/bin:/bin'],
    })
    const [pid, environment, hostname, net] = output.split('\n')
    expect([pid, environment, hostname]).toEqual(['1', '/root /usr/bin:/bin', 'here'])
    expect(net).not.toBe(fs.readlinkSync('/proc/self/ns/net'))
  })
  test('that cannot be started leaves nothing', async () => {
    for (const [body, words] of [
      [{ Cmd: ['nosuchcmd'] }, 'exec: "nosuchcmd": executable file not found in $PATH'],
      [{ Cmd: ['/etc/passwd'] }, 'exec: "/etc/passwd": permission denied'],
      [{ Cmd: ['true'], User: 'nobody-here' }, 'unable to find user nobody-here: no matching entries in passwd file'],
    ] as const) {
      const id = await docker.create(body)
      const answer = await docker.request('POST', `/containers/${id}/start`)
      expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining(words)])
      expect([cgroupsOf(id), docker.leftovers().journal]).toEqual([[], []])
      await remove(id)
    }
  })
  test('frozen does nothing, gets its stop signal all the same, and thaws', async () => {
    const id = await started({ Cmd: ['sh', '-c', 'trap "exit 9" TERM; while :; do sleep 0.05; done'] })
    await sleep(100)
    expect((await docker.request('POST', `/containers/${id}/pause`)).status).toBe(204)
    expect((await docker.state(id)).Status).toBe('paused')
    expect((await docker.request('POST', `/containers/${id}/pause`)).status).toBe(409)
    expect((await docker.request('POST', `/containers/${id}/stop?t=5`)).status).toBe(204)
    expect(await docker.state(id)).toMatchObject({ Status: 'exited', ExitCode: 9 })
    await remove(id)
  })
  test('is seen by top, stats and changes', async () => {
    const id = await started({ Cmd: ['sh', '-c', 'echo x > /root/made; sleep 60'] })
    await sleep(200)
    const { Titles, Processes } = (await docker.request('GET', `/containers/${id}/top?ps_args=-o+pid,args`)).json as {
      Titles: string[]
      Processes: string[][]
    }
    expect(Titles).toEqual(['PID', 'COMMAND'])
    expect(Processes.map(([, command]) => command)).toContain('sleep 60')
    const stats = (await docker.request('GET', `/containers/${id}/stats?stream=0&one-shot=1`)).json
    expect(stats).toMatchObject({ pids_stats: { current: 2 }, cpu_stats: { online_cpus: expect.any(Number) } })
    expect(stats.memory_stats.usage).toBeGreaterThan(0)
    const changes = (await docker.request('GET', `/containers/${id}/changes`)).json
    expect(changes).toEqual([
      { Path: '/root', Kind: 0 },
      { Path: '/root/made', Kind: 1 },
    ])
    await remove(id)
  })
  test('takes commands, in its namespaces and its cgroup', async () => {
    const id = await started({ Cmd: ['sleep', '60'] })
    const exec = (
      await docker.request('POST', `/containers/${id}/exec`, {
        Cmd: ['sh', '-c', 'id -u; pwd; readlink /proc/self/ns/pid /proc/1/ns/pid; cat'],
        User: '7',
        WorkingDir: '/tmp',
        AttachStdin: true,
        AttachStdout: true,
      })
    ).json.Id as string
    const attached = await docker.hijack(`/exec/${exec}/start`, '{}')
    attached.socket.end('in\n')
    await attached.ended
    const [uid, cwd] = attached.frames[1].split('\n')
    expect([uid, cwd]).toEqual(['7', '/tmp'])
    expect(attached.frames[1]).toContain('in\n')
    expect((await docker.request('GET', `/exec/${exec}/json`)).json).toMatchObject({ Running: false, ExitCode: 0 })
    await remove(id)
  })
  test('with a volume gets what the image has there, once', async () => {
    const mounts = { HostConfig: { Binds: ['filled:/etc'] } }
    expect((await docker.run({ ...mounts, Cmd: ['sh', '-c', 'test -s /etc/passwd && rm /etc/passwd'] })).code).toBe(0)
    expect((await docker.run({ ...mounts, Cmd: ['sh', '-c', 'test -e /etc/passwd'] })).code).toBe(1)
    expect((await docker.request('DELETE', '/volumes/filled')).status).toBe(204)
  })
})

describe('fifty at once', () => {
  test('start, end and leave nothing', async () => {
    const codes = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => (await docker.run({ Cmd: ['sh', '-c', `exit ${index}`] })).code),
    )
    expect(codes).toEqual(Array.from({ length: 50 }, (_, index) => index))
    expect(docker.leftovers()).toEqual({ journal: [], containers: [] })
  })
})

describe('extensions', () => {
  test('a plan is steps, and makes nothing', async () => {
    const { json } = await docker.request('POST', '/x/containers/plan?name=planned', {
      Image: 'demo',
      Cmd: ['true'],
      HostConfig: { Memory: 64 << 20 },
    })
    const ids = (json.steps as { id: string }[]).map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['rootfs.overlay', 'process.exec']))
    expect(docker.leftovers()).toEqual({ journal: [], containers: [] })
  })
  test('a trace tells the next start, call by call, to its end', async () => {
    const id = await docker.create({ Cmd: ['sh', '-c', 'exit 4'] })
    const trace = docker.request('GET', `/x/containers/${id}/trace`)
    await sleep(50)
    await docker.request('POST', `/containers/${id}/start`)
    const events = (await trace).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; name?: string; text?: string; exitCode?: number })
    expect(events.some(({ type }) => type === 'step')).toBe(true)
    expect(events.some(({ type, text }) => type === 'call' && text?.startsWith('mount("proc", ') === true)).toBe(true)
    // What the daemon does meanwhile, such as writing files, is told too.
    expect(events.find(({ type }) => type === 'exec')).toMatchObject({
      type: 'exec',
      step: 'process.exec',
      text: expect.stringMatching(/^execve(at)?\(.*"sh", "-c", "exit 4"/),
    })
    expect(events.at(-1)).toEqual({ type: 'exit', exitCode: 4 })
    await remove(id)
  })
})

describe('a daemon that ends', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'by %s: its containers run on, and the next daemon has them',
    async (signal) => {
      const id = await started({ Cmd: ['sh', '-c', 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done'] })
      const before = await docker.state(id)
      await docker.end(signal)
      await sleep(300)
      expect(isAlive(before.Pid)).toBe(true)
      await docker.boot()
      expect(await docker.state(id)).toMatchObject({ Status: 'running', Pid: before.Pid, StartedAt: before.StartedAt })
      await docker.request('POST', `/containers/${id}/stop?t=0`)
      expect(await docker.state(id)).toMatchObject({ Status: 'exited', ExitCode: 137 })
      const { text } = await docker.request('GET', `/containers/${id}/logs?stdout=1`)
      const numbers = text
        .split('\n')
        .slice(0, -1)
        .map((line) => Number(line.slice(8)))
      expect(numbers).toEqual(numbers.map((_, index) => index))
      expect(numbers.length).toBeGreaterThan(5)
      expect([cgroupsOf(id), docker.leftovers().journal]).toEqual([[], []])
      await remove(id)
    },
  )
  test('is not missed by a container that ends meanwhile: exit code and time are found', async () => {
    const id = await started({ Cmd: ['sh', '-c', 'sleep 0.3; exit 7'] })
    const rm = await started({ Cmd: ['sleep', '0.3'], HostConfig: { AutoRemove: true } })
    await docker.end('SIGKILL')
    await sleep(700)
    await docker.boot()
    expect(await docker.state(id)).toMatchObject({ Status: 'exited', ExitCode: 7, Pid: 0 })
    expect((await docker.request('GET', `/containers/${rm}/json`)).status).toBe(404)
    expect([cgroupsOf(id), cgroupsOf(rm), docker.leftovers().journal]).toEqual([[], [], []])
    await remove(id)
  })
  test('together with a monitor: the container is over, and nothing of it lives', async () => {
    const id = await started({ Cmd: ['sh', '-c', 'sleep 600 & sleep 600'] })
    await sleep(100)
    const pids = processesOf(id)
    expect(pids.length).toBeGreaterThan(1)
    const monitor = parentOf((await docker.state(id)).Pid)
    await docker.end('SIGKILL')
    process.kill(monitor, 'SIGKILL')
    await docker.boot()
    expect(await docker.state(id)).toMatchObject({ Status: 'exited', ExitCode: 137 })
    expect([pids.filter(isAlive), cgroupsOf(id), docker.leftovers().journal]).toEqual([[], [], []])
    await remove(id)
  })
  test('a monitor that is killed under a living daemon is noticed', async () => {
    const id = await started({ Cmd: ['sleep', '600'] })
    const code = docker.exitCode(id)
    process.kill(parentOf((await docker.state(id)).Pid), 'SIGKILL')
    expect(await code).toBe(137)
    expect(cgroupsOf(id)).toEqual([])
    await remove(id)
  })
  test('a policy starts a container again with the next daemon', async () => {
    const id = await started({ Cmd: ['sleep', '600'], HostConfig: { RestartPolicy: { Name: 'always' } } })
    const { Pid } = await docker.state(id)
    const monitor = parentOf(Pid)
    await docker.end('SIGKILL')
    process.kill(monitor, 'SIGKILL')
    await docker.boot()
    await expect.poll(() => docker.state(id), { timeout: 5000 }).toMatchObject({ Status: 'running' })
    await remove(id)
  })
  test('in the middle of create or start: what is half made is taken away', async () => {
    const half = path.join(docker.dir, 'root/containers', 'f'.repeat(64))
    fs.mkdirSync(path.join(half, 'upper'), { recursive: true })
    const stray = 'e'.repeat(64)
    fs.writeFileSync(path.join(docker.dir, 'run/journal', `${stray}.json`), '{"half')
    fs.writeFileSync(path.join(docker.dir, 'run/journal', `${stray}.json.tmp-1-1`), '')
    const removed = (await docker.request('POST', '/x/gc')).json.Removed as { kind: string; name: string }[]
    expect(removed).toEqual([
      { kind: 'journal entry', name: stray },
      { kind: 'container folder', name: 'f'.repeat(64) },
    ])
    expect(docker.leftovers()).toEqual({ journal: [], containers: [] })
  })
  test('a config.json that cannot be read costs that container only', async () => {
    const id = await docker.create({ Cmd: ['true'] })
    const other = await docker.create({ Cmd: ['true'] })
    await docker.end('SIGTERM')
    const file = path.join(docker.dir, 'root/containers', id, 'config.json')
    const good = fs.readFileSync(file)
    fs.writeFileSync(file, good.subarray(0, 100))
    await docker.boot()
    expect((await docker.request('GET', '/containers/json?all=1')).json).toMatchObject([{ Id: other }])
    expect(docker.errors).toContain(`container in ${path.dirname(file)} is skipped`)
    fs.rmSync(path.dirname(file), { recursive: true })
    await remove(other)
  })
  test('files of the wrong shape, or none at all, keep no daemon from starting', async () => {
    const ids: string[] = []
    for (let index = 0; index < 4; index++) ids.push(await started({ Cmd: ['sh', '-c', 'exit 4'] }))
    for (const id of ids) await expect.poll(async () => (await docker.state(id)).Status).toBe('exited')
    await docker.end('SIGTERM')
    const file = (index: number, name: string) => path.join(docker.dir, 'root/containers', ids[index] ?? '', name)
    fs.writeFileSync(file(0, 'config.json'), JSON.stringify({ id: ids[0], name: 'x', hostConfig: null }))
    fs.writeFileSync(file(1, 'state.json'), 'null')
    fs.writeFileSync(file(2, 'state.json'), '{"status":"flying","pid":"x","startedAt":5}')
    fs.writeFileSync(file(3, 'state.json'), '{"status":"running","pid":999999}')
    fs.writeFileSync(file(3, 'exit'), '{"cut')
    const journal = path.join(docker.dir, 'run/journal', `${'b'.repeat(64)}.json`)
    fs.writeFileSync(journal, '{"undo":"x","id":5}')
    await docker.boot()
    expect((await docker.request('GET', '/containers/json?all=1')).json).toHaveLength(3)
    expect(fs.existsSync(journal)).toBe(false)
    expect(await docker.state(ids[3] ?? '')).toMatchObject({ Status: 'exited', ExitCode: 137 })
    await remove(...ids.slice(1))
    fs.rmSync(path.dirname(file(0, 'config.json')), { recursive: true })
  })
  test('one data root has one daemon', async () => {
    const second = new KillableDaemon()
    fs.rmSync(second.dir, { recursive: true })
    fs.symlinkSync(docker.dir, second.dir)
    await expect(second.boot()).rejects.toThrow(`another daemon (pid ${docker.pid}) already holds`)
    fs.rmSync(second.dir)
  })
})

const client = '/usr/local/bin/docker'
describe.skipIf(!fs.existsSync(client))('the real docker client', () => {
  const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      const child = execFile(
        client,
        args,
        { env: { DOCKER_HOST: docker.host, PATH: '/usr/bin:/bin', HOME: docker.dir }, timeout: 20_000 },
        (error, out, err) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 255), out, err })
        },
      )
      child.stdin?.end('typed\n')
    })

  test('runs, and ends as the container does', async () => {
    expect(await run('run', '--rm', 'demo', 'sh', '-c', 'echo out; echo err >&2; exit 5')).toEqual({
      code: 5,
      out: 'out\n',
      err: 'err\n',
    })
    expect(await run('run', '--rm', '-i', 'demo', 'cat')).toMatchObject({ code: 0, out: 'typed\n' })
    expect((await run('run', '--rm', 'demo', 'nosuchcmd')).code).toBe(127)
    expect((await run('run', '--rm', 'demo', '/etc/passwd')).code).toBe(126)
    expect((await run('run', '--rm', 'nosuchimage', 'true')).code).toBe(125)
  })
  test('lives with a container from run -d to rm', async () => {
    const { out: id } = await run('run', '-d', '--name', 'live', 'demo', 'sh', '-c', 'echo begun; sleep 60')
    expect(id).toMatch(/^[0-9a-f]{64}\n$/)
    expect((await run('ps', '--format', '{{.Names}} {{.Image}} {{.State}}')).out).toBe('live demo running\n')
    await expect.poll(async () => (await run('logs', 'live')).out).toBe('begun\n')
    expect((await run('exec', 'live', 'echo', 'hi')).out).toBe('hi\n')
    expect((await run('inspect', '-f', '{{.State.Running}} {{.Name}}', 'live')).out).toBe('true /live\n')
    expect((await run('stop', '-t', '0', 'live')).out).toBe('live\n')
    expect((await run('wait', 'live')).out).toBe('137\n')
    expect((await run('rm', 'live')).out).toBe('live\n')
  })
  test('saves and loads what it saved', async () => {
    const file = path.join(docker.dir, 'demo.tar')
    expect((await run('save', 'demo', '-o', file)).code).toBe(0)
    expect((await run('rmi', 'demo')).code).toBe(0)
    expect((await run('load', '-i', file)).out).toBe('Loaded image: demo:latest\n')
    expect((await run('images', '--format', '{{.Repository}}:{{.Tag}}')).out).toBe('demo:latest\n')
  })
})

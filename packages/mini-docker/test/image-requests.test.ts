/** What the image commands ask of a daemon, beside what docker 28's client was recorded to ask with the same words, login and API 1.50. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand, type Command } from '../src/cli/command.ts'
import type { Terminal } from '../src/cli/terminal.ts'

const directory = mkdtempSync(join(tmpdir(), 'mini-docker-requests-'))
const socket = join(directory, 'd.sock')
let asked: string[] = []

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const auth = request.headers['x-registry-auth']
    if (request.method !== 'HEAD') {
      const body = Buffer.concat(chunks).toString()
      const shown = auth === undefined ? body : Buffer.from(String(auth), 'base64url').toString()
      asked.push(`${request.method} ${(request.url ?? '').replace(/^\/v1\.\d+/, '')} ${shown}`.trimEnd())
    }
    response.setHeader('Api-Version', '1.50')
    if (request.url?.includes('/auth') === true) response.end('{"Status":"Login Succeeded","IdentityToken":"secret"}')
    else if (request.url?.includes('/search') === true || request.method === 'DELETE') response.end('[]')
    else response.end(request.url?.includes('history') === true ? '[]' : '')
  })
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const auths = {
    '127.0.0.1:5001': { auth: Buffer.from('u:p').toString('base64') },
    'https://index.docker.io/v1/': { auth: Buffer.from('hubu:hubp').toString('base64') },
  }
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths }))
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(directory, { recursive: true })
})

const OWN = '{"username":"u","password":"p","serveraddress":"127.0.0.1:5001"}'
const HUB = '{"username":"hubu","password":"hubp","serveraddress":"https://index.docker.io/v1/"}'
const AMD64 = '%7B%22architecture%22%3A%22amd64%22%2C%22os%22%3A%22linux%22%7D'
const ARM64 = '%7B%22architecture%22%3A%22arm64%22%2C%22os%22%3A%22linux%22%7D'

test.each([
  ['pull busybox', `POST /images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=latest ${HUB}`],
  ['pull -a busybox', `POST /images/create?fromImage=docker.io%2Flibrary%2Fbusybox ${HUB}`],
  [
    'pull index.docker.io/library/busybox:1',
    `POST /images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=1 ${HUB}`,
  ],
  [
    'pull --platform linux/arm/v7 127.0.0.1:5001/x/y',
    `POST /images/create?fromImage=127.0.0.1%3A5001%2Fx%2Fy&platform=linux%2Farm%2Fv7&tag=latest ${OWN}`,
  ],
  ['pull localhost:9/x', 'POST /images/create?fromImage=localhost%3A9%2Fx&tag=latest {}'],
  ['push 127.0.0.1:5001/x/y', `POST /images/127.0.0.1:5001/x/y/push?tag=latest ${OWN}`],
  ['push -a 127.0.0.1:5001/x/y', `POST /images/127.0.0.1:5001/x/y/push ${OWN}`],
  [
    'push --platform linux/amd64 127.0.0.1:5001/x/y:1',
    `POST /images/127.0.0.1:5001/x/y/push?platform=${AMD64}&tag=1 ${OWN}`,
  ],
  [
    'search --limit 5 --filter is-official=true --filter stars=3 busy',
    `GET /images/search?filters=%7B%22is-official%22%3A%7B%22true%22%3Atrue%7D%2C%22stars%22%3A%7B%223%22%3Atrue%7D%7D&limit=5&term=busy ${HUB}`,
  ],
  ['search --limit 0 busy', `GET /images/search?term=busy ${HUB}`],
  ['search 127.0.0.1:5001/x/busy', `GET /images/search?term=127.0.0.1%3A5001%2Fx%2Fbusy ${OWN}`],
  ['rmi --platform linux/amd64 --platform linux/arm64 x', `DELETE /images/x?platforms=${AMD64}&platforms=${ARM64}`],
  ['save --platform linux/amd64 x', `GET /images/get?names=x&platform=${AMD64}`],
  ['history --platform linux/amd64 x', `GET /images/x/history?platform=${AMD64}`],
  [
    'import --platform linux/amd64 http://example.com/x.tar foo:1',
    'POST /images/create?fromSrc=http%3A%2F%2Fexample.com%2Fx.tar&platform=linux%2Famd64&repo=foo%3A1',
  ],
  ['login -u u -p p 127.0.0.1:5001', `POST /auth ${OWN}`],
  ['login -u u -p p http://127.0.0.1:5001/v1/', `POST /auth ${OWN}`],
])('%s asks as docker does', async (line, request) => {
  const [name = '', ...argv] = line.split(' ')
  const { command } = (await import(`../src/commands/${name}.ts`)) as { command: Command }
  asked = []
  await runCommand(command, argv, terminal())
  expect(asked).toEqual([request])
})

test('a token that the registry gives for a password is kept, and sent, in its place', async () => {
  const [{ command: login }, { command: pull }] = await Promise.all([
    import('../src/commands/login.ts'),
    import('../src/commands/pull.ts'),
  ])
  await runCommand(login, ['-u', 'somebody', '-p', 'word', 'tokens.example'], terminal())
  asked = []
  await runCommand(pull, ['-q', 'tokens.example/x'], terminal())
  expect(asked[0]).toMatch(/ \{"username":"somebody","identitytoken":"secret","serveraddress":"tokens\.example"\}$/)
})

function terminal(): Terminal {
  return {
    out() {},
    err() {},
    write() {},
    stdin: () => process.stdin,
    isTty: () => false,
    size: () => undefined,
    env: { MINI_DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: directory },
    on: () => () => {},
  }
}

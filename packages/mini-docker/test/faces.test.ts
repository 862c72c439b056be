import { messages, parseReference, planPull } from '@mini-docker/image'
import { describe, expect, test } from 'vitest'
import type { Step } from '@mini-docker/syscall'
import { run } from '../../../test/harness/command.ts'
import { explainSteps, languageOf } from '../src/faces/explain.ts'
import { RequestFormatter, type RequestEvent } from '../src/faces/trace-request.ts'
import { wrap } from '../src/format/wrap.ts'
import { reviveSteps } from '../src/faces/steps-json.ts'
import { TraceFormatter } from '../src/faces/trace.ts'

const STEPS: Step[] = [
  {
    id: 'a.one',
    stage: 'rootfs',
    where: 'host',
    calls: [{ name: 'mkdirat', args: [-100, '/x', 0o755] }],
    shell: ['mkdir /x', 'cd /x'],
    man: ['mkdir(2)'],
  },
  { id: 'b.two', stage: 'process', where: 'container', calls: [], shell: ['exec sh'], man: [] },
]
const WORDS = {
  'a.one': { en: { title: 'Make a place', why: 'Because.' }, ja: { title: '場所を作ります', why: '理由です。' } },
}

describe('explain', () => {
  test('a script with titles, reasons, manual pages; a step without words shows its id', () => {
    expect(explainSteps(STEPS, WORDS, 'en')).toBe(
      '# 2 steps, 1 system calls. Nothing has been run.\n\n# 1. Make a place  (on the host)\n#    Because.\n#    read: mkdir(2)\nmkdir /x\ncd /x\n\n# 2. b.two  (in the container)\nexec sh\n',
    )
  })

  test('a family of steps shares its words, told apart by name', () => {
    const words = {
      'mount.*': { en: { title: 'Mount what was asked for', why: 'It was.' }, ja: { title: '', why: '' } },
    }
    const step: Step = {
      ...STEPS[0],
      id: 'mount./x',
      stage: 'rootfs',
      where: 'container',
      calls: [],
      shell: [],
      man: [],
    }
    expect(explainSteps([step], words, 'en')).toContain(
      '# 1. Mount what was asked for: /x  (in the container)\n#    It was.',
    )
  })

  test('speaks the locale’s language', () => {
    expect(explainSteps(STEPS, WORDS, 'ja')).toContain('# 1. 場所を作ります  (ホストで)\n#    理由です。')
    expect([
      languageOf({ LANG: 'ja_JP.UTF-8' }),
      languageOf({ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }),
      languageOf({}),
    ]).toEqual(['ja', 'en', 'en'])
  })

  test('wraps at spaces, and Japanese anywhere but before punctuation', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc'])
    expect(wrap('あいうえ。お', 8)).toEqual(['あいう', 'え。お'])
  })

  test('bytes and big integers of the plan come back from JSON', () => {
    const [step] = reviveSteps(
      '{"steps":[{"id":"x","calls":[{"name":"write","args":[{"base64":"AAE="},{"bigint":"18446744073709551615"}]}]}]}',
    )
    expect(step?.calls[0]?.args).toEqual([Buffer.from([0, 1]), 2n ** 64n - 1n])
  })
})

describe('explain of a pull', () => {
  const steps = [
    {
      ...STEPS[0]!,
      calls: [],
      requests: [{ method: 'GET', url: 'https://reg/v2/', why: { en: 'is it there?', ja: 'あるか見ます' } }],
    },
  ]

  test('the requests of a step stand between its reason and its commands', () => {
    expect(explainSteps(steps, WORDS, 'en')).toBe(
      '# 1 steps. Nothing has been asked or fetched.\n\n# 1. Make a place  (on the host)\n#    Because.\n#    GET https://reg/v2/\n#      is it there?\n#    read: mkdir(2)\nmkdir /x\ncd /x\n',
    )
    expect(explainSteps(steps, WORDS, 'ja')).toContain('#    GET https://reg/v2/\n#      あるか見ます\n')
  })
})

test('what is printed of a pull is a script, in both languages', async () => {
  const planned = planPull({
    reference: parseReference('alpine'),
    endpoints: ['https://registry-1.docker.io'],
    platform: { os: 'linux', architecture: 'amd64' },
  })
  for (const language of ['en', 'ja'] as const) {
    const input = explainSteps(planned, messages, language)
    expect(await run(['sh', '-n'], { input })).toMatchObject({ exitCode: 0, stderr: '' })
    const commands = input.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(commands).toEqual(
      planned
        .flatMap(({ shell }) => shell)
        .join('\n')
        .split('\n')
        .filter((line) => !line.startsWith('#')),
    )
  }
})

describe('trace of requests', () => {
  const event: RequestEvent = {
    id: 'image.manifest',
    method: 'HEAD',
    url: 'https://reg/v2/x/manifests/1',
    status: 200,
    bytes: 0,
    bytesSent: 0,
    startNs: '5000000000',
    durationNs: '51302000',
  }

  test('a line per request, in the columns of system calls; what began earlier is not before the start', () => {
    const formatter = new RequestFormatter()
    expect(formatter.line(event)).toBe(
      '0.000000 host      image.manifest           HEAD https://reg/v2/x/manifests/1 = 200 0 bytes <0.051302>',
    )
    const put = { ...event, method: 'PUT', bytesSent: 7, startNs: '5100000000', note: 'redirected' }
    expect(formatter.line(put)).toMatch(/^0\.100000 .* = 200 0 bytes \(7 sent\) <0\.051302> \(redirected\)$/)
    expect(formatter.line({ ...event, startNs: '4000000000' })).toMatch(/^0\.000000 /)
  })

  test('without an answer the error is told', () => {
    const { status: _, ...unanswered } = event
    expect(new RequestFormatter().line({ ...unanswered, error: 'connection refused' })).toMatch(
      / = -1 <0\.051302> \(connection refused\)$/,
    )
  })
})

describe('trace', () => {
  test('a line per call, with time, place, result and duration', () => {
    const formatter = new TraceFormatter()
    expect(formatter.line({ type: 'step', id: 'a', where: 'host', startNs: '1000000000' })).toBeUndefined()
    const at = { step: 'rootfs.overlay', where: 'container', startNs: '1002315000', durationNs: 41_000 }
    expect(formatter.line({ type: 'call', ...at, text: 'mount("overlay")', result: 0 })).toBe(
      '0.002315 container rootfs.overlay           mount("overlay") = 0 <0.000041>',
    )
    expect(
      formatter.line({ type: 'call', ...at, text: 'chdir("/x")', result: -2, error: 'ENOENT', failed: true }),
    ).toMatch(/= -1 ENOENT <0\.000041> \(the program stops here\)$/)
    const started = { step: 'process.exec', where: 'container', text: 'execve("/bin/sh")', pid: 7 }
    expect(formatter.line({ type: 'exec', ...started, startNs: '1003000000' })).toBe(
      '0.003000 container process.exec             execve("/bin/sh") = 0\n+++ the container\'s process is 7 on the host +++',
    )
    expect([formatter.line({ type: 'exit' }), formatter.line({ type: 'exit', exitCode: 3 })]).toEqual([
      undefined,
      '+++ exited with 3 +++',
    ])
  })
})

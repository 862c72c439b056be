import { UserError } from '@mini-docker/syscall'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyChanges } from '../../src/media/changes.ts'
import { expandWord, splitWords } from '../../src/media/words.ts'

describe('applyChanges', () => {
  test.each<[string[], object]>([
    [['CMD ["sh", "-c", "echo $A"]'], { Cmd: ['sh', '-c', 'echo $A'] }],
    [['cmd echo "a b" $HOME'], { Cmd: ['/bin/sh', '-c', 'echo "a b" $HOME'] }],
    [['CMD [not json'], { Cmd: ['/bin/sh', '-c', '[not json'] }],
    [['ENTRYPOINT ["/init"]', 'CMD []'], { Entrypoint: ['/init'], Cmd: [] }],
    [['ENV A=1 B="2 3" C=4\\ 5'], { Env: ['A=1', 'B=2 3', 'C=4 5'] }],
    [['ENV A one two'], { Env: ['A=one two'] }],
    [['ENV A=1', 'ENV B=$A-${A}${X:-d}${A:+s}', 'ENV A=2'], { Env: ['B=1-1ds', 'A=2'] }],
    [["ENV A='$B' C=\\$D"], { Env: ['A=$B', 'C=$D'] }],
    [['ENV A='], { Env: ['A='] }],
    [['EXPOSE 80 53/udp 8000-8002'], { ExposedPorts: port('80/tcp', '53/udp', '8000/tcp', '8001/tcp', '8002/tcp') }],
    [['LABEL a=b "c d"="e f"', 'LABEL a=z'], { Labels: { a: 'z', 'c d': 'e f' } }],
    [['USER 1000:1000'], { User: '1000:1000' }],
    [['VOLUME /data "/with blank"', 'VOLUME ["/json"]'], { Volumes: port('/data', '/with blank', '/json') }],
    [['WORKDIR /a', 'WORKDIR b/../c'], { WorkingDir: '/a/c' }],
    [['WORKDIR rel'], { WorkingDir: '/rel' }],
    [['STOPSIGNAL SIGQUIT'], { StopSignal: 'SIGQUIT' }],
    [['STOPSIGNAL 9'], { StopSignal: '9' }],
    [['ONBUILD RUN make'], { OnBuild: ['RUN make'] }],
    [['HEALTHCHECK NONE'], { Healthcheck: { Test: ['NONE'] } }],
    [
      ['HEALTHCHECK --interval=1m30s --retries=3 CMD ["true"]'],
      { Healthcheck: { Test: ['CMD', 'true'], Interval: 90e9, Retries: 3 } },
    ],
    [['HEALTHCHECK --timeout=500ms CMD curl x'], { Healthcheck: { Test: ['CMD-SHELL', 'curl x'], Timeout: 5e8 } }],
  ])('%j gives %j', (changes, config) => {
    expect(applyChanges({}, changes)).toEqual(config)
  })

  test.each([
    ['RUN true', 'RUN is not a valid change command'],
    ['FROM x', 'FROM is not a valid change command'],
    ['', '"" is not a valid change command'],
    ['CMD', 'CMD requires at least one argument'],
    ['ENV A', 'ENV must have two arguments: A'],
    ['ENV =1', 'ENV "=1" should look like name=value'],
    ['ENV A="x', 'is not closed'],
    ['ENV A=${B', 'is not closed'],
    ['ENV A=${B%x}', 'is not supported'],
    ['EXPOSE 0', 'invalid containerPort: 0'],
    ['EXPOSE 70000', 'invalid containerPort: 70000'],
    ['EXPOSE 90-80', 'invalid containerPort: 90-80'],
    ['EXPOSE 80/icmp', 'invalid containerPort: 80/icmp'],
    ['STOPSIGNAL SIGNOPE', 'invalid signal: SIGNOPE'],
    ['USER a b', 'USER requires exactly one argument'],
    ['VOLUME [""]', 'VOLUME specified can not be an empty string'],
    ['ONBUILD FROM x', "FROM isn't allowed as an ONBUILD trigger"],
    ['HEALTHCHECK true', 'unknown type "TRUE" in HEALTHCHECK (try CMD)'],
    ['HEALTHCHECK CMD', 'missing command after HEALTHCHECK CMD'],
    ['HEALTHCHECK --interval=1x CMD true', '--interval=1x is no duration'],
    ['HEALTHCHECK --often=1s CMD true', '--often=1s is unknown'],
  ])('%j is refused: %s', (change, message) => {
    expect(() => applyChanges({}, [change])).toThrow(message)
  })

  test('leaves the config it was given as it is', () => {
    const config = { Env: ['A=1'], Labels: { a: 'b' } }
    expect(applyChanges(config, ['ENV A=2', 'LABEL c=d'])).toEqual({ Env: ['A=2'], Labels: { a: 'b', c: 'd' } })
    expect(config).toEqual({ Env: ['A=1'], Labels: { a: 'b' } })
  })

  test('any text is a change or a UserError', () => {
    const lines = fc.tuple(
      fc.constantFrom('ENV', 'LABEL', 'EXPOSE', 'VOLUME', 'CMD', 'USER', 'HEALTHCHECK', 'WORKDIR'),
      fc.string({ unit: fc.constantFrom(...'aA1 =$"\'\\{}[]:-/%,'.split('')) }),
    )
    fc.assert(
      fc.property(lines, ([name, text]) => {
        try {
          applyChanges({}, [`${name} ${text}`])
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('words', () => {
  test('quoted by us come back whole', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...'ab $"\\{}'.split('')) })), (words) => {
        const line = words.map((word) => `"${word.replaceAll(/["$\\]/g, String.raw`\$&`)}"`).join(' ')
        expect(splitWords(line).map((word) => expandWord(word, new Map()))).toEqual(words)
      }),
    )
  })
})

function port(...names: string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}

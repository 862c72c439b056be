/** Expected texts are what docker 28 prints for the same template and data. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compile, goJson, goValue, parseExact, Row, TemplateError, TemplateSyntaxError } from '../src/template/index.ts'

const DATA = goValue({
  Name: '/c1',
  State: { Running: true, Pid: 42, Status: 'running' },
  Config: { Env: ['A=b', 'C=d'], Labels: { z: '1', k: 'v' }, Cmd: null, Volumes: null, Image: 'a&b<c>' },
  Mounts: [
    { Source: '/etc', Destination: '/e', RW: false },
    { Source: '/x', Destination: '/y', RW: true },
  ],
  Size: 1.5,
  Nothing: null,
})

describe('templates', () => {
  test.each([
    ['{{.Name}} {{.State.Running}} {{.State.Pid}}', '/c1 true 42'],
    ['{{.State}}', '{true 42 running}'],
    ['{{.Config.Env}} {{.Config.Labels}} {{.Config.Cmd}} {{.Config.Volumes}}', '[A=b C=d] map[k:v z:1] [] map[]'],
    ['{{json .Config}}', '{"Env":["A=b","C=d"],"Labels":{"z":"1","k":"v"},"Cmd":null,"Volumes":null,"Image":"a&b<c>"}'],
    ['{{index .Config.Labels "k"}}{{index .Config.Labels "no"}}', 'v<no value>'],
    ['{{index .Mounts 1 "Source"}} {{len .Mounts}} {{len .Config.Labels}} {{len .Name}}', '/x 2 2 3'],
    ['{{range .Mounts}}{{.Source}}->{{.Destination}} {{.RW}}{{"\\n"}}{{end}}', '/etc->/e false\n/x->/y true\n'],
    [
      '{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}};{{end}}{{range $k, $v := .Config.Labels}}{{$k}}{{$v}}{{end}}',
      '0=/etc;1=/x;kvz1',
    ],
    ['{{range .Config.Cmd}}x{{else}}empty{{end}}', 'empty'],
    ['{{range .Config.Env}}{{if eq . "C=d"}}{{break}}{{end}}{{.}}{{end}}', 'A=b'],
    ['{{range .Config.Env}}{{if eq . "A=b"}}{{continue}}{{end}}{{.}}{{end}}', 'C=d'],
    ['{{if .State.Running}}up{{else}}down{{end}}{{if and .State.Running (gt .State.Pid 41)}}!{{end}}', 'up!'],
    ['{{if eq .State.Status "x" "running"}}1{{else if true}}2{{end}}{{if not .Nothing}}3{{end}}', '13'],
    ['{{with .State}}{{.Pid | printf "%05d"}}{{end}}', '00042'],
    ['{{$x := .State.Pid}}{{$x}}{{$x = 7}}{{$x}}', '427'],
    [
      '{{.Name | upper | printf "<%s>"}} {{printf "%-6s|%6s|%q|%v" "a" "b" "c" .Mounts}}',
      '</C1> a     |     b|"c"|[{/etc /e false} {/x /y true}]',
    ],
    [
      '{{join .Config.Env ","}} {{split "a,b" ","}} {{title "abc def"}} {{truncate "abcdef" 3}}|{{pad "x" 1 2}}|{{slice "abcd" 1 3}}',
      'A=b,C=d [a b] Abc Def abc| x  |bc',
    ],
    ['a  {{- "x" -}}   b {{/* nothing */}}c', 'axb c'],
    ['{{println "a" 1}}{{print "a" 1 2 "b"}} {{html "<a>"}}', 'a 1\na1 2b &lt;a&gt;'],
    ['{{.Size}} {{printf "%.2f %d %x %t" .Size 255 255 true}}', '1.5 1.50 255 ff true'],
    ['{{or "" "b"}}{{and 1 0}}{{ne 1 2}}{{le 1 1}}{{lt "a" "b"}}', 'b0truetruetrue'],
    ['{{(index .Mounts 0).Source}} {{len (split "a b c" " ")}} {{`raw\\n`}} {{\'a\'}}', '/etc 3 raw\\n 97'],
    ['{{.Nothing}}', '<no value>'],
    ['{{printf "%d" "x"}}{{printf "%s"}}{{printf "a" 1}}', '%!d(string=x)%!s(MISSING)a%!(EXTRA int64=1)'],
  ])('%s', (source, text) => expect(compile(source)(DATA)).toBe(text))

  test.each([
    ['{{.ID', 'template: :1: unclosed action'],
    ['{{foo}}', 'template: :1: function "foo" not defined'],
    ['{{if}}x{{end}}', 'template: :1: missing value for if'],
    ['{{if true}}x', 'template: :1: unexpected EOF'],
    ['x{{end}}', 'template: :1: unexpected {{end}}'],
    ['{{$x}}', 'template: :1: undefined variable "$x"'],
    ['{{"a}}', 'template: :1: unterminated quoted string'],
    ['{{}}', 'template: :1: missing value for command'],
    ['{{(1}}', 'template: :1: unclosed left paren'],
    ['{{break}}', 'template: :1: {{break}} outside {{range}}'],
  ])('%s does not parse', (source, message) => expect(() => compile(source)).toThrow(new TemplateSyntaxError(message)))

  test.each([
    ['{{.Foo}}', 'template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"'],
    [
      'ab {{slice .Name 0 9}}',
      'template: :1:5: executing "" at <slice .Name 0 9>: error calling slice: index out of range: 9',
    ],
    ['{{.Name.Foo}}', 'template: :1:2: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type string'],
  ])('%s fails while it runs', (source, message) =>
    expect(() => compile(source)(DATA)).toThrow(new TemplateError(message)),
  )

  test('a row has fields and methods, and its JSON is sorted and escaped as Go does', () => {
    const row = new Row('*formatter.T', { B: () => '<x>', A: () => 1 }, { Label: (key) => `label ${String(key)}` })
    expect(compile('{{.A}} {{.Label "k"}} {{json .}}')(row)).toBe('1 label k {"A":1,"B":"\\u003cx\\u003e"}')
    expect(() => compile('{{.C}}')(row)).toThrow("can't evaluate field C in type *formatter.T")
  })

  test('numbers keep all their digits', () => {
    const value = goValue(parseExact('{"a":9223372036854771712,"b":[1.10]}'))
    expect([compile('{{.a}} {{index .b 0}}')(value), goJson(value)]).toEqual([
      '9223372036854771712 1.10',
      '{"a":9223372036854771712,"b":[1.10]}',
    ])
  })

  test('any text without braces is its own template; no source crashes it', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('{{')),
        (text) => {
          expect(compile(text)(DATA)).toBe(text)
        },
      ),
    )
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '{{',
        '}}',
        'if',
        'range',
        'end',
        'else',
        '.',
        '$x',
        ':=',
        '|',
        '(',
        ')',
        '"',
        '.Name',
        ' ',
        '-',
        'json',
        '1',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          compile(pieces.join(''))(DATA)
        } catch (error) {
          expect(error instanceof TemplateError || error instanceof TemplateSyntaxError, String(error)).toBe(true)
        }
      }),
    )
  })
})

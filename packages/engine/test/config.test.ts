import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readDaemonConfig, type ConfigSources } from '../src/config/config.ts'
import { blotted, isCidr } from '../src/config/registries.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'engine-config-'))
afterAll(() => fs.rmSync(dir, { recursive: true }))

/** With this text as daemon.json. */
function config(text: string, sources: ConfigSources = {}) {
  const file = path.join(dir, 'daemon.json')
  fs.writeFileSync(file, text)
  return readDaemonConfig({ file, ...sources })
}

describe('daemon.json', () => {
  test('every option of the file arrives', () => {
    const text = JSON.stringify({
      'registry-mirrors': ['https://mirror.example', 'http://127.0.0.1:5000/'],
      'insecure-registries': ['registry.lan:5000', '10.0.0.0/8', 'http://old.lan', '[fd00::1]:5000'],
      proxies: { 'http-proxy': 'http://p:1', 'https-proxy': 'http://p:2', 'no-proxy': 'lan' },
      'max-concurrent-downloads': 0,
      'max-concurrent-uploads': 9,
      'max-download-attempts': 1,
      bridge: 'none',
    })
    expect(config(text)).toEqual({
      registryMirrors: ['https://mirror.example/', 'http://127.0.0.1:5000/'],
      insecureRegistries: ['registry.lan:5000', '10.0.0.0/8', 'old.lan', '[fd00::1]:5000'],
      proxies: { http: 'http://p:1', https: 'http://p:2', no: 'lan' },
      maxConcurrentDownloads: 0,
      maxConcurrentUploads: 9,
      maxDownloadAttempts: 1,
      certsDirs: [path.join(dir, 'certs.d'), '/etc/mini-docker/certs.d', '/etc/docker/certs.d'],
      defaultNetwork: 'none',
    })
  })
  test('flags fill what the file leaves open', () => {
    expect(
      config('{"max-concurrent-uploads":2}', {
        flags: { 'registry-mirrors': ['http://m'], 'max-concurrent-downloads': 1 },
      }),
    ).toMatchObject({ registryMirrors: ['http://m/'], maxConcurrentDownloads: 1, maxConcurrentUploads: 2 })
  })
  test('proxies of the environment are taken where the file has none', () => {
    const env = { HTTP_PROXY: 'http://env:1', https_proxy: 'http://env:2', NO_PROXY: 'env' }
    expect(config('{"proxies":{"http-proxy":"http://file:1"}}', { env }).proxies).toEqual({
      http: 'http://file:1',
      https: 'http://env:2',
      no: 'env',
    })
  })
  // What dockerd 20.10 says to each of them.
  test.each([
    ['{"foo":1,"bar":2}', "the following directives don't match any configuration option: foo, bar"],
    ['{"proxies":{"ftp-proxy":"x"}}', "the following directives don't match any configuration option: ftp-proxy"],
    [
      '{"registry-mirrors":"x"}',
      'json: cannot unmarshal string into Go struct field Config.registry-mirrors of type []string',
    ],
    [
      '{"max-concurrent-downloads":"x"}',
      'json: cannot unmarshal string into Go struct field Config.max-concurrent-downloads of type int',
    ],
    [
      '{"max-concurrent-downloads":-1}',
      'configuration validation from file failed: invalid max concurrent downloads: -1',
    ],
    ['{"max-download-attempts":0}', 'configuration validation from file failed: invalid max download attempts: 0'],
    ['{"proxies":[]}', 'json: cannot unmarshal array into Go struct field Config.proxies of type object'],
    ['[]', 'json: cannot unmarshal array'],
    ['', 'Unexpected end of JSON input'],
    ['hello', 'Unexpected token'],
  ])('%s keeps the daemon from starting', (text, words) => {
    const file = path.join(dir, 'daemon.json')
    expect(() => config(text)).toThrow(`unable to configure the Docker daemon with file ${file}: ${words}`)
  })
  test('a file that was asked for must be there', () => {
    expect(() => readDaemonConfig({ file: '/no/such.json' })).toThrow(
      'unable to configure the Docker daemon with file /no/such.json: open /no/such.json: no such file or directory',
    )
  })
  test('an option in file and flag is a conflict, even with the same value', () => {
    expect(() =>
      config('{"registry-mirrors":["http://a"],"max-concurrent-downloads":3}', {
        flags: { 'registry-mirrors': ['http://a'], 'max-concurrent-downloads': 3 },
      }),
    ).toThrow(
      'the following directives are specified both as a flag and in the configuration file: registry-mirrors: (from flag: [http://a], from file: [http://a]), max-concurrent-downloads: (from flag: 3, from file: 3)',
    )
  })
})

describe('registries of a configuration', () => {
  test.each([
    ['x y', 'unsupported scheme "" in "x y"'],
    ['ftp://a', 'unsupported scheme "ftp" in "ftp://a"'],
    ['http://a/b', 'path, query, or fragment at end of the URI "http://a/b"'],
    ['http://a?x=1', 'path, query, or fragment at end of the URI "http://a?x=1"'],
    ['http://u:secret@a', 'username/password not allowed in URI "http://xxxxx:xxxxx@a"'],
  ])('the mirror %s is refused', (mirror, words) => {
    expect(() => config('{}', { flags: { 'registry-mirrors': [mirror] } })).toThrow(`invalid mirror: ${words}`)
  })
  test.each([
    ['a b', 'insecure registry a b is not valid: invalid host "a b"'],
    ['a:99999', 'insecure registry a:99999 is not valid: invalid port "99999"'],
    ['1.2.3.4/99', 'insecure registry 1.2.3.4/99 is not valid: invalid host "1.2.3.4/99"'],
    ['-a', 'invalid index name (-a). Cannot begin or end with a hyphen'],
  ])('the insecure registry %s is refused', (registry, words) => {
    expect(() => config('{}', { flags: { 'insecure-registries': [registry] } })).toThrow(words)
  })
  test('a block of addresses is told from a name', () => {
    expect(['10.0.0.0/8', '::1/128', '10.0.0.0/33', '10.0.0.0', 'a/8'].map(isCidr)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
  test('names and passwords of a proxy are blotted out', () => {
    expect(blotted('http://alice:secret@proxy:3128')).toBe('http://xxxxx:xxxxx@proxy:3128')
    expect(blotted('http://proxy:3128')).toBe('http://proxy:3128')
    expect(blotted('')).toBe('')
  })
})

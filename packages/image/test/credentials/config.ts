/** A docker configuration in a directory of its own, and a credential helper that is a real program with its secrets in a file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { DockerConfig, type DockerConfigOptions } from '../../src/credentials/index.ts'

export type TestConfig = {
  directory: string
  path: string
  config: DockerConfig
  /** The file as it is. */
  text(): string
  json(): unknown
  write(content: unknown): void
  /** Puts a program `docker-credential-NAME` on the configuration's PATH. */
  helper(name: string, script: string): void
  /** What helpers were asked: `get registry.example`. */
  asked(): string[]
}

export function testConfig(content?: unknown, options: DockerConfigOptions = {}): TestConfig {
  const directory = mkdtempSync(join(tmpdir(), 'credentials-test-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'config.json')
  const env = { PATH: `${directory}:/usr/bin:/bin`, HOME: directory, HELPER_DIRECTORY: directory }
  const write = (value: unknown) => writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  if (content !== undefined) write(content)
  const text = () => readFileSync(path, 'utf8')
  return {
    directory,
    path,
    config: new DockerConfig(path, { env, ...options }),
    text,
    json: () => JSON.parse(text()) as unknown,
    write,
    helper: (name, script) => {
      writeFileSync(join(directory, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    },
    asked: () => readFileSync(join(directory, 'asked'), 'utf8').trim().split('\n'),
  }
}

/** Keeps one JSON file for each server, as the protocol says, with the words that all helpers share. */
export const KEEPER = `
input=$(cat)
cd "$HELPER_DIRECTORY"
name() { printf %s "$1" | od -An -tx1 | tr -d ' \\n'; }
missing() { echo 'credentials not found in native keychain'; exit 1; }
case "$1" in
  store)
    server=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
    echo "store $server" >> asked
    printf %s "$input" > "kept-$(name "$server")" ;;
  get)
    echo "get $input" >> asked
    cat "kept-$(name "$input")" 2>/dev/null || missing ;;
  erase)
    echo "erase $input" >> asked
    rm "kept-$(name "$input")" 2>/dev/null || missing ;;
  list)
    echo 'list' >> asked
    printf '{'
    comma=
    for file in kept-*; do
      [ -e "$file" ] || continue
      printf '%s' "$comma"
      sed 's/.*"ServerURL":"\\([^"]*\\)","Username":"\\([^"]*\\)".*/"\\1":"\\2"/' "$file"
      comma=,
    done
    printf '}' ;;
esac`

/** Where programs are looked for. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { findProgram, has, peerPath } from './requires.ts'

afterEach(() => vi.unstubAllEnvs())

test('unpacked peers are there by MINI_DOCKER_PEERS alone', () => {
  const peers = mkdtempSync(join(tmpdir(), 'peers-'))
  try {
    const program = join(peers, 'usr/sbin/some-peer')
    mkdirSync(join(peers, 'usr/sbin'), { recursive: true })
    writeFileSync(program, '#!/bin/sh\n')
    chmodSync(program, 0o755)
    vi.stubEnv('MINI_DOCKER_PEERS', '')
    expect(has('some-peer')).toBe(false)
    vi.stubEnv('MINI_DOCKER_PEERS', peers)
    expect(has('some-peer')).toBe(true)
    expect(findProgram('some-peer')).toBe(program)
    expect(peerPath().split(':')).toContain(join(peers, 'usr/sbin'))
  } finally {
    rmSync(peers, { recursive: true })
  }
})

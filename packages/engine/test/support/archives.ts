/** What the tests of archives need beside a daemon: archives by GNU tar, bodies of answers, and who still holds a filesystem. */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import type * as http from 'node:http'
import * as os from 'node:os'
import * as path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'

/** Nobody holds a container's filesystem any more. */
export async function noHolders(): Promise<void> {
  for (let tries = 0; holders().length > 0 && tries < 100; tries++) await delay(20)
  expect(holders()).toEqual([])
}

/** Processes that hold a container's filesystem for somebody. */
export function holders(): string[] {
  return fs.readdirSync('/proc').filter((pid) => {
    try {
      // Who died with its parent may wait for somebody to reap it.
      return /^\d+$/.test(pid) && /^\d+ \(mini-holder\) [^Z]/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
    } catch {
      return false
    }
  })
}

export async function bytes(response: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Whether an answer came to its end. One that was cut is an error, or, when it was cut before somebody listened, only incomplete. */
export async function isWhole(response: http.IncomingMessage): Promise<boolean> {
  await bytes(response).catch(() => undefined)
  return response.complete
}

/** A tar of files by name and content; content undefined is a directory. */
export function tar(files: Record<string, string | undefined>, ...options: string[]): Buffer {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'archive-tar-'))
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) fs.mkdirSync(path.join(dir, name), { recursive: true })
    else {
      fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
      fs.writeFileSync(path.join(dir, name), text)
    }
  }
  try {
    return execFileSync('tar', ['-C', dir, ...options, '-c', ...Object.keys(files)], { maxBuffer: 1 << 28 })
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

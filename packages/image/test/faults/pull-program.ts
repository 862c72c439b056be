/**
 * A pull as a process of its own, to be killed, to run where the disk is small or names are known that are not: argv has one JSON. Prints
 * what came of it as JSON: names, or code and message of the failure; and the most memory that it had.
 */
import { readFileSync } from 'node:fs'
import { StoreSink } from '../../src/media/store-sink.ts'
import { copyImages } from '../../src/copy/index.ts'
import { parseReference } from '../../src/reference.ts'
import { Registry, RegistrySource } from '../../src/registry/index.ts'
import { ImageStore } from '../../src/store/store.ts'
import type { ProgramArguments, ProgramResult } from './program.ts'

const { root, name, certsDir, insecure = [], credentials, retry } = JSON.parse(process.argv[2]!) as ProgramArguments

process.stdout.write(`${JSON.stringify(await pull())}\n`)

async function pull(): Promise<ProgramResult> {
  try {
    const store = await ImageStore.open(root)
    using registry = new Registry({
      config: { mirrors: [], insecure, certsDirs: certsDir === undefined ? [] : [certsDir], proxies: {} },
      credentialsFor: () => Promise.resolve(credentials),
      ...(retry && { retry }),
    })
    await using source = new RegistrySource(registry, parseReference(name))
    await using sink = await StoreSink.open(store)
    await copyImages(source, sink)
    return { names: sink.stored.flatMap((stored) => stored.names), maxRssBytes: maxRssBytes() }
  } catch (error) {
    const { name: kind, code, message, hint } = error as Error & { code?: string; hint?: string }
    return { failure: { kind, code, message, hint }, maxRssBytes: maxRssBytes() }
  }
}

/** Not ru_maxrss, which begins with what the parent had when it started us. */
function maxRssBytes(): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

#!/usr/bin/env node
import { main } from './command.ts'

// No top-level await: the bundle is CommonJS, which starts quicker.
void (async () => {
  process.exitCode = await main(process.argv.slice(2), process)
})()

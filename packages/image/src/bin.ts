#!/usr/bin/env node
import { main } from './command.ts'

// Who pipes into head(1) wants no more: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

// No top-level await: the bundle is CommonJS, which starts quicker.
void (async () => {
  process.exitCode = await main(process.argv.slice(2), process)
})()

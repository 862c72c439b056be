/** Stops what runs in a directory of the solution, politely at first: `bin/node tutorials/23-detach-logs-stop/stop.ts DIRECTORY [SECONDS]`. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const [box = '', seconds = '10'] = process.argv.slice(2)
const pid = Number(readFileSync(`${box}/pid`, 'utf8'))

process.kill(pid, 'SIGTERM')
if (!(await endsWithin(Number(seconds) * 1000))) {
  console.log('it did not listen')
  process.kill(pid, 'SIGKILL')
  await endsWithin(Infinity)
}
console.log(`exit code ${readFileSync(`${box}/exit`, 'utf8').trim()}`)

async function endsWithin(milliseconds: number): Promise<boolean> {
  for (const until = Date.now() + milliseconds; Date.now() < until; await delay(10))
    if (existsSync(`${box}/exit`)) return true
  return false
}

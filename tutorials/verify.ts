/**
 * `mini-docker verify NN… | --all [--cmd 'PROGRAM'] [--json] [--lang en|ja]`: asks the kernel whether a container is what the chapter says.
 * Exit code 0 when all passed, 1 when not, 2 for a wrong command line.
 */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { passes, reportJson, reportLines, verify, type Check, type Language, type Report } from '@mini-docker/verify'

const root = join(import.meta.dirname, '..')

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`verify: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      cmd: { type: 'string' },
      json: { type: 'boolean' },
      lang: { type: 'string' },
    },
  })
  const language = languageOf(values.lang)
  if (process.getuid?.() !== 0) throw new Error('only root can look into the processes of others')
  const chapters = values.all === true ? allChapters() : positionals
  if (chapters.length === 0) throw new Error('which chapter? `verify 02`, or `verify --all`')
  const reports: Report[] = []
  for (const chapter of chapters) {
    const report = await reportOn(await loadCheck(chapter), values.cmd)
    reports.push(report)
    if (values.json !== true) process.stdout.write(`${reportLines(report, language).join('\n')}\n`)
  }
  if (values.json === true) process.stdout.write(`${JSON.stringify(reports.map(reportJson), undefined, 2)}\n`)
  return reports.every(passes) ? 0 : 1
}

async function reportOn(check: Check, command: string | undefined): Promise<Report> {
  const commandLine = command ?? `${join(root, 'mini-docker')} ${check.miniDocker}`
  const findings = await verify(check, { commandLine, cwd: process.cwd(), env: process.env })
  return { chapter: check.chapter, program: commandLine, findings }
}

function allChapters(): string[] {
  const files = globSync('[0-9][0-9]-*/check.ts', { cwd: import.meta.dirname })
  return files.map((file) => file.slice(0, 2)).toSorted()
}

async function loadCheck(chapter: string): Promise<Check> {
  const [file] = /^\d\d$/.test(chapter) ? globSync(`${chapter}-*/check.ts`, { cwd: import.meta.dirname }) : []
  if (file === undefined)
    throw new Error(`there is no chapter ${chapter} with a check; there are ${allChapters().join(' ')}`)
  const { check } = (await import(join(import.meta.dirname, file))) as { check: Check }
  return check
}

function languageOf(wanted: string | undefined): Language {
  const locale = process.env['LC_ALL'] || process.env['LC_MESSAGES'] || process.env['LANG'] || ''
  const language = wanted ?? (locale.startsWith('ja') ? 'ja' : 'en')
  if (language !== 'en' && language !== 'ja') throw new Error(`--lang is en or ja, not ${language}`)
  return language
}

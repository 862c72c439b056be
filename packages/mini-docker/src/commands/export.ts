/** `export`: a container's root filesystem as a tar archive, to a file or to a pipe. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { containerPath } from '../client/containers.ts'
import { openEngine } from '../client/open.ts'
import type { Command } from '../cli/command.ts'
import { CliError } from '../cli/errors.ts'
import { writeOutputFile } from '../cli/output-file.ts'
import { openError } from '../create/files.ts'

export const command: Command = {
  name: 'export',
  usage: '[OPTIONS] CONTAINER',
  about: "Export a container's filesystem as a tar archive",
  faces: 'requests',
  flags: [{ name: 'output', short: 'o', kind: 'string', help: 'Write to a file, instead of STDOUT' }],
  words: { exactly: 1 },
  async run(flags, [name = ''], terminal) {
    const output = flags.string('output') ?? ''
    if (output === '' && terminal.isTty(1))
      throw new CliError('cowardly refusing to save to a terminal. Use the -o flag or redirect')
    if (output !== '') checkOutput(output)
    const answer = await openEngine(terminal).stream('GET', containerPath(name, 'export'))
    if (output === '') for await (const bytes of answer.body()) await terminal.write(1, bytes)
    else await exportTo(output, answer.body())
  },
}

/** Before anything is asked for, in docker's words. */
function checkOutput(path: string): void {
  const refuse = (why: string): never => {
    throw new CliError(`failed to export container: ${why}`)
  }
  const directory = dirname(path)
  if (statSync(directory, { throwIfNoEntry: false }) === undefined)
    refuse(`invalid output path: stat ${directory}: no such file or directory`)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory() === true) refuse('cannot write to a directory')
  if (stat?.isCharacterDevice() === true) refuse('cannot write to a character device file')
  if (stat !== undefined && !stat.isFile()) refuse('cannot write to what is no regular file')
}

async function exportTo(output: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await writeOutputFile(output, body)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'open') throw error
    throw new CliError(`failed to export container: ${openError(output, error).message}`)
  }
}

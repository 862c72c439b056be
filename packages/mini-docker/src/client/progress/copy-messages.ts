/** What a copy in this process tells, as messages of a progress stream. Pure. */
import type { CopyEvent } from '@mini-docker/image'
import type { ProgressMessage } from './message.ts'

const ID_CHARACTERS = 12

/** The message for an event; undefined for what nobody needs to know: plans, and configs, which are small. */
export function copyMessage(event: CopyEvent): ProgressMessage | undefined {
  if (event.kind !== 'blob' || event.role === 'config') return undefined
  const { blob, progress } = event
  const id = blob.digest.slice(blob.digest.indexOf(':') + 1).slice(0, ID_CHARACTERS)
  const say = (status: string, current?: number): ProgressMessage => ({
    id,
    status,
    progressDetail: current === undefined ? {} : { current, total: blob.size },
  })
  switch (progress.state) {
    case 'planned':
      return say('Preparing')
    case 'waiting':
      return say('Waiting')
    case 'present':
      return say('Already exists')
    case 'mounted':
      return say(`Mounted from ${progress.from.path}`)
    case 'transferring':
      return say('Copying', progress.bytes)
    case 'unpacking':
      return say('Extracting', progress.bytes)
    case 'done':
      return say('Copied')
    case 'verifying':
    case 'transferred':
      return undefined
  }
}

/** `stop`: the stop signal, and after a while SIGKILL. */
import { endingCommand } from './ending.ts'

export const command = endingCommand('stop', 'Stop one or more running containers')

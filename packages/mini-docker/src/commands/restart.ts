/** `restart`: stop, then start. */
import { endingCommand } from './ending.ts'

export const command = endingCommand('restart', 'Restart one or more containers')

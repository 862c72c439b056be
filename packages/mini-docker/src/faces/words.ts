/** The words of every step that the daemon can name. */
import { messages as engine } from '@mini-docker/engine/messages'
import { messages as image } from '@mini-docker/image'
import { messages as network } from '@mini-docker/net'
import { messages as runtime } from '@mini-docker/runtime'
import type { Catalogue } from './explain.ts'

export const words: Catalogue = { ...runtime, ...network, ...image, ...engine }

/** Where the layers of a container's image lie. */
import * as path from 'node:path'
import { hexOf } from '@mini-docker/image'
import type { Engine } from '../engine.ts'
import type { ContainerRecord } from './model.ts'

/** Paths of the unpacked trees, topmost first. */
export function layerDirs({ images }: Pick<Engine, 'images'>, { chain }: Pick<ContainerRecord, 'chain'>): string[] {
  return chain.map((chainID) => path.join(images.layersDir, hexOf(chainID), 'diff'))
}

/** The same as the overlay's lower directories: short links, relative to the layers' folder. */
export function lowerLinks({ images }: Pick<Engine, 'images'>, { chain }: Pick<ContainerRecord, 'chain'>): string[] {
  return chain.map((chainID) => images.shortLink(chainID))
}

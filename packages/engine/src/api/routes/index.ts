/** All of the API in one table. */
import type { Engine } from '../../engine.ts'
import { Router } from '../router.ts'
import { planRoutes } from '../../faces/plans/index.ts'
import { traceRoutes } from '../../faces/request-trace.ts'
import { archiveRoutes } from './archive.ts'
import { containerIoRoutes } from './container-io.ts'
import { containerRoutes } from './containers.ts'
import { execRoutes } from './exec.ts'
import { extensionRoutes } from './extensions.ts'
import { imageRoutes } from './images.ts'
import { inspectImageRoutes } from './inspect-images.ts'
import { networkRoutes } from './networks.ts'
import { notBuiltRoutes } from './not-built.ts'
import { registryExtensionRoutes } from './registry-extensions.ts'
import { registryRoutes } from './registry.ts'
import { systemRoutes } from './system.ts'
import { storyRoutes } from './story.ts'
import { volumeRoutes } from './volumes.ts'

export const apiRouter = new Router<Engine>(
  systemRoutes,
  containerRoutes,
  containerIoRoutes,
  archiveRoutes,
  execRoutes,
  notBuiltRoutes,
  inspectImageRoutes,
  imageRoutes,
  registryRoutes,
  registryExtensionRoutes,
  volumeRoutes,
  networkRoutes,
  extensionRoutes,
  storyRoutes,
  traceRoutes,
  planRoutes,
)

export { catalogueOf, Catalogue, Repository } from './catalogue.ts'
export type { Pull } from './pulls.ts'
export { ImageServer, type ServeOptions } from './server.ts'

export { copyImages } from './copy.ts'
export type * from './medium.ts'

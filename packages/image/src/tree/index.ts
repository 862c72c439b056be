export { applyLayer } from './apply.ts'
export { inheritDirectories } from './inherit.ts'
export { DEFAULT_LIMITS, type Applied, type ApplyOptions, type PackOptions } from './options.ts'
export { packTree } from './pack.ts'

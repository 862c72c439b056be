export { demoConfig, demoLayer, demoRootfs } from './demo.ts'
export type { DemoOptions } from './rootfs.ts'

export { filesNeeded, type HostFile, type NeedOptions, type Needs } from './needs.ts'
export { isStatic, parseElf, type Elf } from './parse.ts'
export { HostTree, type Resolved } from './host.ts'

export * from './codec.ts'
export * from './event.ts'
export * from './facts.ts'
export * from './recording.ts'

export * from './address/address.ts'
export * from './address/cidr.ts'
export * from './rtnetlink/index.ts'

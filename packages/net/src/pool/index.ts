export { allocate, chooseGateway, type AllocateOptions } from './allocate.ts'
export { macOf, parseMac } from './mac.ts'
export { checkSubnet, chooseSubnet, chooseUla, DEFAULT_POOLS, usableRange } from './subnet.ts'

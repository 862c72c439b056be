export { planBridge, planRemoveBridge, type Bridge } from './bridge.ts'
export { planConnect, planDisconnect, type Running } from './connect.ts'
export {
  planAddress,
  planDefaultRoute,
  planHostSocket,
  planMacvlan,
  planVeth,
  type Endpoint,
  type Interface,
  type MacvlanEndpoint,
} from './endpoint.ts'
export { planParent, planRemoveParent, type Parent } from './parent.ts'

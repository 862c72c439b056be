export { planDevices, type Device } from './dev.ts'
export { planHostname, planLoopback, planSysctls } from './identity.ts'
export { makeDirectories, makeFile, openInRootCall, relative, ROOT } from './in-root.ts'
export { planEnter, planTarget } from './join.ts'
export { messages } from './messages.ts'
export { parseMountOptions, type MountOptions } from './mount-options.ts'
export { isSharedBind, planMount, planSharedTrees, type Mount } from './mounts.ts'
export {
  cloneStep,
  NAMESPACE_FLAGS,
  planCgroupNamespace,
  planClone,
  planJoinNamespaces,
  planOwnUserMap,
  type CloneOptions,
  type Namespace,
  type NamespaceType,
} from './namespaces.ts'
export {
  planOpenRoot,
  planPivotRoot,
  planPropagation,
  planReadonlyRoot,
  planRootBind,
  planRootPropagation,
} from './rootfs.ts'

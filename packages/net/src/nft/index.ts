export { portCommands } from './ports.ts'
export { removeTableCommands, rulesetCommands } from './ruleset.ts'
export { isTranslated, tableName, type NatNetwork, type NatState, type Protocol, type PublishedPort } from './state.ts'

/** The numbers of the program format, as `launcher/program.h` has them. */

/** What the launcher takes (`launcher/program.h`). */
export const MAX_BYTES = 4 * 1024 * 1024
export const MAX_SLOTS = 1024

export const MAGIC = 0x314c444d
export const NO_SLOT = 0xffffffff
export const KIND = { syscall: 0, fork: 1, step: 2, load: 3, patch: 4, await: 5, monitor: 6, serve: 7 } as const
export const REPORT = 1
export const NONZERO = 2
export const QUIET = 4
export const RESULT_AT = 8
export const ARG_VALUE = 0
export const ARG_DATA = 1
export const ARG_SLOT = 2
export const ARG_FD_PATH = 3
export const MONITOR_TTY = 1
export const MONITOR_DURABLE = 2
export const MONITOR_LOG = 4
export const MONITOR_FOREGROUND = 8
export const MONITOR_SUBSCRIBED = 16

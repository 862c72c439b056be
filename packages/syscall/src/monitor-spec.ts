/** What the launcher does when all steps are done: stay as the container's monitor (`launcher/monitor.c`). Values are names given with `as`. */
export type MonitorSpec = {
  child: string
  pidfd: string
  /** The container's output: read ends of pipes, or the pty's master as `out` and `in`. */
  out?: string
  err?: string
  in?: string
  listener?: string
  /** An open directory: gets the file `exit`, and the log. */
  directory?: string
  tty?: boolean
  /** `exit` is on the disk before anybody hears of it. */
  durable?: boolean
  log?: { maxBytes: number; maxFiles: number }
  /** Whoever started it gets the output from the first byte on. */
  subscribed?: boolean
  /** Speaks to nobody; ends with the container's exit code, 128+n for a signal. */
  foreground?: boolean
}

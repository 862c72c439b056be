/** The exit status of `run`, `start` and `exec` when the daemon could not start the process: 127 not found, 126 not executable, else 125. */
export function startFailureStatus(message: string): 125 | 126 | 127 {
  const text = message.toLowerCase()
  if (
    ['executable file not found', 'no such file or directory', 'system cannot find the file specified'].some((part) =>
      text.includes(part),
    )
  )
    return 127
  if (['permission denied', 'is a directory'].some((part) => text.includes(part))) return 126
  return 125
}

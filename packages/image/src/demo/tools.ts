/** The programs of the image `demo`, and where they are on a machine. */

/** Without these no image is made. */
export const ESSENTIAL = ['sh', 'cat', 'echo', 'ls', 'true'] as const

/** What is taken where the machine has it, the most wanted first: what would make the image too large is left out. */
export const WANTED: readonly string[] = [
  'bash false sleep id hostname ps mount umount grep sed head tail wc sort env printenv pwd mkdir',
  'rmdir rm cp mv ln chmod chown touch date uname df du kill stty tty seq tr cut find getent ip dd',
  'readlink stat tee whoami nproc uniq xargs test [ expr basename dirname clear more less vi awk',
  'free top tar mkfifo mknod realpath od timeout yes which unshare setsid',
].flatMap((line) => line.split(' '))

/** Directories of programs, by order. Not /usr/local: what stands there is not the distribution's. */
export const PROGRAM_DIRS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'] as const

/** Libraries that glibc before 2.34 loads by itself to read /etc/passwd and /etc/hosts; no header names them. */
export const NSS_LIBRARIES = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'] as const

/** Descriptions of the terminals a container meets, and where distributions keep them: by first letter, or its code. */
export const TERMINALS = [
  'xterm',
  'xterm-256color',
  'linux',
  'tmux',
  'tmux-256color',
  'screen',
  'screen-256color',
  'vt100',
  'dumb',
] as const
export const TERMINFO_DIRS = ['/etc/terminfo', '/lib/terminfo', '/usr/lib/terminfo', '/usr/share/terminfo'] as const

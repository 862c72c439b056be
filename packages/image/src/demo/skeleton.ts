/** What a root filesystem has besides programs: directories and small text files. See hier(7). */

/** Directories with their modes. */
export const DIRECTORIES: Record<string, number> = {
  '/dev': 0o755,
  '/etc': 0o755,
  '/home': 0o755,
  '/home/demo': 0o755,
  '/mnt': 0o755,
  '/opt': 0o755,
  '/proc': 0o555,
  '/root': 0o700,
  '/run': 0o755,
  '/srv': 0o755,
  '/sys': 0o555,
  '/tmp': 0o1777,
  '/usr': 0o755,
  '/usr/local': 0o755,
  '/usr/local/bin': 0o755,
  '/usr/share': 0o755,
  '/var': 0o755,
  '/var/cache': 0o755,
  '/var/lib': 0o755,
  '/var/log': 0o755,
  '/var/spool': 0o755,
  '/var/tmp': 0o1777,
}

/** On a merged-usr machine links into /usr, elsewhere directories. */
export const PROGRAM_ROOTS = ['/bin', '/lib', '/sbin', '/lib64'] as const

export const LINKS: Record<string, string> = {
  '/etc/mtab': '../proc/self/mounts',
  '/var/run': '../run',
}

/** Text files, all 0644 but shadow. hosts, hostname and resolv.conf are empty: a running container has its own mounted there. */
export const FILES: Record<string, string> = {
  '/etc/group':
    'root:x:0:\ndaemon:x:1:\nbin:x:2:\ntty:x:5:\ndisk:x:6:\nusers:x:100:demo\nnogroup:x:65534:\ndemo:x:1000:\n',
  '/etc/hostname': '',
  '/etc/hosts': '',
  '/etc/nsswitch.conf':
    'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nservices: files\nprotocols: files\n',
  '/etc/os-release':
    'NAME="mini-docker demo"\nPRETTY_NAME="mini-docker demo (from this machine\'s own files)"\nID=mini-docker-demo\n',
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n' +
    'demo:x:1000:1000:demo:/home/demo:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  '/etc/profile':
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' +
    "if [ -n \"$BASH\" ]; then PS1='\\u@\\h:\\w\\$ '; else PS1='$PWD $ '; fi\n",
  '/etc/protocols': 'ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\n',
  '/etc/resolv.conf': '',
  '/etc/services': 'ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp\nhttps 443/tcp\n',
  '/etc/shells': '/bin/sh\n',
  '/root/.bashrc': "PS1='\\u@\\h:\\w\\$ '\nalias ll='ls -l'\n",
}

/**
 * vim stops to complain where its defaults.vim is missing. Its own one sources a hundred files that are not here; this
 * says the part that an editor without plugins can use.
 */
export const VIM = {
  directory: '/usr/share/vim',
  defaults: 'set nocompatible backspace=indent,eol,start ruler showcmd incsearch\n',
} as const

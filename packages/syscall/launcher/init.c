/*
 * `run --init`: the launcher as the container's first process, started as `init -- COMMAND ARGS…`. Process 1 has two duties
 * that ordinary programs do not know: it inherits orphans and must reap them, and signals without a handler do not touch it.
 * This one starts the command as process 2, passes signals on, reaps whatever dies, and ends as the command does.
 */
enum { SIGCHLD = 17, SIGTTIN = 21, SIGTTOU = 22, ENOENT = 2, EACCES = 13, TIOCSPGRP = 0x5410 };

static const char *find_env(char **env, const char *name) {
  for (; *env; env++) {
    const char *e = *env, *n = name;
    while (*n && *e == *n) e++, n++;
    if (!*n && *e == '=') return e + 1;
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* execvp(3). Returns only when it failed, with the errno. */
static i64 search_and_execute(char **argv, char **env) {
  static char path[4096];
  i64 denied = 0;
  for (const char *c = argv[0]; *c; c++)
    if (*c == '/') return -SYS3(execve, argv[0], argv, env);
  for (const char *at = find_env(env, "PATH"); *at;) {
    char *to = path;
    while (*at && *at != ':' && to < path + 2048) *to++ = *at++;
    if (*at == ':') at++;
    *to++ = '/';
    for (const char *c = argv[0]; *c && to < path + sizeof path - 1;) *to++ = *c++;
    *to = 0;
    if (SYS3(execve, path, argv, env) == -EACCES) denied = 1;
  }
  return denied ? EACCES : ENOENT;
}

__attribute__((noreturn)) static void init(char **argv, char **env) {
  u64 all = ~0ul, before = 0;
  SYS4(rt_sigprocmask, SIG_SETMASK, &all, &before, 8);
  u64 fork_args[11] = {[4] = SIGCHLD};
  i64 child = SYS2(clone3, fork_args, sizeof fork_args);
  if (child == 0) {
    /* a group of its own, and the terminal if there is one; taking it would stop us, were SIGTTOU not blocked */
    SYS2(setpgid, 0, 0);
    i32 group = (i32)SYS0(getpid);
    SYS3(ioctl, 0, TIOCSPGRP, &group);
    SYS4(rt_sigprocmask, SIG_SETMASK, &before, 0, 8);
    i64 errno = search_and_execute(argv, env);
    static const char message[] = "init: cannot execute the command\n";
    write_all(2, message, sizeof message - 1);
    exit_process(errno == ENOENT ? 127 : 126);
  }
  if (child < 0) exit_process(125);
  for (;;) {
    u32 info[32]; /* siginfo_t: the signal's number comes first */
    i64 signal = SYS4(rt_sigtimedwait, &all, info, 0, 8);
    if (signal > 0 && signal != SIGCHLD && signal != SIGTTIN && signal != SIGTTOU) SYS2(kill, child, signal);
    if (signal != SIGCHLD) continue;
    for (;;) {
      i32 status = 0;
      i64 pid = SYS4(wait4, -1, &status, WNOHANG, 0);
      if (pid <= 0) break;
      if (pid == child) exit_process((status & 0x7f) != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
    }
  }
}

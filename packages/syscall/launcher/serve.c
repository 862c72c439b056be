/*
 * The launcher as a server: forks a launcher for every connection to `listener`. A daemon of a hundred megabytes takes 2 to 4 ms to
 * fork and exec, and cannot do anything else meanwhile; this process of a few pages takes 0.1 ms. The connection is the new
 * launcher's descriptor 3. When the one who started the server is gone, the server ends; launchers that became monitors stay.
 */
enum { SIG_DFL = 0, SIG_IGN = 1 };

static void on_child_exit(u64 handler) {
  u64 action[4] = {handler}; /* struct sigaction of the kernel: handler, flags, restorer, mask */
  SYS4(rt_sigaction, SIGCHLD, action, 0, 8);
}

/* Returns in each forked child, with its own descriptor 3. */
static void serve(i64 listener) {
  on_child_exit(SIG_IGN); /* ended launchers are reaped by the kernel */
  for (;;) {
    struct pollfd polls[2] = {{.fd = CONTROL_FD, .events = POLLIN}, {.fd = (i32)listener, .events = POLLIN}};
    if (SYS5(ppoll, polls, 2, 0, 0, 8) < 0) continue;
    if (polls[0].revents != 0) exit_process(0);
    if (polls[1].revents == 0) continue;
    i64 connection = SYS4(accept4, listener, 0, 0, O_CLOEXEC);
    if (connection < 0) continue;
    u64 fork_args[11] = {[4] = SIGCHLD};
    i64 child = SYS2(clone3, fork_args, sizeof fork_args);
    if (child == 0) {
      on_child_exit(SIG_DFL); /* a monitor waits for its own child */
      SYS3(dup3, connection, CONTROL_FD, O_CLOEXEC);
      SYS1(close, connection);
      SYS1(close, listener);
      SYS0(setsid);
      return;
    }
    SYS1(close, connection);
  }
}

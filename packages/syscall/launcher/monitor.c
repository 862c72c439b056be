/*
 * The monitor: what stays of the launcher while the container runs. It is the container's parent, and needs nobody else.
 *
 *                 ┌──────────── container.log, exit (files, in `directory`)
 *   stdout ──┐    │
 *   stderr ──┼─ monitor ─── clients: descriptor 3 (whoever started it), and whoever connects to `listener`
 *   stdin  ──┘
 *
 * A client and the monitor speak in frames, docker's own: type, three zero bytes, length as big-endian 32 bits, payload.
 *
 *   from the monitor   1 stdout │ 2 stderr │ 3 exit: i32 wait status, i32 0, i64 seconds, i64 nanoseconds
 *   to the monitor     0 stdin │ 4 end of stdin │ 5 resize: u16 rows, u16 columns │ 6 signal: u32 │ 7 subscribe: u8
 *
 * Only clients that have subscribed get output, and the slowest of them sets the pace: the container waits, as it would
 * with a slow terminal. The log gets everything. When the container is dead, its exit status is written to `exit` before
 * any client hears of it.
 */
enum { MAX_CLIENTS = 8, CHUNK = 65536, FRAME_HEADER = 8 };
enum frame_type { FRAME_STDIN = 0, FRAME_STDOUT = 1, FRAME_STDERR = 2, FRAME_EXIT = 3, FRAME_STDIN_END = 4, FRAME_RESIZE = 5, FRAME_SIGNAL = 6, FRAME_SUBSCRIBE = 7 };
enum { POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16 };
enum { TIOCSWINSZ = 0x5414, WNOHANG = 1, SIG_SETMASK = 2, SFD_FLAGS = 02004000 };

struct pollfd {
  i32 fd;
  u16 events, revents;
};

static struct client {
  i64 fd;
  int subscribed;
  u64 sent;               /* how much of the current frame this client has */
  u8 header[FRAME_HEADER];
  u32 header_used;
  u32 payload_left;       /* of a stdin frame */
} clients[MAX_CLIENTS];

static u8 frame[FRAME_HEADER + CHUNK]; /* the output being sent */
static u64 frame_size;
static u8 input[CHUNK];                /* the input being written */
static u64 input_size, input_written;
static int input_ended;
static i64 out_fd, err_fd, in_fd;

static void set_nonblocking(i64 fd) {
  if (fd >= 0) SYS3(fcntl, fd, F_SETFL, SYS2(fcntl, fd, F_GETFL) | O_NONBLOCK);
}

static void close_fd(i64 *fd) {
  if (*fd >= 0) SYS1(close, *fd);
  *fd = -1;
}

static void drop(struct client *client) {
  close_fd(&client->fd);
  client->subscribed = 0;
}

static void adopt(i64 fd) {
  for (int i = 0; i < MAX_CLIENTS; i++) {
    if (clients[i].fd >= 0) continue;
    memset(&clients[i], 0, sizeof clients[i]);
    clients[i].fd = fd;
    set_nonblocking(fd);
    return;
  }
  SYS1(close, fd);
}

static void frame_header(u8 *at, u8 type, u32 size) {
  u8 header[FRAME_HEADER] = {type, 0, 0, 0, (u8)(size >> 24), (u8)(size >> 16), (u8)(size >> 8), (u8)size};
  memcpy(at, header, FRAME_HEADER);
}

/* True while some subscriber has not got the whole frame. */
static int frame_pending(void) {
  int pending = 0;
  for (int i = 0; i < MAX_CLIENTS; i++) {
    struct client *client = &clients[i];
    while (client->subscribed && client->sent < frame_size) {
      i64 n = SYS6(sendto, client->fd, frame + client->sent, frame_size - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
      if (n == -EINTR) continue;
      if (n == -EAGAIN) {
        pending = 1;
        break;
      }
      if (n <= 0) drop(client);
      else client->sent += (u64)n;
    }
  }
  return pending;
}

/* Reads one chunk of output, for the log and the subscribers. Returns 0 when nothing was there. */
static int pump(i64 *fd, int stream) {
  i64 n = SYS3(read, *fd, frame + FRAME_HEADER, CHUNK);
  if (n == -EAGAIN || n == -EINTR) return 0;
  if (n <= 0) { /* a pty says EIO when its last other end is closed */
    if (*fd == in_fd) in_fd = -1;
    close_fd(fd);
    return 0;
  }
  log_write(stream, frame + FRAME_HEADER, (u64)n);
  frame_header(frame, (u8)stream, (u32)n);
  frame_size = FRAME_HEADER + (u64)n;
  for (int i = 0; i < MAX_CLIENTS; i++) clients[i].sent = 0;
  frame_pending();
  return 1;
}

static void write_input(void) {
  while (input_written < input_size && in_fd >= 0) {
    i64 n = SYS3(write, in_fd, input + input_written, input_size - input_written);
    if (n == -EINTR) continue;
    if (n == -EAGAIN) return;
    if (n <= 0) {
      input_ended = 1;
      break;
    }
    input_written += (u64)n;
  }
  input_size = input_written = 0;
  if (input_ended && in_fd >= 0 && in_fd != out_fd) close_fd(&in_fd);
}

/* Reads what a client has to say; returns 0 when it has said all. */
static int hear(struct client *client, i64 pidfd) {
  if (client->payload_left > 0) {
    if (input_size > 0) return 0;
    u64 want = client->payload_left < CHUNK ? client->payload_left : CHUNK;
    i64 n = SYS3(read, client->fd, input, want);
    if (n == -EAGAIN || n == -EINTR) return 0;
    if (n <= 0) return drop(client), 0;
    client->payload_left -= (u32)n;
    input_size = (u64)n;
    write_input();
    return 1;
  }
  i64 n = SYS3(read, client->fd, client->header + client->header_used, FRAME_HEADER - client->header_used);
  if (n == -EAGAIN || n == -EINTR) return 0;
  if (n <= 0) return drop(client), 0;
  client->header_used += (u32)n;
  if (client->header_used < FRAME_HEADER) return 1;
  client->header_used = 0;
  const u8 *h = client->header;
  u32 operand = (u32)h[4] << 24 | (u32)h[5] << 16 | (u32)h[6] << 8 | h[7];
  switch (h[0]) {
    case FRAME_STDIN:
      client->payload_left = operand;
      break;
    case FRAME_STDIN_END:
      input_ended = 1;
      if (input_size == 0) write_input();
      break;
    case FRAME_RESIZE: {
      u16 size[4] = {(u16)(operand >> 16), (u16)operand, 0, 0};
      if (out_fd >= 0) SYS3(ioctl, out_fd, TIOCSWINSZ, size);
      break;
    }
    case FRAME_SIGNAL:
      SYS4(pidfd_send_signal, pidfd, operand, 0, 0);
      break;
    case FRAME_SUBSCRIBE:
      client->subscribed = operand != 0;
      client->sent = frame_size;
      break;
    default:
      drop(client);
      return 0;
  }
  return 1;
}

/* `exit` appears whole or not at all: {"exitCode":137,"signal":9,"at":"…Z"} */
static void write_exit(i64 directory, int durable, u32 code, u32 signal, const struct timespec *at) {
  char line[128], *end = text(line, "{\"exitCode\":");
  end = decimal(end, code, 1);
  if (signal != 0) end = decimal(text(end, ",\"signal\":"), signal, 1);
  end = timestamp(text(end, ",\"at\":\""), at);
  end = text(end, "\"}\n");
  i64 fd = SYS4(openat, directory, "exit.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  write_all(fd, line, (u64)(end - line));
  if (durable) SYS1(fdatasync, fd);
  SYS1(close, fd);
  SYS5(renameat2, directory, "exit.tmp", directory, "exit", 0);
  if (durable) SYS1(fdatasync, directory);
}

static void tell_exit(i32 status, const struct timespec *at) {
  struct {
    u8 header[FRAME_HEADER];
    i32 status, zero;
    i64 sec, nsec;
  } exit_frame = {.status = status, .sec = at->sec, .nsec = at->nsec};
  frame_header(exit_frame.header, FRAME_EXIT, sizeof exit_frame - FRAME_HEADER);
  for (int i = 0; i < MAX_CLIENTS; i++) {
    if (clients[i].fd < 0) continue;
    /* small enough to fit; a client that does not read at all must not hold the monitor for ever */
    SYS6(sendto, clients[i].fd, &exit_frame, sizeof exit_frame, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
  }
}

static i64 slot_fd(u32 slot) {
  return slot == NO_SLOT ? -1 : slots[slot];
}

/* Signals sent to the monitor are the container's: HUP INT QUIT USR1 USR2 TERM CONT WINCH. */
static i64 take_signals(void) {
  u64 mask = 1ul << 0 | 1ul << 1 | 1ul << 2 | 1ul << 9 | 1ul << 11 | 1ul << 14 | 1ul << 17 | 1ul << 27, ignored = 1ul << 12;
  u64 blocked = mask | ignored; /* a blocked SIGPIPE becomes the error EPIPE */
  SYS4(rt_sigprocmask, SIG_SETMASK, &blocked, 0, 8);
  return SYS4(signalfd4, -1, &mask, 8, SFD_FLAGS);
}

static void monitor(const struct monitor *m, u32 op) {
  i64 child = slots[m->child], pidfd = slots[m->pidfd], sync = slots[m->sync];
  i64 listener = slot_fd(m->listener), directory = slot_fd(m->directory);
  out_fd = slot_fd(m->out), err_fd = slot_fd(m->err), in_fd = slot_fd(m->in);

  u8 byte;
  i64 n;
  int at_execve = 0;
  while ((n = SYS3(read, sync, &byte, 1)) == -EINTR || (n == 1 && byte == '.'))
    if (n == 1) at_execve = 1;
  SYS1(close, sync);
  if (n == 1 || !at_execve) { /* the child has reported why, or was killed before it could */
    while (SYS4(wait4, child, 0, 0, 0) == -EINTR) {}
    exit_process(1);
  }
  i64 signals = take_signals();
  if (m->flags & MONITOR_LOG) log_open(directory, m->log_max_bytes, m->log_max_files);
  for (int i = 0; i < MAX_CLIENTS; i++) clients[i].fd = -1;
  report(op, EVENT_STARTED, child, now_ns(), 0);
  flush_events();
  if (m->flags & MONITOR_FOREGROUND) SYS1(close, CONTROL_FD);
  else adopt(CONTROL_FD);
  clients[0].subscribed = (m->flags & MONITOR_SUBSCRIBED) != 0;
  set_nonblocking(out_fd);
  set_nonblocking(err_fd);
  set_nonblocking(in_fd);

  int exited = 0;
  i32 status = 0;
  struct timespec ended = {0, 0};
  for (;;) {
    int pending = frame_pending();
    struct pollfd polls[6 + MAX_CLIENTS] = {
        {.fd = exited ? -1 : (i32)pidfd, .events = POLLIN},
        {.fd = (i32)signals, .events = POLLIN},
        {.fd = (i32)listener, .events = POLLIN},
        {.fd = pending ? -1 : (i32)out_fd, .events = POLLIN},
        {.fd = pending ? -1 : (i32)err_fd, .events = POLLIN},
        {.fd = input_size > 0 ? (i32)in_fd : -1, .events = POLLOUT},
    };
    for (int i = 0; i < MAX_CLIENTS; i++) {
      struct client *client = &clients[i];
      int full = client->payload_left > 0 && input_size > 0;
      polls[6 + i].fd = (i32)client->fd;
      polls[6 + i].events = (u16)((full ? 0 : POLLIN) | (client->subscribed && client->sent < frame_size ? POLLOUT : 0));
    }
    /* After the exit only what is there already is read: others may hold the pipe open. A stuck subscriber has five seconds. */
    struct timespec patience = {pending ? 5 : 0, 0};
    i64 ready = SYS5(ppoll, polls, 6 + MAX_CLIENTS, exited ? &patience : 0, 0, 8);
    if (ready == -EINTR) continue;
    if (exited && (ready == 0 || (!pending && polls[3].revents == 0 && polls[4].revents == 0))) break;

    if (polls[3].revents != 0) pump(&out_fd, 1);
    if (polls[4].revents != 0 && !frame_pending()) pump(&err_fd, 2);
    if (polls[5].revents != 0) write_input();
    if (polls[2].revents & POLLIN) {
      i64 fd = SYS4(accept4, listener, 0, 0, SFD_FLAGS & O_CLOEXEC);
      if (fd >= 0) adopt(fd);
    }
    for (int i = 0; i < MAX_CLIENTS; i++) {
      if (clients[i].fd < 0 || clients[i].fd != polls[6 + i].fd) continue;
      if (polls[6 + i].revents & (POLLIN | POLLHUP | POLLERR))
        while (clients[i].fd >= 0 && hear(&clients[i], pidfd)) {}
    }
    if (polls[1].revents & POLLIN) {
      u32 info[32]; /* struct signalfd_siginfo: the signal's number comes first */
      if (SYS3(read, signals, info, sizeof info) > 0) SYS4(pidfd_send_signal, pidfd, info[0], 0, 0);
    }
    if (polls[0].revents != 0 && SYS4(wait4, child, &status, WNOHANG, 0) == child) {
      exited = 1;
      SYS2(clock_gettime, CLOCK_REALTIME, &ended);
    }
  }

  u32 signal = (u32)status & 0x7f, code = signal != 0 ? 128 + signal : ((u32)status >> 8) & 0xff;
  if (m->flags & MONITOR_LOG) log_end();
  if (directory >= 0) write_exit(directory, m->flags & MONITOR_DURABLE, code, signal, &ended);
  tell_exit(status, &ended);
  exit_process(m->flags & MONITOR_FOREGROUND ? (int)code : 0);
}

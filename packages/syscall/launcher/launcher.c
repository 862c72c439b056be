/*
 * The launcher: runs a list of system calls that was written down as data (program.ts), and reports every result.
 *
 * There is no logic of containers in it. It reads a program from descriptor 3, makes the calls in order, stops at the
 * first error that a call does not allow, and writes an event for each call to descriptor 3. Of its own it knows three
 * things: to fork (clone3 as any other call, but both processes go on), to wait for a byte before a step (so that one
 * can walk through a container as it is made), and to stay behind as the container's monitor (monitor.c). For `run --init`
 * the same file is the container's process 1 (init.c), and for a daemon it is a server that forks launchers (serve.c).
 *
 * Freestanding C: no libc, one static page or two, because one of these lives as long as each container does.
 */
#include "program.h"

static i64 slots[MAX_SLOTS];
static u8 *program_start;
static u64 program_size;
static u8 *data;
static u32 header_flags;
static int in_container;
static i64 failure_fd = -1;

__attribute__((noreturn)) static void exit_process(int code) {
  for (;;) SYS1(exit_group, code);
}

static int write_all(i64 fd, const void *bytes, u64 size) {
  const u8 *at = bytes;
  while (size > 0) {
    i64 n = SYS3(write, fd, at, size);
    if (n == -EINTR) continue;
    if (n <= 0) return -1;
    at += n;
    size -= (u64)n;
  }
  return 0;
}

static int read_all(i64 fd, void *bytes, u64 size) {
  u8 *at = bytes;
  while (size > 0) {
    i64 n = SYS3(read, fd, at, size);
    if (n == -EINTR) continue;
    if (n <= 0) return -1;
    at += n;
    size -= (u64)n;
  }
  return 0;
}

/* Events wait here until somebody needs them: before a gate, before execve, at the end. */
static struct event events[64];
static u32 event_count;

static void flush_events(void) {
  if (event_count > 0) write_all(CONTROL_FD, events, event_count * sizeof(struct event));
  event_count = 0;
}

static void report(u32 op, u16 kind, i64 result, u64 start_ns, u64 duration_ns) {
  struct event *event = &events[event_count++];
  event->op = op;
  event->kind = kind;
  event->in_container = (u16)in_container;
  event->result = result;
  event->start_ns = start_ns;
  event->duration_ns = duration_ns;
  if (event_count == sizeof(events) / sizeof(events[0])) flush_events();
}

#include "log.c"
#include "monitor.c"
#include "init.c"
#include "serve.c"

static i64 argument(const struct op *op, int i, char *path) {
  switch (op->arg_kind[i]) {
    case ARG_DATA:
      return (i64)(data + op->arg[i]);
    case ARG_SLOT:
      return slots[op->arg[i]];
    case ARG_FD_PATH:
      *decimal(text(path, "/proc/self/fd/"), (u64)slots[op->arg[i]], 1) = 0;
      return (i64)path;
    default:
      return op->arg[i];
  }
}

static int allowed(const struct op *op, i64 result) {
  for (int i = 0; i < op->allow_count; i++)
    if (op->allow[i] == -result) return 1;
  return 0;
}

/* Ends the process after an error. The other process of the pair sees the end of the sync socket. */
static void fail(u32 index, const struct op *op, i64 result, u64 start_ns, u64 duration_ns) {
  if (!(op->flags & QUIET)) report(index, EVENT_FAILED, result, start_ns, duration_ns);
  flush_events();
  if (in_container && failure_fd >= 0) write_all(failure_fd, "!", 1);
  exit_process(1);
}

static i64 perform(u32 index, const struct op *op) {
  char path[4][32];
  i64 a[6];
  for (int i = 0; i < 6; i++) a[i] = i < op->argc ? argument(op, i, path[i & 3]) : 0;
  int traced = (header_flags & TRACE) && !(op->flags & QUIET);
  int timed = traced || (op->flags & REPORT);
  if (op->flags & REPORT) {
    flush_events();
    /* A process that is killed closes its end too: only after this byte does the end of file mean execve. */
    if (in_container && failure_fd >= 0) write_all(failure_fd, ".", 1);
  }
  u64 start = timed ? now_ns() : 0;
  i64 result = sys6(op->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
  u64 duration = timed ? now_ns() - start : 0;
  if (result >= 0 && (op->flags & RESULT_AT)) result = *(i32 *)(data + op->result_at);
  if (result < 0 && result >= -4095 && !allowed(op, result)) fail(index, op, result, start, duration);
  if (result == 0 && (op->flags & NONZERO)) fail(index, op, -EPIPE, start, duration);
  if (timed || result < 0) report(index, EVENT_CALL, result, start, duration);
  return result;
}

__attribute__((noreturn)) static void load_and_run(void);

__attribute__((noreturn)) static void run(const struct op *ops, u32 count) {
  for (u32 i = 0; i < count; i++) {
    const struct op *op = &ops[i];
    switch (op->kind) {
      case OP_SYSCALL: {
        i64 result = perform(i, op);
        if (op->slot != NO_SLOT) slots[op->slot] = result;
        break;
      }
      case OP_FORK: {
        /* Both processes go on: the child with the next op, the parent at arg[2]. */
        flush_events();
        u64 start = now_ns();
        i64 result = sys6(op->nr, (i64)(data + op->arg[0]), op->arg[1], 0, 0, 0, 0);
        if (result < 0) fail(i, op, result, start, now_ns() - start);
        slots[op->slot] = result;
        if (result == 0) {
          in_container = 1;
          failure_fd = slots[op->arg[3]];
        } else {
          report(i, EVENT_CALL, result, start, now_ns() - start);
          flush_events();
          i = (u32)op->arg[2] - 1;
        }
        break;
      }
      case OP_STEP:
        if (header_flags & (TRACE | STEPPING)) report(i, EVENT_STEP, 0, now_ns(), 0);
        if (header_flags & STEPPING) {
          u8 go;
          flush_events();
          if (read_all(CONTROL_FD, &go, 1) != 0) fail(i, op, -EPIPE, 0, 0);
        }
        break;
      case OP_LOAD:
        slots[op->slot] = *(i32 *)(data + op->arg[0]);
        break;
      case OP_PATCH:
        memcpy(data + op->arg[0], &slots[op->arg[1]], (u64)op->arg[2]);
        break;
      case OP_AWAIT: {
        /* The other process hands over. No byte, or '!': it has failed and said why. */
        u8 go = '!';
        if (read_all(slots[op->arg[0]], &go, 1) != 0 || go == '!') {
          if (!in_container) SYS4(wait4, -1, 0, 0, 0);
          exit_process(1);
        }
        break;
      }
      case OP_SERVE: {
        i64 listener = slots[op->arg[0]];
        report(i, EVENT_STARTED, 0, now_ns(), 0);
        flush_events();
        SYS2(munmap, program_start, program_size);
        serve(listener);
        load_and_run();
      }
      case OP_MONITOR: {
        struct monitor operand = *(struct monitor *)(data + op->arg[0]);
        u32 index = i;
        SYS2(munmap, program_start, program_size);
        monitor(&operand, index);
        break;
      }
    }
  }
  flush_events();
  exit_process(0);
}

/* Reads a program from descriptor 3 and runs it. */
static void load_and_run(void) {
  struct header header;
  if (read_all(CONTROL_FD, &header, sizeof header) != 0) exit_process(1);
  u64 ops_size = (u64)header.op_count * sizeof(struct op);
  u64 relocations_size = (u64)header.relocation_count * sizeof(struct relocation);
  program_size = ops_size + relocations_size + header.data_size;
  if (header.magic != MAGIC || program_size > MAX_PROGRAM || header.slot_count > MAX_SLOTS) exit_process(1);

  /* PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS */
  i64 memory = SYS6(mmap, 0, program_size, 3, 0x22, -1, 0);
  if (memory < 0 && memory >= -4095) exit_process(1);
  program_start = (u8 *)memory;
  if (read_all(CONTROL_FD, program_start, program_size) != 0) exit_process(1);

  const struct relocation *relocations = (struct relocation *)(program_start + ops_size);
  data = program_start + ops_size + relocations_size;
  for (u32 i = 0; i < header.relocation_count; i++) *(u64 *)(data + relocations[i].at) = (u64)(data + relocations[i].target);
  header_flags = header.flags;
  run((const struct op *)program_start, header.op_count);
}

/* Entered by _start with the stack as the kernel made it: argc, argv, NULL, environment. */
__attribute__((noreturn, used)) void launcher_main(u64 *stack) {
  char **argv = (char **)(stack + 1);
  if (stack[0] > 2 && argv[1][0] == '-' && argv[1][1] == '-' && argv[1][2] == 0) init(argv + 2, argv + stack[0] + 1);
  load_and_run();
  for (;;) exit_process(0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call launcher_main\n hlt\n");
#else
__asm__(".globl _start\n_start:\n mov x0,sp\n mov x29,#0\n mov x30,#0\n b launcher_main\n");
#endif

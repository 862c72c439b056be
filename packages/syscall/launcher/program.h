/*
 * The program format, written by program.ts and read here.
 *
 *   header 24 bytes │ ops 80 bytes each │ relocations 8 bytes each │ data
 *
 * All integers are little-endian. A relocation adds the address of the data to the 64-bit word at `at`: argv arrays and
 * pointers inside structs. Results of calls are kept in slots, and later arguments name a slot.
 */
#ifndef PROGRAM_H
#define PROGRAM_H
#include "sys.h"

#define MAGIC 0x314c444du /* "MDL1" */
#define NO_SLOT 0xffffffffu
#define MAX_SLOTS 1024
#define MAX_PROGRAM (4u << 20)
#define CONTROL_FD 3

struct header {
  u32 magic, flags, op_count, slot_count, data_size, relocation_count;
};
enum header_flag { TRACE = 1, STEPPING = 2 };

enum op_kind { OP_SYSCALL, OP_FORK, OP_STEP, OP_LOAD, OP_PATCH, OP_AWAIT, OP_MONITOR, OP_SERVE };
enum op_flag {
  REPORT = 1,   /* report the result even when not tracing */
  NONZERO = 2,  /* the result 0 is an error: the other end is gone */
  QUIET = 4,    /* the launcher's own business: no event, and an error ends the process silently */
  RESULT_AT = 8, /* the result stands in what the call received: netlink answers with an errno in a message */
};
enum arg_kind { ARG_VALUE, ARG_DATA, ARG_SLOT, ARG_FD_PATH };

struct op {
  u8 kind, flags, argc, allow_count;
  u32 slot;
  u8 arg_kind[6];
  u16 step;
  u32 nr, result_at; /* result_at: of the i32 in the data, with RESULT_AT */
  i64 arg[6];
  u16 allow[4];
};

struct relocation {
  u32 at, target;
};

/*
 * One event on the control socket, 32 bytes. `result` is what the kernel returned, negative errno included. EVENT_STARTED is the last one
 * of a launch: execve has succeeded, and from then on the socket speaks the monitor's frames (monitor.c).
 */
enum event_kind { EVENT_CALL = 1, EVENT_STEP = 2, EVENT_FAILED = 3, EVENT_STARTED = 4 };
struct event {
  u32 op;
  u16 kind, in_container;
  i64 result;
  u64 start_ns, duration_ns;
};

/* The operand of OP_MONITOR, in the data. Slots hold file descriptors; NO_SLOT where there is none. */
enum monitor_flag { MONITOR_TTY = 1, MONITOR_DURABLE = 2, MONITOR_LOG = 4, MONITOR_FOREGROUND = 8, MONITOR_SUBSCRIBED = 16 };
struct monitor {
  u32 flags;
  u32 child, pidfd, sync;      /* sync: '.' before execve, then end of file when it has succeeded */
  u32 out, err, in, listener;  /* with a tty, `out` and `in` are the pty's master */
  u32 directory;               /* where `exit` and the log are written */
  u32 log_max_files;
  u64 log_max_bytes;
};
#endif

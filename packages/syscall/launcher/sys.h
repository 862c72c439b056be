/* The kernel without a C library: raw system calls, and the few constants and helpers the launcher needs. */
#ifndef SYS_H
#define SYS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef int i32;
typedef long i64;

#if defined(__x86_64__)
enum {
  NR_read = 0, NR_write = 1, NR_close = 3, NR_mmap = 9, NR_munmap = 11, NR_rt_sigaction = 13,
  NR_rt_sigprocmask = 14, NR_ioctl = 16, NR_fcntl = 72, NR_wait4 = 61, NR_exit_group = 231, NR_openat = 257,
  NR_renameat2 = 316, NR_ppoll = 271, NR_accept4 = 288, NR_signalfd4 = 289, NR_fdatasync = 75, NR_clock_gettime = 228,
  NR_pidfd_send_signal = 424, NR_lseek = 8, NR_unlinkat = 263, NR_sendto = 44, NR_execve = 59, NR_clone3 = 435, NR_setpgid = 109, NR_getpid = 39,
  NR_kill = 62, NR_rt_sigtimedwait = 128, NR_dup3 = 292, NR_setsid = 112,
};
static inline i64 sys6(i64 nr, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  register i64 r10 __asm__("r10") = d;
  register i64 r8 __asm__("r8") = e;
  register i64 r9 __asm__("r9") = f;
  i64 result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum {
  NR_read = 63, NR_write = 64, NR_close = 57, NR_mmap = 222, NR_munmap = 215, NR_rt_sigaction = 134,
  NR_rt_sigprocmask = 135, NR_ioctl = 29, NR_fcntl = 25, NR_wait4 = 260, NR_exit_group = 94, NR_openat = 56,
  NR_renameat2 = 276, NR_ppoll = 73, NR_accept4 = 242, NR_signalfd4 = 74, NR_fdatasync = 83, NR_clock_gettime = 113,
  NR_pidfd_send_signal = 424, NR_lseek = 62, NR_unlinkat = 35, NR_sendto = 206, NR_execve = 221, NR_clone3 = 435, NR_setpgid = 154, NR_getpid = 172,
  NR_kill = 129, NR_rt_sigtimedwait = 137, NR_dup3 = 24, NR_setsid = 157,
};
static inline i64 sys6(i64 nr, i64 a, i64 b, i64 c, i64 d, i64 e, i64 f) {
  register i64 x8 __asm__("x8") = nr;
  register i64 x0 __asm__("x0") = a;
  register i64 x1 __asm__("x1") = b;
  register i64 x2 __asm__("x2") = c;
  register i64 x3 __asm__("x3") = d;
  register i64 x4 __asm__("x4") = e;
  register i64 x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
#else
#error "x86-64 and arm64 only"
#endif

#define SYS0(n) sys6(NR_##n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) sys6(NR_##n, (i64)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) sys6(NR_##n, (i64)(a), (i64)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) sys6(NR_##n, (i64)(a), (i64)(b), (i64)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) sys6(NR_##n, (i64)(a), (i64)(b), (i64)(c), (i64)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) sys6(NR_##n, (i64)(a), (i64)(b), (i64)(c), (i64)(d), (i64)(e), 0)
#define SYS6(n, a, b, c, d, e, f) sys6(NR_##n, (i64)(a), (i64)(b), (i64)(c), (i64)(d), (i64)(e), (i64)(f))

enum { EINTR = 4, EAGAIN = 11, EPIPE = 32, EPROTO = 71 };
enum { O_RDONLY = 0, O_WRONLY = 1, O_CREAT = 0100, O_TRUNC = 01000, O_APPEND = 02000, O_NONBLOCK = 04000, O_CLOEXEC = 02000000 };
enum { F_GETFL = 3, F_SETFL = 4, SEEK_END = 2, MSG_NOSIGNAL = 0x4000, MSG_DONTWAIT = 0x40 };
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1 };

struct timespec { i64 sec, nsec; };

static inline u64 now_ns(void) {
  struct timespec t;
  SYS2(clock_gettime, CLOCK_MONOTONIC, &t);
  return (u64)t.sec * 1000000000ul + (u64)t.nsec;
}

/* The compiler may call these by itself. */
void *memcpy(void *to, const void *from, u64 n) {
  u8 *t = to;
  const u8 *f = from;
  while (n--) *t++ = *f++;
  return to;
}
void *memset(void *to, int byte, u64 n) {
  u8 *t = to;
  while (n--) *t++ = (u8)byte;
  return to;
}
void *memmove(void *to, const void *from, u64 n) {
  u8 *t = to;
  const u8 *f = from;
  if (t < f) return memcpy(to, from, n);
  while (n--) t[n] = f[n];
  return to;
}

/* Writes `value` in decimal at `at`, at least `width` digits; returns what follows. */
static char *decimal(char *at, u64 value, int width) {
  char digits[20];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10), value /= 10;
  while (value != 0 || n < width);
  while (n > 0) *at++ = digits[--n];
  return at;
}

static char *text(char *at, const char *s) {
  while (*s) *at++ = *s++;
  return at;
}
#endif

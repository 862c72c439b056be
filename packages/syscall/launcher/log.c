/*
 * The container's log, in docker's json-file format, one line of output a line of JSON:
 *
 *   {"log":"hello\n","stream":"stdout","time":"2026-11-20T20:41:03.123456789Z"}
 *
 * Lines longer than 16 KiB are cut into pieces without \n. When the file would exceed `max_bytes` it becomes .1, the
 * former .1 becomes .2, and so on up to `max_files` in all, so that a log cannot fill the disk.
 */
enum { LINE_MAX = 16384, LOG_BUFFER = 65536, ENTRY_MAX = LINE_MAX * 6 + 128 };

static struct {
  i64 directory, fd;
  u64 max_bytes, size;
  u32 max_files;
} logger = {.fd = -1};

static u8 log_buffer[LOG_BUFFER + ENTRY_MAX];
static u64 log_used;
static struct {
  u8 bytes[LINE_MAX];
  u64 used;
} partial[2];

static char *log_name(char *at, u32 number) {
  at = text(at, "container.log");
  if (number > 0) at = decimal(text(at, "."), number, 1);
  *at = 0;
  return at;
}

static void log_open(i64 directory, u64 max_bytes, u32 max_files) {
  logger.directory = directory;
  logger.max_bytes = max_bytes;
  logger.max_files = max_files;
  logger.fd = SYS4(openat, directory, "container.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  i64 size = logger.fd < 0 ? 0 : SYS3(lseek, logger.fd, 0, SEEK_END);
  logger.size = size > 0 ? (u64)size : 0;
}

static void log_rotate(void) {
  char from[32], to[32];
  SYS1(close, logger.fd);
  if (logger.max_files <= 1) {
    SYS3(unlinkat, logger.directory, "container.log", 0);
  } else {
    for (u32 n = logger.max_files - 1; n > 0; n--) {
      log_name(from, n - 1);
      log_name(to, n);
      SYS5(renameat2, logger.directory, from, logger.directory, to, 0);
    }
  }
  log_open(logger.directory, logger.max_bytes, logger.max_files);
}

/* A full disk loses lines of the log, never the container. */
static void log_flush(void) {
  if (log_used > 0 && logger.fd >= 0) write_all(logger.fd, log_buffer, log_used);
  logger.size += log_used;
  log_used = 0;
}

/* The calendar date of a day since 1970-01-01, by Howard Hinnant's civil_from_days. */
static char *timestamp(char *at, const struct timespec *t) {
  i64 days = t->sec / 86400, second = t->sec % 86400;
  i64 z = days + 719468, era = z / 146097, doe = z - era * 146097;
  i64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  i64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  i64 month = mp < 10 ? mp + 3 : mp - 9;
  at = decimal(at, (u64)(yoe + era * 400 + (month <= 2)), 4);
  at = decimal(text(at, "-"), (u64)month, 2);
  at = decimal(text(at, "-"), (u64)(doy - (153 * mp + 2) / 5 + 1), 2);
  at = decimal(text(at, "T"), (u64)(second / 3600), 2);
  at = decimal(text(at, ":"), (u64)(second / 60 % 60), 2);
  at = decimal(text(at, ":"), (u64)(second % 60), 2);
  at = decimal(text(at, "."), (u64)t->nsec, 9);
  return text(at, "Z");
}

/* How many bytes of a well-formed UTF-8 sequence start at `s`; 0 for none. RFC 3629, table in section 4. */
static u64 utf8_length(const u8 *s, u64 left) {
  u8 c = s[0];
  u64 n = c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
  if (n == 0 || n > left) return 0;
  for (u64 i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f)) return 0;
  return n;
}

static u8 *json_string(u8 *to, const u8 *s, u64 size) {
  static const char hex[] = "0123456789abcdef";
  for (u64 i = 0; i < size;) {
    u8 c = s[i];
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      *to++ = c;
      i++;
      continue;
    }
    if (c >= 0x80) {
      u64 n = utf8_length(s + i, size - i);
      if (n == 0) {
        to = (u8 *)text((char *)to, "\\ufffd");
        i++;
      } else {
        while (n--) *to++ = s[i++];
      }
      continue;
    }
    *to++ = '\\';
    if (c == '"' || c == '\\') *to++ = c;
    else if (c == '\n') *to++ = 'n';
    else if (c == '\r') *to++ = 'r';
    else if (c == '\t') *to++ = 't';
    else {
      to = (u8 *)text((char *)to, "u00");
      *to++ = (u8)hex[c >> 4];
      *to++ = (u8)hex[c & 15];
    }
    i++;
  }
  return to;
}

static char time_text[32];

static void log_entry(int stream, const u8 *line, u64 size) {
  if (log_used >= LOG_BUFFER) log_flush();
  u8 *at = (u8 *)text((char *)log_buffer + log_used, "{\"log\":\"");
  at = json_string(at, line, size);
  at = (u8 *)text((char *)at, stream == 2 ? "\",\"stream\":\"stderr\",\"time\":\"" : "\",\"stream\":\"stdout\",\"time\":\"");
  at = (u8 *)text(text((char *)at, time_text), "\"}\n");
  u64 entry = (u64)(at - log_buffer) - log_used;
  if (logger.max_bytes > 0 && logger.size + log_used > 0 && logger.size + log_used + entry > logger.max_bytes) {
    log_flush();
    /* the entry was made behind what has just been flushed */
    memmove(log_buffer, at - entry, entry);
    log_rotate();
  }
  log_used += entry;
}

/* A piece that ends inside a character gives its last bytes back. */
static u64 whole_characters(const u8 *s, u64 size) {
  for (u64 back = 1; back <= 3 && back < size; back++) {
    u8 c = s[size - back];
    if (c < 0x80) return size;
    if (c >= 0xc0) return utf8_length(s + size - back, back) ? size : size - back;
  }
  return size;
}

/* Takes what the container wrote to stream 1 or 2. */
static void log_write(int stream, const u8 *bytes, u64 size) {
  if (logger.fd < 0) return;
  struct timespec now;
  SYS2(clock_gettime, CLOCK_REALTIME, &now);
  *timestamp(time_text, &now) = 0;
  u8 *line = partial[stream - 1].bytes;
  u64 used = partial[stream - 1].used;
  while (size > 0) {
    u64 room = LINE_MAX - used, take = 0;
    while (take < size && take < room && bytes[take] != '\n') take++;
    int ended = take < size && take < room;
    if (ended) take++;
    if (ended && used == 0) {
      log_entry(stream, bytes, take);
    } else {
      memcpy(line + used, bytes, take);
      used += take;
      if (ended) {
        log_entry(stream, line, used);
        used = 0;
      } else if (used == LINE_MAX) {
        u64 whole = whole_characters(line, used);
        log_entry(stream, line, whole);
        memmove(line, line + whole, used - whole);
        used -= whole;
      }
    }
    bytes += take;
    size -= take;
  }
  partial[stream - 1].used = used;
  log_flush();
}

/* Writes what was left without a newline. */
static void log_end(void) {
  for (int stream = 1; stream <= 2; stream++)
    if (partial[stream - 1].used > 0) log_entry(stream, partial[stream - 1].bytes, partial[stream - 1].used);
  log_flush();
}

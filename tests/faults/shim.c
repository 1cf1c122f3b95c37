// Preloaded into a process under test: a clock that is wrong, a disk that is slow or refuses.
//   SHIM_CLOCK_S=86400        the clock on the wall is ahead by so many seconds; the monotonic one is not touched
//   SHIM_FSYNC_MS=800         each fsync takes so much longer
//   SHIM_FAIL_FILE=/path      while this file exists, writes to paths with SHIM_FAIL_IN in them fail with SHIM_ERRNO
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long number(const char* name) {
  const char* value = getenv(name);
  return value == NULL ? 0 : atol(value);
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  static long ahead;
  if (real == NULL) {
    ahead = number("SHIM_CLOCK_S");
    real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  }
  int failed = real(clock, out);
  if (failed == 0 && clock == CLOCK_REALTIME) out->tv_sec += ahead;
  return failed;
}

static void dawdle(void) {
  long ms = number("SHIM_FSYNC_MS");
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  if (ms > 0) nanosleep(&pause, NULL);
}

static int refused(int fd) {
  const char* when = getenv("SHIM_FAIL_FILE");
  const char* part = getenv("SHIM_FAIL_IN");
  if (when == NULL || part == NULL || access(when, F_OK) != 0) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  if (strstr(path, part) == NULL) return 0;
  errno = (int)number("SHIM_ERRNO");
  return 1;
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  dawdle();
  return refused(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  dawdle();
  return refused(fd) ? -1 : real(fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static ssize_t (*real)(int, const void*, size_t);
  if (real == NULL) real = (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
  return refused(fd) ? -1 : real(fd, bytes, size);
}

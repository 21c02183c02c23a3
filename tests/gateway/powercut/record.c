/* Records what a process does to the files below a folder, and what it says over TCP, in one true order.
 *
 * Preloaded (LD_PRELOAD) into a process with
 *   RECORD_TRACE         the file that records are appended to
 *   RECORD_ROOT          the folder that matters, an absolute path without symbolic links
 *   RECORD_SLOW_SYNC_US  every sync takes so many microseconds longer, so that whoever does not wait is seen
 * SIGRTMAX kills it like SIGKILL, but never between a call and its record.
 *
 * A call and its record share a lock, so that no record stands in another order than its call took effect. A sync
 * has two records: what was written before the first is on the disk after the second, and others go on in between.
 * The real work is done by bare system calls; only 64-bit Linux is meant. What is not understood (a copy inside
 * the kernel, a writable mapping) is recorded as such, for the reader to refuse. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { START = 'S', OPEN = 'O', CREATE = 'C', CLOSE = 'X', WRITE = 'W', TRUNCATE = 'T', SYNC_BEGIN = 'B', SYNC_END = 'E',
       UNLINK = 'U', RENAME = 'R', SEND = 'N', MAPPED = 'M', OTHER = '?' };
enum { UNKNOWN, FILE_BELOW, TCP, NEITHER };

struct record { uint8_t kind; uint8_t zero[3]; int32_t fd; int64_t offset; uint32_t length; uint32_t zero2; };

#define FDS 4096
#define TRACE_FD 900 /* out of the way of whatever counts on low numbers */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t sort[FDS]; /* what is behind a descriptor */
static __thread sigset_t before;
static int trace = -1;
static char root[4096];
static size_t root_length;
static long slow_us;
static int64_t ticket;

/* Python's signal handler writes to a socket, so no signal may come while this thread has the lock. */
static void enter(void) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  pthread_mutex_lock(&lock);
  before = old;
}
static void leave(void) {
  sigset_t old = before;
  pthread_mutex_unlock(&lock);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void put(int kind, int fd, int64_t offset, const void *data, size_t length) {
  struct record head = {.kind = (uint8_t)kind, .fd = fd, .offset = offset, .length = (uint32_t)length};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, length}};
  int kept = errno;
  if (trace >= 0 && syscall(SYS_writev, trace, parts, 2) != (long)(sizeof head + length)) abort();
  errno = kept;
}

static void die(int number) {
  (void)number;
  pthread_mutex_lock(&lock); /* never held by this thread here: see enter() */
  syscall(SYS_kill, getpid(), SIGKILL);
}

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("RECORD_TRACE"), *below = getenv("RECORD_ROOT"), *slow = getenv("RECORD_SLOW_SYNC_US");
  if (!file || !below) return;
  slow_us = slow ? atol(slow) : 0;
  root_length = (size_t)snprintf(root, sizeof root, "%s/", below);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  trace = fcntl(fd, F_DUPFD_CLOEXEC, TRACE_FD);
  if (trace < 0) abort();
  syscall(SYS_close, fd);
  signal(SIGRTMAX, die);
  put(START, getpid(), 0, "", 0);
}

/* The name below the root, or NULL; `at` is as in openat. */
static const char *below(int at, const char *path, char *space, size_t size) {
  if (path[0] != '/') {
    char link[64];
    snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
    ssize_t length = readlink(link, space, size - 1);
    if (length < 0) return NULL;
    snprintf(space + length, size - (size_t)length, "/%s", path);
    path = space;
  }
  return trace >= 0 && !strncmp(path, root, root_length) ? path + root_length : NULL;
}

static int is(int fd, int what) {
  if (fd < 0 || fd >= FDS || trace < 0) return 0;
  if (sort[fd] == UNKNOWN && what == TCP) { /* files are known since they were opened */
    int domain = 0;
    socklen_t size = sizeof domain;
    int tcp = !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) && (domain == AF_INET || domain == AF_INET6);
    sort[fd] = tcp ? TCP : NEITHER;
  }
  return sort[fd] == what;
}

static int do_open(int at, const char *path, int flags, mode_t mode) {
  enter();
  int existed = syscall(SYS_faccessat, at, path, F_OK) == 0;
  int fd = (int)syscall(SYS_openat, at, path, flags, mode);
  int kept = errno;
  if (fd >= 0 && fd < FDS) {
    char link[64], name[4200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = trace < 0 ? -1 : readlink(link, name, sizeof name - 2);
    sort[fd] = NEITHER;
    if (length > 0) {
      name[length] = 0;
      int folder = !strncmp(name, root, root_length - 1) && name[root_length - 1] == 0;
      if (folder) strcat(name, "/");
      if (folder || !strncmp(name, root, root_length)) {
        sort[fd] = FILE_BELOW;
        put(existed ? OPEN : CREATE, fd, flags, name + root_length, strlen(name + root_length));
        if (existed && (flags & O_TRUNC)) put(TRUNCATE, fd, 0, "", 0);
      }
    }
  }
  leave();
  errno = kept;
  return fd;
}

#define OPEN_WITH_MODE(at, path, flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); } \
  return do_open(at, path, flags, mode)
int open(const char *path, int flags, ...) { OPEN_WITH_MODE(AT_FDCWD, path, flags); }
int open64(const char *path, int flags, ...) { OPEN_WITH_MODE(AT_FDCWD, path, flags); }
int openat(int at, const char *path, int flags, ...) { OPEN_WITH_MODE(at, path, flags); }
int openat64(int at, const char *path, int flags, ...) { OPEN_WITH_MODE(at, path, flags); }
int __open_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return do_open(AT_FDCWD, path, flags, 0); }
int __openat_2(int at, const char *path, int flags) { return do_open(at, path, flags, 0); }
int __openat64_2(int at, const char *path, int flags) { return do_open(at, path, flags, 0); }
int creat(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
  enter();
  if (fd == trace) { leave(); return 0; } /* a sweep over all descriptors is not meant for this one */
  if (is(fd, FILE_BELOW) || (fd >= 0 && fd < FDS && sort[fd] == TCP)) put(CLOSE, fd, 0, "", 0);
  if (fd >= 0 && fd < FDS) sort[fd] = UNKNOWN;
  int result = (int)syscall(SYS_close, fd);
  leave();
  return result;
}

/* Record `done` bytes out of parts; for a file they stand at `offset`, or right before its position (-1). */
static void put_parts(int kind, int fd, int64_t offset, const struct iovec *parts, int count, size_t done) {
  for (int i = 0; i < count && done > 0; i++) {
    size_t some = parts[i].iov_len < done ? parts[i].iov_len : done;
    put(kind, fd, offset, parts[i].iov_base, some);
    offset += (int64_t)some;
    done -= some;
  }
}

static ssize_t do_write(int fd, const struct iovec *parts, int count, int64_t offset) {
  enter();
  long done = offset < 0 ? syscall(SYS_writev, fd, parts, count) : syscall(SYS_pwritev, fd, parts, count, offset, 0L);
  int kept = errno;
  if (done > 0 && is(fd, FILE_BELOW)) {
    int64_t at = offset >= 0 ? offset : syscall(SYS_lseek, fd, 0L, SEEK_CUR) - done;
    put_parts(WRITE, fd, at, parts, count, (size_t)done);
  } else if (done > 0 && is(fd, TCP)) {
    put_parts(SEND, fd, 0, parts, count, (size_t)done);
  }
  leave();
  errno = kept;
  return done;
}

#define ONE(data, size) &(struct iovec){(void *)(data), size}, 1
ssize_t write(int fd, const void *data, size_t size) { return do_write(fd, ONE(data, size), -1); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return do_write(fd, parts, count, -1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return do_write(fd, ONE(data, size), at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return do_write(fd, ONE(data, size), at); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return do_write(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return do_write(fd, parts, count, at); }

int ftruncate64(int fd, off64_t length) {
  enter();
  int result = (int)syscall(SYS_ftruncate, fd, length);
  if (!result && is(fd, FILE_BELOW)) put(TRUNCATE, fd, length, "", 0);
  leave();
  return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int do_sync(long call, int fd) {
  enter();
  int ours = is(fd, FILE_BELOW);
  int64_t mine = ++ticket;
  if (ours) put(SYNC_BEGIN, fd, mine, "", 0);
  leave();
  if (ours && slow_us) usleep((useconds_t)slow_us);
  int result = (int)syscall(call, fd);
  int kept = errno;
  enter();
  if (ours && !result) put(SYNC_END, fd, mine, "", 0);
  leave();
  errno = kept;
  return result;
}
int fsync(int fd) { return do_sync(SYS_fsync, fd); }
int fdatasync(int fd) { return do_sync(SYS_fdatasync, fd); }

int unlinkat(int at, const char *path, int flags) {
  char space[8400];
  enter();
  const char *name = below(at, path, space, sizeof space);
  int result = (int)syscall(SYS_unlinkat, at, path, flags);
  if (!result && name) put(UNLINK, -1, 0, name, strlen(name));
  leave();
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int renameat2(int at, const char *old, int to, const char *new, unsigned flags) {
  char space[8400], other[8400], both[17000];
  enter();
  const char *from = below(at, old, space, sizeof space), *into = below(to, new, other, sizeof other);
  int result = (int)syscall(SYS_renameat2, at, old, to, new, flags);
  if (!result && (from || into)) { /* "old, zero byte, new" */
    int length = snprintf(both, sizeof both, "%s%c%s", from ? from : "", 0, into ? into : "");
    put(RENAME, -1, flags, both, (size_t)length);
  }
  leave();
  return result;
}
int renameat(int at, const char *old, int to, const char *new) { return renameat2(at, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  enter();
  long done = syscall(SYS_sendmsg, fd, message, flags);
  int kept = errno;
  if (done > 0 && is(fd, TCP)) put_parts(SEND, fd, 0, message->msg_iov, (int)message->msg_iovlen, (size_t)done);
  leave();
  errno = kept;
  return done;
}
ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
  struct iovec part = {(void *)data, size};
  struct msghdr message = {.msg_name = (void *)to, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
  return sendmsg(fd, &message, flags);
}
ssize_t send(int fd, const void *data, size_t size, int flags) { return sendto(fd, data, size, flags, NULL, 0); }

/* What the reader has to refuse, unless it concerns a file that a power cut empties anyway. */
static void other(const char *what, int fd) {
  enter();
  if (is(fd, FILE_BELOW)) put(OTHER, fd, 0, what, strlen(what));
  leave();
}
void *mmap64(void *at, size_t size, int rights, int flags, int fd, off64_t offset) {
  void *result = (void *)syscall(SYS_mmap, at, size, rights, flags, fd, offset);
  if (result != MAP_FAILED && (flags & MAP_SHARED) && (rights & PROT_WRITE)) {
    enter();
    if (is(fd, FILE_BELOW)) put(MAPPED, fd, 0, "", 0);
    leave();
  }
  return result;
}
void *mmap(void *at, size_t size, int rights, int flags, int fd, off_t offset) {
  return mmap64(at, size, rights, flags, fd, offset);
}
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags) {
  other("copy_file_range", out);
  return syscall(SYS_copy_file_range, in, in_at, out, out_at, size, flags);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
  other("sendfile", out);
  return syscall(SYS_sendfile, out, in, at, size);
}
ssize_t sendfile(int out, int in, off_t *at, size_t size) { return sendfile64(out, in, at, size); }
int fallocate64(int fd, int mode, off64_t at, off64_t size) {
  other("fallocate", fd);
  return (int)syscall(SYS_fallocate, fd, mode, at, size);
}
int fallocate(int fd, int mode, off_t at, off_t size) { return fallocate64(fd, mode, at, size); }
int posix_fallocate64(int fd, off64_t at, off64_t size) { return fallocate64(fd, 0, at, size) ? errno : 0; }
int posix_fallocate(int fd, off_t at, off_t size) { return posix_fallocate64(fd, at, size); }

/* Counts the system calls that change files below a folder, and kills the process before the n-th of them, or lets
 * calls of a kind fail from the n-th on. Preloaded by system_calls.py; it does nothing until faults_arm is called.
 * Writes that follow each other into one file count once. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITES = 1, REMOVES = 2, NAMES = 4, SYNCS = 8 };

static char below[PATH_MAX], last[PATH_MAX];
static long number, at;
static int action, kinds, names_log = -1; /* action: 0 counts, -1 kills, an errno fails */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void faults_arm(const char *folder, long first, int what, int of_kinds, int log) {
    snprintf(below, sizeof below, "%s", folder);
    last[0] = 0, number = 0, at = first, action = what, kinds = of_kinds, names_log = log;
}

static int counted(int kind, const char *call, const char *path) {
    char line[PATH_MAX + 64];
    int error = 0;
    if (!below[0] || !(kind & kinds) || strncmp(path, below, strlen(below))) return 0;
    pthread_mutex_lock(&mutex);
    if (action > 0 || strcmp(call, "write") || strcmp(path, last)) number++;
    snprintf(last, sizeof last, "%s", strcmp(call, "write") ? "" : path);
    if (names_log >= 0) {
        int length = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path + strlen(below));
        syscall(SYS_write, names_log, line, (size_t)length);
    }
    if (at && number >= at) {
        if (action < 0) syscall(SYS_kill, getpid(), SIGKILL);
        if (action > 0) error = action;
    }
    pthread_mutex_unlock(&mutex);
    return error;
}

static int by_path(int kind, const char *call, int folder, const char *path) {
    char whole[2 * PATH_MAX];
    if (!below[0] || !path) return 0;
    if (path[0] == '/') return counted(kind, call, path);
    if (folder == AT_FDCWD) {
        if (!getcwd(whole, PATH_MAX)) return 0;
    } else {
        char name[64];
        snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(name, whole, PATH_MAX);
        if (length < 0) return 0;
        whole[length] = 0;
    }
    size_t end = strlen(whole);
    snprintf(whole + end, sizeof whole - end, "/%s", path);
    return counted(kind, call, whole);
}

static int by_file(int kind, const char *call, int file) {
    char name[64], path[PATH_MAX];
    if (!below[0]) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return counted(kind, call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define OR_FAIL(expression, call) \
    do { int error = (expression); if (error) { errno = error; return -1; } return call; } while (0)

int rename(const char *a, const char *b) { OR_FAIL(by_path(NAMES, "rename", AT_FDCWD, b), REAL(rename)(a, b)); }
int renameat(int f, const char *a, int g, const char *b) { OR_FAIL(by_path(NAMES, "rename", g, b), REAL(renameat)(f, a, g, b)); }
int renameat2(int f, const char *a, int g, const char *b, unsigned flags) {
    OR_FAIL(by_path(NAMES, "exchange", g, b), REAL(renameat2)(f, a, g, b, flags));
}
int link(const char *a, const char *b) { OR_FAIL(by_path(NAMES, "link", AT_FDCWD, b), REAL(link)(a, b)); }
int linkat(int f, const char *a, int g, const char *b, int flags) { OR_FAIL(by_path(NAMES, "link", g, b), REAL(linkat)(f, a, g, b, flags)); }
int unlink(const char *p) { OR_FAIL(by_path(REMOVES, "unlink", AT_FDCWD, p), REAL(unlink)(p)); }
int unlinkat(int f, const char *p, int flags) { OR_FAIL(by_path(REMOVES, "unlink", f, p), REAL(unlinkat)(f, p, flags)); }
int rmdir(const char *p) { OR_FAIL(by_path(REMOVES, "rmdir", AT_FDCWD, p), REAL(rmdir)(p)); }
int mkdir(const char *p, mode_t m) { OR_FAIL(by_path(WRITES, "mkdir", AT_FDCWD, p), REAL(mkdir)(p, m)); }
int mkdirat(int f, const char *p, mode_t m) { OR_FAIL(by_path(WRITES, "mkdir", f, p), REAL(mkdirat)(f, p, m)); }
int fsync(int f) { OR_FAIL(by_file(SYNCS, "fsync", f), REAL(fsync)(f)); }
int fdatasync(int f) { OR_FAIL(by_file(SYNCS, "fsync", f), REAL(fdatasync)(f)); }
int ftruncate(int f, off_t n) { OR_FAIL(by_file(WRITES, "truncate", f), REAL(ftruncate)(f, n)); }
int ftruncate64(int f, off64_t n) { OR_FAIL(by_file(WRITES, "truncate", f), REAL(ftruncate64)(f, n)); }
ssize_t write(int f, const void *b, size_t n) { OR_FAIL(by_file(WRITES, "write", f), REAL(write)(f, b, n)); }
ssize_t pwrite(int f, const void *b, size_t n, off_t o) { OR_FAIL(by_file(WRITES, "write", f), REAL(pwrite)(f, b, n, o)); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t o) { OR_FAIL(by_file(WRITES, "write", f), REAL(pwrite64)(f, b, n, o)); }
ssize_t writev(int f, const struct iovec *v, int n) { OR_FAIL(by_file(WRITES, "write", f), REAL(writev)(f, v, n)); }
ssize_t sendfile(int t, int s, off_t *o, size_t n) {
    extern ssize_t sendfile(int, int, off_t *, size_t);
    OR_FAIL(by_file(WRITES, "write", t), REAL(sendfile)(t, s, o, n));
}
ssize_t sendfile64(int t, int s, off64_t *o, size_t n) {
    extern ssize_t sendfile64(int, int, off64_t *, size_t);
    OR_FAIL(by_file(WRITES, "write", t), REAL(sendfile64)(t, s, o, n));
}
ssize_t copy_file_range(int s, off64_t *so, int t, off64_t *to, size_t n, unsigned flags) {
    OR_FAIL(by_file(WRITES, "write", t), REAL(copy_file_range)(s, so, t, to, n, flags));
}

#define OPENING(name, at_folder, ...)                                             \
    va_list rest;                                                                 \
    va_start(rest, flags);                                                        \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;     \
    va_end(rest);                                                                 \
    OR_FAIL(flags & (O_CREAT | O_TRUNC) ? by_path(WRITES, "open", at_folder, p) : 0, REAL(name)(__VA_ARGS__, flags, mode))
int open(const char *p, int flags, ...) { OPENING(open, AT_FDCWD, p); }
int open64(const char *p, int flags, ...) { OPENING(open64, AT_FDCWD, p); }
int openat(int f, const char *p, int flags, ...) { OPENING(openat, f, f, p); }
int openat64(int f, const char *p, int flags, ...) { OPENING(openat64, f, f, p); }

/* Counts the calls of a process that change the disk, and ends the process before one of them or lets it fail.
 *
 * Loaded before the C library (LD_PRELOAD), so that it sees what Python and DuckDB do alike. `faults_arm` starts it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls, armed, at, fails;

/* at: the number of the call, from 1; 0 only counts. fails: 0 kills before it; else the errno of this call and of all
 * that follow it and need room on the disk. */
void faults_arm(long at_call, long error) {
    calls = 0;
    at = at_call;
    fails = error;
    armed = 1;
}

long faults_calls(void) { return calls; }

/* Whether the call is to fail; counts only what needs room where calls are to fail. */
static int hit(int needs_room) {
    if (!armed || (fails && !needs_room)) return 0;
    long number = ++calls;
    if (!at || number < at) return 0;
    if (!fails) {
        if (number == at) kill(getpid(), SIGKILL);
        return 0;
    }
    errno = (int)fails;
    return 1;
}

static int is_file(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define WRITES(type, name, parameters, arguments) \
    type name parameters { \
        REAL(name); \
        if (armed && is_file(descriptor) && hit(1)) return -1; \
        return real arguments; \
    }

WRITES(ssize_t, write, (int descriptor, const void *data, size_t size), (descriptor, data, size))
WRITES(ssize_t, pwrite, (int descriptor, const void *data, size_t size, off_t offset), (descriptor, data, size, offset))
WRITES(ssize_t, pwrite64, (int descriptor, const void *data, size_t size, off64_t offset),
       (descriptor, data, size, offset))
WRITES(ssize_t, writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
WRITES(int, ftruncate, (int descriptor, off_t size), (descriptor, size))
WRITES(int, ftruncate64, (int descriptor, off64_t size), (descriptor, size))
WRITES(int, fallocate, (int descriptor, int mode, off_t offset, off_t size), (descriptor, mode, offset, size))
WRITES(int, posix_fallocate, (int descriptor, off_t offset, off_t size), (descriptor, offset, size))
WRITES(int, fdatasync, (int descriptor), (descriptor))

#define CHANGES(name, needs_room, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        if (hit(needs_room)) return -1; \
        return real arguments; \
    }

CHANGES(fsync, 1, (int descriptor), (descriptor)) /* of folders, too */
CHANGES(rename, 1, (const char *from, const char *to), (from, to))
CHANGES(renameat, 1, (int a, const char *from, int b, const char *to), (a, from, b, to))
CHANGES(link, 1, (const char *from, const char *to), (from, to))
CHANGES(linkat, 1, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
CHANGES(symlink, 1, (const char *from, const char *to), (from, to))
CHANGES(mkdir, 1, (const char *path, mode_t mode), (path, mode))
CHANGES(unlink, 0, (const char *path), (path))
CHANGES(unlinkat, 0, (int folder, const char *path, int flags), (folder, path, flags))
CHANGES(rmdir, 0, (const char *path), (path))
CHANGES(remove, 0, (const char *path), (path))
CHANGES(chmod, 0, (const char *path, mode_t mode), (path, mode))
CHANGES(fchmod, 0, (int descriptor, mode_t mode), (descriptor, mode))

/* Opening changes the disk where it makes a file that is not there, or empties one that is. */
static int opens(const char *path, int flags) {
    if (!armed) return 0;
    int makes = (flags & O_CREAT) && access(path, F_OK) != 0;
    return (makes || (flags & O_TRUNC)) && hit(1);
}

#define OPENS(name, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list further; \
            va_start(further, flags); \
            mode = va_arg(further, mode_t); \
            va_end(further); \
        } \
        if (opens(path, flags)) return -1; \
        return real arguments; \
    }

OPENS(open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPENS(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

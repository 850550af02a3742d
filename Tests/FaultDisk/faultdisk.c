// A disk that fails on command, for the fault suite: preloaded into the server (LD_PRELOAD), it stands between SQLite and the kernel
// for the files of one folder. No part of usersync knows of it.
//
//   FAULT_DISK_FOLDER   the folder whose files (*.sqlite, *.sqlite-wal) it watches
//   FAULT_DISK_KILL     KIND:N:WHEN   kill -9 of the process at its Nth `sync` or `write` (counted over the watched files), `before` or
//                       `after` the call is carried out; a `write` killed `after` was carried out by half
//   FAULT_DISK_SHADOW   a folder that gets, of each watched file, what a power cut would leave: NAME.durable holds all that was
//                       synced, NAME.pending the operations since (kind, offset, length, bytes), any part of which may be lost
//   FAULT_DISK_CONTROL  a file whose first byte says what writes answer: 'n' no space, 'r' read-only, 'i' input/output error
//   FAULT_DISK_LOG      a file that is told where the process was killed
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 4096, NAME = 256 };
enum { OP_WRITE = 1, OP_TRUNCATE = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char names[MAX_FILES][NAME];  // by descriptor: the name of a watched file, or ""
static char folder[4096], shadow[4096], log_path[4096];
static volatile const char *control;
static char kill_kind[16], kill_when[16];
static long kill_at, syncs, writes;

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_close)(int), (*real_ftruncate)(int, off64_t);
static int (*real_open)(const char *, int, ...), (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_close = dlsym(RTLD_NEXT, "close");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    const char *text;
    // The folder as the kernel names it: SQLite resolves links.
    if ((text = getenv("FAULT_DISK_FOLDER")) && !realpath(text, folder)) folder[0] = 0;
    if ((text = getenv("FAULT_DISK_SHADOW"))) snprintf(shadow, sizeof shadow, "%s", text);
    if ((text = getenv("FAULT_DISK_LOG"))) snprintf(log_path, sizeof log_path, "%s", text);
    if ((text = getenv("FAULT_DISK_KILL"))) sscanf(text, "%15[^:]:%ld:%15s", kill_kind, &kill_at, kill_when);
    if ((text = getenv("FAULT_DISK_CONTROL"))) {
        int fd = real_open(text, O_RDONLY | O_CLOEXEC);
        void *page = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
        if (page != MAP_FAILED) control = page;
        if (fd >= 0) real_close(fd);
    }
}

static const char *name_of(int fd) { return fd >= 0 && fd < MAX_FILES && names[fd][0] ? names[fd] : NULL; }

static int refusal(void) {
    switch (control ? *control : 0) {
        case 'n': return ENOSPC;
        case 'r': return EROFS;
        case 'i': return EIO;
        default: return 0;
    }
}

static void die_if(const char *kind, long count, const char *when, const char *name) {
    if (count != kill_at || strcmp(kind, kill_kind) || strcmp(when, kill_when)) return;
    if (log_path[0]) {
        char line[512];
        int length = snprintf(line, sizeof line, "%s of %s, %s\n", kind, name, when);
        int fd = real_open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd >= 0 && real_write(fd, line, length) != length) abort();
    }
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// MARK: The shadow

static int shadow_file(const char *name, const char *suffix, int flags) {
    char path[8192];
    snprintf(path, sizeof path, "%s/%s%s", shadow, name, suffix);
    int fd = real_open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) abort();
    return fd;
}

static void put(int fd, const void *bytes, size_t count, off64_t at) {
    for (const char *p = bytes; count > 0;) {
        ssize_t n = real_pwrite(fd, p, count, at);
        if (n <= 0) abort();
        p += n, at += n, count -= n;
    }
}

// What stands in a file that is opened for the first time counts as durable.
static void shadow_open(int fd, const char *name) {
    char path[8192];
    struct stat known;
    snprintf(path, sizeof path, "%s/%s.durable", shadow, name);
    if (stat(path, &known) == 0) return;
    int out = shadow_file(name, ".durable", O_WRONLY | O_CREAT | O_TRUNC);
    char bytes[65536];
    off64_t at = 0;
    for (ssize_t n; (n = pread64(fd, bytes, sizeof bytes, at)) > 0; at += n) put(out, bytes, n, at);
    real_close(out);
}

static void shadow_note(const char *name, int64_t kind, int64_t offset, const void *bytes, int64_t count) {
    int out = shadow_file(name, ".pending", O_WRONLY | O_CREAT);
    off64_t end = lseek64(out, 0, SEEK_END);
    int64_t head[3] = {kind, offset, count};
    put(out, head, sizeof head, end);
    if (kind == OP_WRITE) put(out, bytes, count, end + sizeof head);
    real_close(out);
}

static void shadow_sync(const char *name) {
    int in = shadow_file(name, ".pending", O_RDWR | O_CREAT), out = shadow_file(name, ".durable", O_WRONLY | O_CREAT);
    int64_t head[3];
    off64_t at = 0;
    while (pread64(in, head, sizeof head, at) == sizeof head) {
        at += sizeof head;
        if (head[0] == OP_TRUNCATE) {
            if (real_ftruncate(out, head[1])) abort();
            continue;
        }
        char *bytes = malloc(head[2]);
        if (pread64(in, bytes, head[2], at) != head[2]) abort();
        put(out, bytes, head[2], head[1]);
        free(bytes);
        at += head[2];
    }
    if (real_ftruncate(in, 0)) abort();
    real_close(in);
    real_close(out);
}

// MARK: What SQLite calls

static int opened(int fd, const char *path) {
    char full[4096];
    if (fd < 0 || fd >= MAX_FILES || !folder[0] || !realpath(path, full)) return fd;
    size_t length = strlen(folder);
    const char *name = full + length + 1;
    if (strncmp(full, folder, length) || full[length] != '/' || strchr(name, '/') || strlen(name) >= NAME) return fd;
    size_t end = strlen(name);
    if (!(end > 7 && !strcmp(name + end - 7, ".sqlite")) && !(end > 11 && !strcmp(name + end - 11, ".sqlite-wal"))) return fd;
    pthread_mutex_lock(&lock);
    strcpy(names[fd], name);
    if (shadow[0]) shadow_open(fd, name);
    pthread_mutex_unlock(&lock);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(real_open(path, flags, mode), path);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(real_open(path, flags, mode), path);
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < MAX_FILES) names[fd][0] = 0;
    int result = real_close(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    const char *name = name_of(fd);
    if (!name) return real_pwrite(fd, bytes, count, at);
    int error = refusal();
    if (error) return errno = error, -1;
    pthread_mutex_lock(&lock);
    writes += 1;
    die_if("write", writes, "before", name);
    if (writes == kill_at && !strcmp(kill_kind, "write")) {
        if (shadow[0]) shadow_note(name, OP_WRITE, at, bytes, count / 2);
        (void)!real_pwrite(fd, bytes, count / 2, at);
        die_if("write", writes, "after", name);
    }
    if (shadow[0]) shadow_note(name, OP_WRITE, at, bytes, count);
    ssize_t result = real_pwrite(fd, bytes, count, at);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return pwrite64(fd, bytes, count, at); }

static int synced(int fd, int (*real)(int)) {
    const char *name = name_of(fd);
    if (!name) return real(fd);
    int error = refusal();
    if (error == EIO) return errno = error, -1;
    pthread_mutex_lock(&lock);
    syncs += 1;
    die_if("sync", syncs, "before", name);
    int result = real(fd);
    if (shadow[0]) shadow_sync(name);
    die_if("sync", syncs, "after", name);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int ftruncate64(int fd, off64_t length) {
    const char *name = name_of(fd);
    if (!name) return real_ftruncate(fd, length);
    int error = refusal();
    if (error) return errno = error, -1;
    pthread_mutex_lock(&lock);
    if (shadow[0]) shadow_note(name, OP_TRUNCATE, length, NULL, 0);
    int result = real_ftruncate(fd, length);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

// A file that is deleted is gone for good at once; SQLite deletes its log only when nothing in it is needed.
int unlink(const char *path) {
    char full[4096];
    int known = shadow[0] && folder[0] && realpath(path, full) && !strncmp(full, folder, strlen(folder));
    int result = real_unlink(path);
    if (known && result == 0) {
        const char *name = strrchr(full, '/') + 1;
        char copy[8192];
        snprintf(copy, sizeof copy, "%s/%s.durable", shadow, name);
        real_unlink(copy);
        snprintf(copy, sizeof copy, "%s/%s.pending", shadow, name);
        real_unlink(copy);
    }
    return result;
}

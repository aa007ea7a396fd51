#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

enum liveness { DEAD, ALIVE, UNKNOWN };

#ifdef __linux__

/// An entry of a directory as getdents64(2) delivers it.
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

/// Whether the process with this number belongs to the group and has not ended.
///
/// /proc/N/stat is `pid (name) state ppid pgrp …`; the name may contain anything, also parentheses.
static bool is_living_member(int proc, const char *number, pid_t group) {
    char path[32];
    size_t length = strlen(number);
    if (length > 12) {
        return false;
    }
    memcpy(path, number, length);
    memcpy(path + length, "/stat", sizeof "/stat");
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    char text[512];
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0) {
        return false;
    }
    text[count] = 0;
    const char *rest = strrchr(text, ')');
    if (rest == NULL || rest[1] != ' ' || rest[2] == 0) {
        return false;
    }
    char state = rest[2];
    char *next = NULL;
    strtol(rest + 3, &next, 10);
    return strtol(next, NULL, 10) == group && state != 'Z' && state != 'X' && state != 'x';
}

static enum liveness liveness(pid_t group) {
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) {
        return UNKNOWN;
    }
    // Not readdir(3): it allocates memory, which a process forked from one with several threads must not do.
    _Alignas(struct directory_entry) char buffer[4096];
    enum liveness result = UNKNOWN;
    long count;
    while (result != ALIVE && (count = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
        for (long position = 0; position < count && result != ALIVE;) {
            const struct directory_entry *entry = (const struct directory_entry *)(buffer + position);
            position += entry->length;
            if (entry->name[0] < '0' || entry->name[0] > '9') {
                continue;
            }
            // Having seen any process, one can believe that the others would have been seen as well.
            result = is_living_member(proc, entry->name, group) ? ALIVE : DEAD;
        }
    }
    close(proc);
    return result;
}

#else

static enum liveness liveness(pid_t group) {
    (void)group;
    return UNKNOWN;
}

#endif

void dlock_await_end_of_group(pid_t group) {
    // EPERM: there are members, of another user.
    for (int attempt = 0; kill(-group, 0) == 0 || errno == EPERM; attempt++) {
        enum liveness known = liveness(group);
        if (known == DEAD || (known == UNKNOWN && attempt >= 100)) {
            return;
        }
        poll(NULL, 0, attempt < 1000 ? 1 : 20);
    }
}

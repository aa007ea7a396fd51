#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "numbers.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#ifdef __linux__

#include <sys/syscall.h>

/// An entry of a directory as getdents64(2) delivers it.
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

bool dlock_each_number(const char *path, number_action action, void *context) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    // Not readdir(3): it allocates memory, which a process forked from one with several threads must not do.
    _Alignas(struct directory_entry) char buffer[4096];
    bool goes_on = true;
    long count = 0;
    while (goes_on && (count = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
        for (long position = 0; goes_on && position < count;) {
            const struct directory_entry *entry = (const struct directory_entry *)(buffer + position);
            position += entry->length;
            if (entry->name[0] >= '0' && entry->name[0] <= '9') {
                goes_on = action(folder, entry->name, context);
            }
        }
    }
    close(folder);
    return !goes_on || count == 0;
}

#else

bool dlock_each_number(const char *path, number_action action, void *context) {
    (void)path;
    (void)action;
    (void)context;
    return false;
}

#endif

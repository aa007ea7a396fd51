#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "numbers.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/// Descriptors above the standard streams that this process was started with, in ascending order.
static int *inherited;
static int inherited_count;

/// What to do with one descriptor.
typedef void (*descriptor_action)(int descriptor, const void *context);

/// One above the highest descriptor that this process can have; where the limit is huge, one that nobody reaches.
static int highest_descriptor(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 65536) {
        return 65536;
    }
    return (int)limit.rlim_cur;
}

/// A ``descriptor_action`` and its context.
struct descriptor_visit {
    descriptor_action action;
    const void *context;
};

static bool visit(int folder, const char *number, void *context) {
    const struct descriptor_visit *visit = context;
    int descriptor = 0;
    for (const char *digit = number; *digit >= '0' && *digit <= '9'; digit++) {
        descriptor = descriptor * 10 + (*digit - '0');
    }
    if (descriptor > STDERR_FILENO && descriptor != folder) {
        visit->action(descriptor, visit->context);
    }
    return true;
}

/// Calls `action` for each descriptor above the standard streams, also where the system does not list them.
static void for_each(descriptor_action action, const void *context) {
    struct descriptor_visit listed = {action, context};
    if (dlock_each_number("/proc/self/fd", visit, &listed)) {
        return;
    }
    int end = highest_descriptor();
    for (int descriptor = STDERR_FILENO + 1; descriptor < end; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0) {
            action(descriptor, context);
        }
    }
}

static void remember(int descriptor, const void *context) {
    (void)context;
    // Room for a power of two: doubled whenever that is used up.
    if ((inherited_count & (inherited_count - 1)) == 0) {
        int *larger = realloc(inherited, sizeof *inherited * (size_t)(inherited_count > 0 ? 2 * inherited_count : 1));
        if (larger == NULL) {
            return;
        }
        inherited = larger;
    }
    int place = inherited_count++;
    for (; place > 0 && inherited[place - 1] > descriptor; place--) {
        inherited[place] = inherited[place - 1];
    }
    inherited[place] = descriptor;
}

int dlock_descriptors_remember(void) {
    inherited_count = 0;
    for_each(remember, NULL);
    return inherited_count > 0 && inherited == NULL ? ENOMEM : 0;
}

int dlock_descriptors_inherited_count(void) {
    return inherited_count;
}

static bool was_inherited(int descriptor) {
    for (int i = 0; i < inherited_count && inherited[i] <= descriptor; i++) {
        if (inherited[i] == descriptor) {
            return true;
        }
    }
    return false;
}

static void close_on_exec_unless_inherited(int descriptor, const void *context) {
    (void)context;
    if (!was_inherited(descriptor)) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
}

/// The same as ``dlock_descriptors_close_on_exec`` with one system call for each gap; `false` if the kernel has no such call.
static bool close_gaps_on_exec(void) {
#if defined(__linux__) && defined(SYS_close_range)
    unsigned int first = STDERR_FILENO + 1;
    for (int i = 0; i <= inherited_count; i++) {
        bool is_last = i == inherited_count;
        if (is_last || (unsigned int)inherited[i] > first) {
            unsigned int last = is_last ? UINT_MAX : (unsigned int)inherited[i] - 1;
            if (syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) != 0) {
                return false;
            }
        }
        if (!is_last) {
            first = (unsigned int)inherited[i] + 1;
        }
    }
    return true;
#else
    return false;
#endif
}

void dlock_descriptors_close_on_exec(void) {
    if (!close_gaps_on_exec()) {
        for_each(close_on_exec_unless_inherited, NULL);
    }
}

struct kept_descriptors {
    const int *list;
    int count;
};

static void close_unless_lock(int descriptor, const void *context) {
    const struct kept_descriptors *kept = context;
    for (int i = 0; i < kept->count; i++) {
        if (kept->list[i] == descriptor) {
            return;
        }
    }
    struct stat info;
    if (!was_inherited(descriptor) && fstat(descriptor, &info) == 0 &&
        (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode) || S_ISFIFO(info.st_mode))) {
        return;
    }
    close(descriptor);
}

void dlock_descriptors_keep_locks(const int *kept, int count) {
    struct kept_descriptors context = {kept, count};
    for_each(close_unless_lock, &context);
}

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "numbers.h"

/// A flag of pidfd_send_signal(2) since Linux 6.9: the signal goes to the process group that the process is the leader of.
#define SIGNAL_PROCESS_GROUP (1U << 2)

int dlock_process_open(pid_t pid) {
#if defined(__linux__) && defined(SYS_pidfd_open)
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

#if defined(__linux__) && defined(SYS_pidfd_send_signal)

/// Sends a signal through the leader's descriptor; 0 or an `errno` value.
static int send_by_descriptor(int leader, int signal_number, unsigned int flags) {
    return syscall(SYS_pidfd_send_signal, leader, signal_number, NULL, flags) == 0 ? 0 : errno;
}

int dlock_group_signal(struct process_group group, int signal_number) {
    if (group.leader >= 0) {
        int error = send_by_descriptor(group.leader, signal_number, SIGNAL_PROCESS_GROUP);
        // Older kernels know no such flag, and a sandbox may forbid the call.
        if (error != EINVAL && error != ENOSYS && error != EPERM) {
            return error;
        }
        // The leader's number is reserved as long as the group has members or the leader is not reaped. If the leader has been
        // reaped and its number belongs to a process again, the group had ended before.
        if (send_by_descriptor(group.leader, 0, 0) == ESRCH && (kill(group.number, 0) == 0 || errno == EPERM)) {
            return ESRCH;
        }
    }
    return kill(-group.number, signal_number) == 0 ? 0 : errno;
}

#else

int dlock_group_signal(struct process_group group, int signal_number) {
    return kill(-group.number, signal_number) == 0 ? 0 : errno;
}

#endif

#ifdef __linux__

enum sight { NO_LIVING_MEMBER, LIVING_MEMBER, CANNOT_SEE };

/// Whether the process with this number belongs to the group and has not ended.
///
/// /proc/N/stat is `pid (name) state ppid pgrp …`; the name may contain anything, also parentheses.
static enum sight look_at(int proc, const char *number, pid_t group) {
    char path[32];
    size_t length = strlen(number);
    if (length > 12) {
        return NO_LIVING_MEMBER;
    }
    memcpy(path, number, length);
    memcpy(path + length, "/stat", sizeof "/stat");
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ESRCH ? NO_LIVING_MEMBER : CANNOT_SEE;
    }
    char text[512];
    ssize_t count = read(fd, text, sizeof text - 1);
    int error = errno;
    close(fd);
    if (count < 0) {
        return error == ESRCH ? NO_LIVING_MEMBER : CANNOT_SEE;
    }
    text[count] = 0;
    const char *rest = strrchr(text, ')');
    if (rest == NULL || rest[1] != ' ' || rest[2] == 0) {
        return CANNOT_SEE;
    }
    char state = rest[2];
    char *next = NULL;
    strtol(rest + 3, &next, 10);
    bool is_member = strtol(next, NULL, 10) == group;
    return is_member && state != 'Z' && state != 'X' && state != 'x' ? LIVING_MEMBER : NO_LIVING_MEMBER;
}

/// What is known after a look at some processes.
struct search {
    pid_t group;
    bool has_seen_any;
    bool is_blind;
    bool has_found;
};

static bool search_in(int proc, const char *number, void *context) {
    struct search *search = context;
    enum sight sight = look_at(proc, number, search->group);
    search->has_seen_any = true;
    search->is_blind = search->is_blind || sight == CANNOT_SEE;
    search->has_found = sight == LIVING_MEMBER;
    return !search->has_found;
}

/// Looks for a living member among all processes.
static enum sight look_for_members(pid_t group) {
    struct search search = {group, false, false, false};
    bool are_listed = dlock_each_number("/proc", search_in, &search);
    if (search.has_found) {
        return LIVING_MEMBER;
    }
    // Having seen any process, one can believe that the others would have been seen as well.
    return are_listed && search.has_seen_any && !search.is_blind ? NO_LIVING_MEMBER : CANNOT_SEE;
}

/// The first line of the mount table in `text` that ends at or after its beginning; cuts it off with a null character.
static char *next_line(char **text) {
    char *line = *text;
    char *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = 0;
    *text = end + 1;
    return line;
}

/// Whether a line of the mount table (`proc /proc proc rw,hidepid=2 0 0`) says that /proc hides processes.
static bool hides_processes(const char *line) {
    const char *place = strchr(line, ' ');
    if (place == NULL || strncmp(place, " /proc proc ", sizeof " /proc proc " - 1) != 0) {
        return false;
    }
    const char *option = strstr(place, "hidepid=");
    return option != NULL && option[8] != '0' && strncmp(option + 8, "off", 3) != 0;
}

bool dlock_processes_are_visible(void) {
    int fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    // Lines may be longer than the buffer: such lines are not about /proc, and are passed over in pieces.
    char buffer[4096];
    size_t kept = 0;
    bool are_visible = true;
    ssize_t count;
    while ((count = read(fd, buffer + kept, sizeof buffer - 1 - kept)) > 0) {
        buffer[kept + (size_t)count] = 0;
        char *text = buffer;
        char *line;
        while ((line = next_line(&text)) != NULL) {
            are_visible = are_visible && !hides_processes(line);
        }
        kept = strlen(text);
        if (kept >= sizeof buffer - 1) {
            kept = 0;
        }
        memmove(buffer, text, kept);
    }
    close(fd);
    return are_visible && count == 0;
}

bool dlock_group_has_ended(struct process_group group) {
    if (dlock_group_signal(group, 0) == ESRCH) {
        return true;
    }
    return look_for_members(group.number) == NO_LIVING_MEMBER && dlock_processes_are_visible();
}

#else

bool dlock_processes_are_visible(void) {
    return false;
}

bool dlock_group_has_ended(struct process_group group) {
    return dlock_group_signal(group, 0) == ESRCH;
}

#endif

void dlock_group_await_end(struct process_group group) {
    for (int attempt = 0; !dlock_group_has_ended(group); attempt++) {
        poll(NULL, 0, attempt < 100 ? 1 : attempt < 1000 ? 10 : 50);
    }
}

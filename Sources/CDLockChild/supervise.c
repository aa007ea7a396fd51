#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stdatomic.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "CDLockChild.h"
#include "group.h"
#include "guard.h"
#include "pipes.h"

/// Waits for the next change and leaves an end unreaped; returns 0 or an `errno` value.
static int next_change(pid_t pid, siginfo_t *info) {
    for (;;) {
        memset(info, 0, sizeof *info);
        if (waitid(P_PID, (id_t)pid, info, WEXITED | WSTOPPED | WCONTINUED | WNOWAIT) != 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        if (info->si_code == CLD_EXITED || info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED) {
            return 0;
        }
        // Consumes the change, or a newer one that has replaced it, but never the end.
        memset(info, 0, sizeof *info);
        if (waitid(P_PID, (id_t)pid, info, WSTOPPED | WCONTINUED | WNOHANG) == 0 && info->si_pid != 0) {
            return 0;
        }
    }
}

int dlock_child_wait(pid_t pid, enum dlock_change *change, int *value) {
    siginfo_t info;
    int error = next_change(pid, &info);
    if (error != 0) {
        return error;
    }
    *value = info.si_status;
    switch (info.si_code) {
    case CLD_EXITED:
        *change = dlock_change_exited;
        *value = info.si_status & 0xff;
        break;
    case CLD_STOPPED:
    case CLD_TRAPPED:
        *change = dlock_change_stopped;
        break;
    case CLD_CONTINUED:
        *change = dlock_change_continued;
        *value = 0;
        break;
    default:
        *change = dlock_change_signalled;
        break;
    }
    return 0;
}

static struct process_group group_of(const struct dlock_child *child) {
    struct process_group group = {child->pid, child->leader};
    return group;
}

static struct guard_terms *terms_of(const struct dlock_child *child) {
    return (struct guard_terms *)child->terms;
}

void dlock_child_signal(const struct dlock_child *child, bool is_reaped, int signal_number) {
    if (dlock_group_signal(group_of(child), signal_number) == ESRCH && !is_reaped) {
        kill(child->pid, signal_number);
    }
}

void dlock_child_set_deadlines(const struct dlock_child *child, int64_t terminate_at, int64_t kill_at) {
    struct guard_terms *terms = terms_of(child);
    bool is_sooner = terminate_at < atomic_load(&terms->terminate_at) || kill_at < atomic_load(&terms->kill_at);
    atomic_store(&terms->terminate_at, terminate_at);
    atomic_store(&terms->kill_at, kill_at);
    if (is_sooner) {
        // Wakes the guard. If the pipe is full, more than one of these is on the way.
        write_message(child->lifeline, "", 1);
    }
}

void dlock_child_reap(const struct dlock_child *child) {
    dlock_reap(child->pid);
}

void dlock_child_await_group(const struct dlock_child *child) {
    dlock_group_await_end(group_of(child));
}

void dlock_child_dismiss(struct dlock_child *child) {
    struct guard guard = {child->guard, child->lifeline, terms_of(child)};
    dlock_guard_dismiss(&guard);
    close_end(&child->leader);
}

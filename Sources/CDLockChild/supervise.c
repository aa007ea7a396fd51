#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "CDLockChild.h"
#include "group.h"
#include "guard.h"

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

void dlock_child_signal(pid_t pid, int signal_number) {
    if (kill(-pid, signal_number) != 0 && errno == ESRCH) {
        kill(pid, signal_number);
    }
}

void dlock_child_reap(const struct dlock_child *child, bool kill_group) {
    if (kill_group) {
        // The unreaped child still reserves the number of the group.
        kill(-child->pid, SIGKILL);
    }
    dlock_reap(child->pid);
    if (kill_group) {
        dlock_await_end_of_group(child->pid);
    }
    dlock_guard_dismiss(child);
}

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CDLockChild.h"
#include "process.h"

/// Signals that are not passed on: they tell of this process's own faults, or of its use of the terminal.
static const int own_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGTTIN, SIGTTOU};

/// Reaps whatever has ended; returns once nothing is left to reap.
///
/// @param main_child the process whose end is waited for.
/// @param status set to the status of that process when it has ended.
/// @return whether it has.
static bool reap_all(pid_t main_child, int *status) {
    bool has_ended = false;
    for (;;) {
        int found;
        pid_t pid = waitpid(-1, &found, WNOHANG | WUNTRACED);
        if (pid < 0 && errno == EINTR) {
            continue;
        }
        if (pid <= 0) {
            return has_ended;
        }
        if (WIFSTOPPED(found)) {
            if (pid == main_child) {
                // Nobody else could ever continue it.
                kill(-pid, SIGCONT);
            }
        } else if (pid == main_child) {
            *status = found;
            has_ended = true;
        }
    }
}

/// The life of the first process of a process namespace.
static _Noreturn void init_main(pid_t main_child, const sigset_t *signals) {
    for (;;) {
        int status;
        if (reap_all(main_child, &status)) {
            _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        }
        int signal_number;
        if (sigwait(signals, &signal_number) == 0 && signal_number != SIGCHLD) {
            kill(main_child, signal_number);
        }
    }
}

int dlock_init_if_first(void) {
    if (getpid() != 1) {
        return 0;
    }
    // A first process ignores signals that it has no handler for, unless they are blocked.
    sigset_t signals, before;
    sigfillset(&signals);
    for (size_t i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++) {
        sigdelset(&signals, own_signals[i]);
    }
    sigprocmask(SIG_SETMASK, &signals, &before);
    bool has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp();
    pid_t child = fork();
    if (child < 0) {
        return errno;
    }
    if (child > 0) {
        init_main(child, &signals);
    }
    // A group of its own, so that the terminal's signals reach it once: not also by way of the first process.
    setpgid(0, 0);
    if (has_terminal) {
        dlock_terminal_give(STDIN_FILENO, getpid());
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return 0;
}

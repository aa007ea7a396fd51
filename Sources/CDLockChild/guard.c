#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "group.h"
#include "pipes.h"

void dlock_reap(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/// The whole life of the guard.
///
/// It keeps every descriptor of its parent open except for the standard streams. That is deliberate: a kernel lock that
/// the parent holds through a descriptor is not released before the guard has killed the child. The guard leaves the
/// session, so that neither the terminal nor signals to the parent's process group reach it.
static _Noreturn void guard_main(struct pipe_ends lifeline) {
    close(lifeline.writing);
    setsid();
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
#ifdef __linux__
    // A name of its own, so that killing everything called dlock does not mean the guard.
    prctl(PR_SET_NAME, "lock-guard");
#endif
    pid_t group;
    if (read_message(lifeline.reading, &group, sizeof group)) {
        char nothing;
        read_message(lifeline.reading, &nothing, sizeof nothing);
        kill(-group, SIGKILL);
        dlock_await_end_of_group(group);
    }
    _exit(0);
}

int dlock_guard_start(struct dlock_child *child) {
    struct pipe_ends lifeline;
    int error = open_pipe(&lifeline);
    if (error != 0) {
        return error;
    }
    child->guard = fork();
    if (child->guard == 0) {
        guard_main(lifeline);
    }
    error = child->guard < 0 ? errno : 0;
    close(lifeline.reading);
    if (error != 0) {
        close(lifeline.writing);
    }
    child->lifeline = lifeline.writing;
    return error;
}

void dlock_guard_dismiss(const struct dlock_child *child) {
    kill(child->guard, SIGKILL);
    dlock_reap(child->guard);
    close(child->lifeline);
}

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#endif

#include "CDLockChild.h"
#include "descriptors.h"
#include "pipes.h"
#include "process.h"

/// How long after its time the guard asks the group to end: a parent that is not stopped has done that by then.
static const int64_t terminate_delay = 250 * 1000 * 1000;

void dlock_reap(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

int64_t dlock_clock(void) {
    struct timespec now;
#ifdef __linux__
    clock_gettime(CLOCK_BOOTTIME, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// MARK: The guard's own process

/// Makes a descriptor that becomes readable at the times that ``set_alarm`` sets, also when the machine was suspended then;
/// -1 where the system has none.
static int open_alarm(void) {
#ifdef __linux__
    return timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
#else
    return -1;
#endif
}

static void set_alarm(int alarm, int64_t when) {
#ifdef __linux__
    struct itimerspec time = {{0, 0}, {0, 0}};
    if (when != INT64_MAX) {
        time.it_value.tv_sec = when / 1000000000;
        time.it_value.tv_nsec = when % 1000000000;
    }
    timerfd_settime(alarm, TFD_TIMER_ABSTIME, &time, NULL);
#else
    (void)alarm;
    (void)when;
#endif
}

/// Milliseconds until `when`, for poll(2), rounded up; -1 for ever.
static int milliseconds_until(int64_t when) {
    if (when == INT64_MAX) {
        return -1;
    }
    int64_t left = (when - dlock_clock() + 999999) / 1000000;
    return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

/// What the guard has still to do.
struct watch {
    struct process_group group;
    struct guard_terms *terms;
    bool has_terminated;
    bool has_killed;
};

/// Does what is due, and returns when the next thing is.
static int64_t enforce(struct watch *watch) {
    int64_t now = dlock_clock();
    int64_t kill_at = atomic_load(&watch->terms->kill_at);
    int64_t terminate_at = atomic_load(&watch->terms->terminate_at);
    if (terminate_at != INT64_MAX) {
        terminate_at += terminate_delay;
    }
    if (!watch->has_killed && kill_at <= now) {
        watch->has_killed = true;
        dlock_group_signal(watch->group, SIGKILL);
    }
    if (!watch->has_killed && !watch->has_terminated && terminate_at <= now) {
        watch->has_terminated = true;
        dlock_group_signal(watch->group, SIGTERM);
        dlock_group_signal(watch->group, SIGCONT);
    }
    if (watch->has_killed) {
        return INT64_MAX;
    }
    return watch->has_terminated || kill_at < terminate_at ? kill_at : terminate_at;
}

/// Keeps the terms until the parent has died.
static void guard_until_death(struct watch watch, int lifeline) {
    int alarm = open_alarm();
    for (;;) {
        int64_t next = enforce(&watch);
        if (alarm >= 0) {
            set_alarm(alarm, next);
        }
        struct pollfd polled[2] = {{lifeline, POLLIN, 0}, {alarm, POLLIN, 0}};
        if (poll(polled, 2, alarm >= 0 ? -1 : milliseconds_until(next)) < 0 && errno != EINTR) {
            return;
        }
        char news[64];
        if (polled[0].revents != 0 && read(lifeline, news, sizeof news) == 0) {
            break;
        }
    }
    if (alarm >= 0) {
        close(alarm);
    }
}

/// Becomes the program that gives the lock back. Returns only if that cannot be executed.
static void give_back(const struct guard_plan *plan) {
    if (plan->return_program < 0) {
        return;
    }
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (open("/dev/null", O_RDWR) < 0) {
            return;
        }
    }
    dlock_signals_reset(false);
#ifdef __linux__
    syscall(
        SYS_execveat, plan->return_program, "", plan->return_arguments, plan->return_environment, AT_EMPTY_PATH);
#endif
}

/// The whole life of the guard.
///
/// The guard keeps the files of its parent open. That is deliberate: a kernel lock that the parent holds through a descriptor is
/// not released before the guard has killed the group. Everything else it closes: a socket that lived on in the guard would let
/// a server believe that the parent does. The guard leaves the session, so that neither the terminal nor signals to the
/// parent's process group reach it.
static _Noreturn void guard_main(const struct guard_plan *plan, struct guard_terms *terms, struct pipe_ends lifeline) {
    close(lifeline.writing);
    for (size_t i = 0; i < sizeof plan->foreign / sizeof plan->foreign[0]; i++) {
        if (plan->foreign[i] >= 0) {
            close(plan->foreign[i]);
        }
    }
    setsid();
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    int kept[] = {lifeline.reading, plan->group.leader, plan->return_program};
    dlock_descriptors_keep_locks(kept, sizeof kept / sizeof kept[0]);
#ifdef __linux__
    // A name of its own, so that killing everything called dlock does not mean the guard.
    prctl(PR_SET_NAME, "lock-guard");
#endif
    struct watch watch = {plan->group, terms, false, false};
    guard_until_death(watch, lifeline.reading);
    dlock_group_signal(plan->group, SIGKILL);
    dlock_group_await_end(plan->group);
    give_back(plan);
    _exit(0);
}

// MARK: The parent

int dlock_guard_start(const struct guard_plan *plan, struct guard *guard) {
    struct guard_terms *terms =
        mmap(NULL, sizeof *terms, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (terms == MAP_FAILED) {
        return errno;
    }
    atomic_init(&terms->terminate_at, plan->terminate_at);
    atomic_init(&terms->kill_at, plan->kill_at);
    struct pipe_ends lifeline;
    int error = open_pipe(&lifeline);
    if (error == 0) {
        guard->pid = fork();
        if (guard->pid == 0) {
            guard_main(plan, terms, lifeline);
        }
        error = guard->pid < 0 ? errno : 0;
        close(lifeline.reading);
        if (error != 0) {
            close(lifeline.writing);
        }
    }
    if (error != 0) {
        munmap(terms, sizeof *terms);
        return error;
    }
    fcntl(lifeline.writing, F_SETFL, O_NONBLOCK);
    guard->lifeline = lifeline.writing;
    guard->terms = terms;
    return 0;
}

void dlock_guard_dismiss(const struct guard *guard) {
    kill(guard->pid, SIGKILL);
    dlock_reap(guard->pid);
    close(guard->lifeline);
    munmap(guard->terms, sizeof *guard->terms);
}

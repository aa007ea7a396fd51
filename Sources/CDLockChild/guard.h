#ifndef DLOCK_GUARD_H
#define DLOCK_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "group.h"

/// What the guard and the process that it belongs to share: a page of memory that both see.
struct guard_terms {
    /// When the guard asks the group to end, in nanoseconds of ``dlock_clock``; `INT64_MAX` if never.
    _Atomic int64_t terminate_at;
    /// When the guard kills the group, in nanoseconds of ``dlock_clock``; `INT64_MAX` if never.
    _Atomic int64_t kill_at;
};

/// What the guard needs to know; read by the forked guard, so everything has to be made before.
struct guard_plan {
    /// What it guards.
    struct process_group group;
    /// The first values of what is shared.
    int64_t terminate_at;
    int64_t kill_at;
    /// Descriptors that the guard must close: the parent's ends of other pipes.
    int foreign[4];
    /// The program that gives the lock back when the parent has died, or -1; then `arguments` and `environment`.
    int return_program;
    const char *const *return_arguments;
    const char *const *return_environment;
};

/// A running guard.
struct guard {
    pid_t pid;
    /// The writing end of the pipe whose end of file tells the guard that the parent has died.
    int lifeline;
    struct guard_terms *terms;
};

/// Forks the guard; returns 0 or an `errno` value.
int dlock_guard_start(const struct guard_plan *plan, struct guard *guard);

/// Ends the guard without letting it kill; works on a stopped guard as well.
void dlock_guard_dismiss(const struct guard *guard);

/// Waits for the end of the child process `pid` and reaps it.
void dlock_reap(pid_t pid);

#endif

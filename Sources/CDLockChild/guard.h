#ifndef DLOCK_GUARD_H
#define DLOCK_GUARD_H

#include "CDLockChild.h"

/// Forks the guard and sets `child->guard` and `child->lifeline`; returns 0 or an `errno` value.
///
/// The guard expects the number of the child's process group as the first message on the lifeline. It must not be
/// forked while the reporting pipe of another launch is open.
int dlock_guard_start(struct dlock_child *child);

/// Ends the guard without letting it kill; works on a stopped guard as well.
void dlock_guard_dismiss(const struct dlock_child *child);

/// Waits for the end of the child process `pid` and reaps it.
void dlock_reap(pid_t pid);

#endif

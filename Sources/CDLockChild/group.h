#ifndef DLOCK_GROUP_H
#define DLOCK_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

/// Waits until no member of the process group can do anything any more: until all have ended, reaped or not.
///
/// However long that takes: a member may be stuck in the kernel, or belong to another user and not be ours to kill. Only
/// where zombies cannot be told from the living it gives up, after 100 ms. Async-signal-safe.
void dlock_await_end_of_group(pid_t group);

#endif

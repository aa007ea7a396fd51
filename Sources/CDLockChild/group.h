#ifndef DLOCK_GROUP_H
#define DLOCK_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

/// Waits until no member of the process group can do anything any more: until all have ended, reaped or not.
///
/// Gives up after ten seconds, for a member that is stuck in the kernel; where zombies cannot be told from the living,
/// after 100 ms. Async-signal-safe.
void dlock_await_end_of_group(pid_t group);

#endif

#ifndef DLOCK_GROUP_H
#define DLOCK_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

/// A process group that is named by its leader, so that the number cannot come to mean another group meanwhile.
struct process_group {
    /// The number of the group, and of its leader.
    pid_t number;
    /// A descriptor of the leader (pidfd_open(2)), or -1 where the system has none.
    int leader;
};

/// Opens a descriptor of a process; -1 where the system has none. It closes on `exec`. Async-signal-safe.
int dlock_process_open(pid_t pid);

/// Sends `signal_number` to every member of the group that may be sent one, or only checks for members if it is 0.
///
/// Where the kernel can (Linux 6.9) the leader's descriptor names the group; elsewhere nothing is sent once another process
/// has got the number of the leader. Async-signal-safe.
///
/// @return 0, or an `errno` value: `ESRCH` if the group has no members, `EPERM` if it has none that may be sent a signal.
int dlock_group_signal(struct process_group group, int signal_number);

/// Whether no member of the group can do anything any more: all have ended, reaped or not.
///
/// A member that cannot be seen lives: without /proc, or where /proc hides the processes of others, zombies cannot be told from
/// the living, and every member counts. Async-signal-safe.
bool dlock_group_has_ended(struct process_group group);

/// Whether the system shows all processes, so that zombies can be told from the living. Async-signal-safe.
bool dlock_processes_are_visible(void);

/// Waits until ``dlock_group_has_ended``, however long that takes: a member may be stuck in the kernel, or belong to another
/// user and not be ours to kill. Async-signal-safe.
void dlock_group_await_end(struct process_group group);

#endif

#ifndef DLOCK_PROCESS_H
#define DLOCK_PROCESS_H

#include <stdbool.h>

/// Gives all signals their default action, but those that this process was started with as ignored, and unblocks all of them.
/// For a forked child; async-signal-safe.
///
/// In a command substitution an interactive shell ignores the signals of job control. The child of a parent that has the
/// terminal must not: it asks for the terminal by being stopped, and would get an error instead.
///
/// @param asks_for_terminal whether `SIGTTIN` and `SIGTTOU` get their default action even so.
void dlock_signals_reset(bool asks_for_terminal);

/// A descriptor of this very program, to be executed; -1 where the system has none.
int dlock_own_program(void);

/// If this process is the first of its process namespace (pid 1 of a container): forks, goes on in the forked process, and lives
/// on as its `init`, which reaps every process that it inherits, passes signals on, and ends as the forked process does.
///
/// A process of its own, so that nothing that is reaped can be one that the rest of this program waits for.
///
/// @return 0, or an `errno` value.
int dlock_init_if_first(void);

#endif

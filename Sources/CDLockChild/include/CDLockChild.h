#ifndef CDLOCKCHILD_H
#define CDLOCKCHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// The part of child-process supervision that has to be written in C: everything between `fork` and `exec`, where
/// only async-signal-safe calls are allowed, and the guard process, which never executes another program.

// MARK: Process and signals

/// Remembers which signals this process was started with as ignored and which descriptors it was started with, restores the
/// default action of `SIGCHLD`, ignores `SIGPIPE` and `SIGTTOU`, and occupies closed standard streams with `/dev/null`, so that
/// no later descriptor gets number 0, 1 or 2.
///
/// In the first process of a process namespace (pid 1 of a container) it returns in a forked process; the first one lives on as
/// its `init`: it reaps what it inherits, passes signals on, and ends as the forked process does.
///
/// `SIGTTOU` would stop this process when it writes a message to a terminal that belongs to the child.
/// The placeholders close on `exec`: a stream that was closed for this process is closed for the child as well.
/// Call it once, before the process has a second thread.
///
/// @return 0, or an `errno` value; signals cannot be received then. `EMFILE` if the limit of open files is too low.
int dlock_process_prepare(void);

/// Whether `signal` was ignored when `dlock_process_prepare` ran; `false` if it never ran.
bool dlock_signal_was_ignored(int signal);

/// Blocks `signal` in the calling thread, and installs a handler that passes it on to `dlock_signal_receive`.
///
/// A handler is needed besides a receiving thread: a program with an asynchronous main function parks its first thread
/// with all signals unblocked.
void dlock_signal_watch(int signal);

/// Lets the calling thread, in `dlock_signal_receive`, take `signal` from now on.
void dlock_signal_unblock(int signal);

/// Blocks until a watched signal arrives; for one thread only.
///
/// @return the number of the signal; 0 after `dlock_signal_wake`, -1 if signals cannot be received.
int dlock_signal_receive(void);

/// Makes `dlock_signal_receive` return 0.
void dlock_signal_wake(void);

/// Stops the process group of this process with `SIGTSTP`, and returns when this process has been resumed.
///
/// Call it on the thread that calls `dlock_signal_receive`, which then also receives the `SIGCONT`.
///
/// @return `false` if the kernel refuses, because the group is orphaned, so that no shell would ever resume it.
bool dlock_process_stop(void);

/// The arguments with which the system started this process, as bytes; argument 0 is among them.
///
/// @param count set to their number; 0 if the system has handed over none, or the C library does not tell.
/// @return the arguments, terminated by NULL; NULL if the C library does not tell.
const char *const *dlock_arguments(int *count);

/// The environment of this process, as bytes.
const char *const *dlock_environment(void);

/// Dies of `signal`, whose default action has to be to end the process, without a core dump.
void dlock_signal_reraise(int signal);

/// Starts a detached thread that calls `body(context)` and drops the result.
///
/// @return 0, or an `errno` value; `body` is not called then.
int dlock_thread_start(void *(*body)(void *), void *context);

// MARK: Tasks

/// Has the tasks of the Swift runtime run by `dlock_executor_run` and threads that are started when they are needed.
///
/// Without it they run on the queues of libdispatch, whose thread for events wakes once a second, and aborts the process if a task waits
/// while it cannot read /proc, or has no descriptor left for it. Tasks that sleep still come by way of libdispatch. Does nothing on
/// systems whose runtime has another executor.
///
/// Call it on the first thread, before there is a task.
void dlock_executor_install(void);

/// Runs tasks on the calling thread until the process ends; the first thread has to call it after `dlock_executor_install`.
void dlock_executor_run(void) __attribute__((noreturn));

// MARK: Terminal

/// Makes `group` the foreground process group of `terminal`, also when the caller is in the background.
///
/// @return 0, or an `errno` value.
int dlock_terminal_give(int terminal, pid_t group);

// MARK: Child

/// What to execute, and how.
struct dlock_child_plan {
    /// Paths to try in order, terminated by NULL.
    const char *const *candidates;
    /// Arguments including argument 0, terminated by NULL.
    const char *const *arguments;
    /// `NAME=value` strings, terminated by NULL.
    const char *const *environment;
    /// A descriptor of the controlling terminal whose foreground group the child becomes, or -1.
    int terminal;
    /// When the guard ends the group if this process has not said anything else until then; see `dlock_child_set_deadlines`.
    int64_t terminate_at;
    int64_t kill_at;
    /// Arguments of this very program, terminated by NULL, with which it gives the lock back; NULL if the end of this process
    /// does that. The guard executes it when this process has died and the group has ended.
    const char *const *return_arguments;
    /// The environment of that program, terminated by NULL.
    const char *const *return_environment;
};

/// A launched child.
struct dlock_child {
    /// The child, which is also the leader and the number of its own process group.
    pid_t pid;
    /// A descriptor of the child (pidfd_open(2)), or -1 where the system has none.
    int leader;
    /// The guard, which kills the child's process group when this process dies.
    pid_t guard;
    /// The writing end of the pipe whose end of file tells the guard that this process has died.
    int lifeline;
    /// The address of what this process and the guard share.
    uintptr_t terms;
};

/// What a launch was doing when it failed.
enum dlock_launch_step {
    /// Setting up pipes and processes.
    dlock_launch_step_prepare,
    /// Executing the command.
    dlock_launch_step_execute,
};

/// Starts the child and its guard, and returns when the child executes the command.
///
/// The child gets a process group of its own, default signal actions (except for the signals that were ignored when
/// `dlock_process_prepare` ran), an empty signal mask, and the standard streams of this process; of other descriptors only those
/// that this process was started with. On Linux the kernel kills it when the calling *thread* ends; call this from a thread that
/// outlives the child.
///
/// @param plan what to execute; the strings have to stay valid until this function returns.
/// @param child set if the launch succeeds.
/// @param step set if the launch fails.
/// @return 0, or an `errno` value; nothing is left behind then.
int dlock_child_launch(const struct dlock_child_plan *plan, struct dlock_child *child, enum dlock_launch_step *step);

/// How the state of a child has changed.
enum dlock_change {
    dlock_change_stopped,
    dlock_change_continued,
    dlock_change_exited,
    dlock_change_signalled,
};

/// Blocks until the state of `pid` changes.
///
/// An ended child is left as a zombie, so its process and group numbers stay reserved until `dlock_child_reap`.
///
/// @param pid the child.
/// @param change set to the kind of change.
/// @param value set to the exit code, or the number of the signal; 0 if the child continued.
/// @return 0, or an `errno` value.
int dlock_child_wait(pid_t pid, enum dlock_change *change, int *value);

/// Sends `signal` to the process group of the child, or to the child alone if it has left that group.
///
/// @param is_reaped whether the child itself has been reaped; then only what is left of its group is meant.
void dlock_child_signal(const struct dlock_child *child, bool is_reaped, int signal);

/// Now, in nanoseconds of a clock that goes on while the machine is suspended; for `dlock_child_set_deadlines`.
int64_t dlock_clock(void);

/// Tells the guard when to end the group if this process has not done so: because it is stopped, or hangs.
///
/// @param terminate_at when to ask it to end, on `dlock_clock`; the guard leaves this process a little time to do it itself.
///     `INT64_MAX` if never.
/// @param kill_at when to kill it; `INT64_MAX` if never.
void dlock_child_set_deadlines(const struct dlock_child *child, int64_t terminate_at, int64_t kill_at);

/// Reaps an ended child, of which `dlock_child_wait` has reported the end; not its guard.
void dlock_child_reap(const struct dlock_child *child);

/// Waits until nothing of the process group of a reaped child can do anything any more, however long that takes. What cannot be
/// seen counts as alive.
void dlock_child_await_group(const struct dlock_child *child);

/// Dismisses and reaps the guard of a reaped child, and closes what belongs to the child.
void dlock_child_dismiss(struct dlock_child *child);

#endif

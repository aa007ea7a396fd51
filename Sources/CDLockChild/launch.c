#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "CDLockChild.h"
#include "descriptors.h"
#include "guard.h"
#include "pipes.h"
#include "process.h"

/// Executes a file that has no format of its own as a shell script, as `execvp` and shells do.
///
/// `script` has room for the path between the shell's name and the command's own arguments.
static void execute_script(const char *path, const char **script, const char *const *environment) {
    script[1] = path;
    execve("/bin/sh", (char *const *)script, (char *const *)environment);
}

/// The arguments of a shell that runs the command as a script: `sh`, room for its path, and the arguments after the first.
/// NULL if there is no memory.
static const char **make_script_arguments(const char *const *arguments) {
    size_t count = 0;
    while (arguments[count] != NULL) {
        count++;
    }
    const char **script = malloc(sizeof *script * (count + 3));
    if (script == NULL) {
        return NULL;
    }
    script[0] = "sh";
    script[1] = NULL;
    script[2] = NULL;
    for (size_t i = 1; i <= count; i++) {
        script[i + 1] = arguments[i];
    }
    return script;
}

/// Tries the candidates; returns the `errno` value of the most telling failure.
static int execute(const struct dlock_child_plan *plan, const char **script) {
    int result = ENOENT;
    for (const char *const *candidate = plan->candidates; *candidate != NULL; candidate++) {
        execve(*candidate, (char *const *)plan->arguments, (char *const *)plan->environment);
        if (errno == ENOEXEC) {
            execute_script(*candidate, script, plan->environment);
            errno = ENOEXEC;
        }
        switch (errno) {
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
            break;
        case EACCES:
            result = EACCES;
            break;
        default:
            return errno;
        }
    }
    return result;
}

/// Whether `group` is the foreground process group of the controlling terminal.
static bool has_terminal(pid_t group) {
    int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    bool result = terminal >= 0 && tcgetpgrp(terminal) == group;
    if (terminal >= 0) {
        close(terminal);
    }
    return result;
}

/// What the child and its parent tell each other before the command is executed.
struct launch_pipes {
    /// To the child: one byte when it may execute the command, end of file when the parent has died.
    struct pipe_ends permission;
    /// From the child: an `errno` value when the command cannot be executed, end of file when it has been.
    struct pipe_ends report;
};

/// The life of the child up to `exec`.
static _Noreturn void child_main(
    const struct dlock_child_plan *plan, const char **script, struct launch_pipes pipes, pid_t parent) {
    close(pipes.permission.writing);
    close(pipes.report.reading);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
#endif
    char permission;
    if (!read_message(pipes.permission.reading, &permission, sizeof permission)) {
        _exit(1);
    }
    dlock_descriptors_close_on_exec();
    dlock_signals_reset(has_terminal(getpgid(parent)));
    int error = execute(plan, script);
    write_message(pipes.report.writing, &error, sizeof error);
    _exit(1);
}

/// Lets the forked child execute the command; returns 0 or the `errno` value of the failure to execute.
static int release_child(const struct dlock_child_plan *plan, pid_t child, struct launch_pipes *pipes) {
    close_end(&pipes->report.writing);
    if (plan->terminal >= 0) {
        dlock_terminal_give(plan->terminal, child);
    }
    write_message(pipes->permission.writing, "", 1);
    int error;
    if (!read_message(pipes->report.reading, &error, sizeof error)) {
        return 0;
    }
    if (plan->terminal >= 0) {
        dlock_terminal_give(plan->terminal, getpgrp());
    }
    return error;
}

/// Starts the guard of a forked child that waits for its permission; returns 0 or an `errno` value.
static int start_guard(
    const struct dlock_child_plan *plan, struct dlock_child *child, const struct launch_pipes *pipes) {
    struct guard_plan guard_plan = {
        .group = {child->pid, child->leader},
        .terminate_at = plan->terminate_at,
        .kill_at = plan->kill_at,
        .foreign = {pipes->permission.reading, pipes->permission.writing, pipes->report.reading, pipes->report.writing},
        .return_program = plan->return_arguments != NULL ? dlock_own_program() : -1,
        .return_arguments = plan->return_arguments,
        .return_environment = plan->return_environment,
    };
    struct guard guard;
    int error = dlock_guard_start(&guard_plan, &guard);
    if (error == 0) {
        child->guard = guard.pid;
        child->lifeline = guard.lifeline;
        child->terms = (uintptr_t)guard.terms;
    }
    return error;
}

/// Forks the child and its guard, and executes the command; returns 0 or an `errno` value.
static int start_child(
    const struct dlock_child_plan *plan,
    const char **script,
    struct launch_pipes *pipes,
    struct dlock_child *child,
    enum dlock_launch_step *step) {
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0) {
        child_main(plan, script, *pipes, parent);
    }
    if (child->pid < 0) {
        return errno;
    }
    setpgid(child->pid, child->pid);
    child->leader = dlock_process_open(child->pid);
    int error = start_guard(plan, child, pipes);
    if (error != 0) {
        // Without its permission the child ends by itself.
        close_end(&pipes->permission.writing);
        dlock_reap(child->pid);
        close_end(&child->leader);
        return error;
    }
    *step = dlock_launch_step_execute;
    error = release_child(plan, child->pid, pipes);
    if (error != 0) {
        dlock_reap(child->pid);
        dlock_child_dismiss(child);
    }
    return error;
}

int dlock_child_launch(const struct dlock_child_plan *plan, struct dlock_child *child, enum dlock_launch_step *step) {
    // One launch at a time: a process forked during another launch would hold that one's pipes open.
    static pthread_mutex_t launching = PTHREAD_MUTEX_INITIALIZER;
    *step = dlock_launch_step_prepare;
    const char **script = make_script_arguments(plan->arguments);
    if (script == NULL) {
        return ENOMEM;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&launching);
    struct launch_pipes pipes = {{-1, -1}, {-1, -1}};
    int error = open_pipe(&pipes.permission);
    if (error == 0) {
        error = open_pipe(&pipes.report);
    }
    if (error == 0) {
        error = start_child(plan, script, &pipes, child, step);
    }
    close_pipe(&pipes.permission);
    close_pipe(&pipes.report);
    pthread_mutex_unlock(&launching);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(script);
    return error;
}

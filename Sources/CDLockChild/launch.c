#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "CDLockChild.h"
#include "guard.h"
#include "pipes.h"

#ifndef NSIG
#define NSIG 65
#endif

/// Executes a file that has no format of its own as a shell script, as `execvp` and shells do.
static void execute_script(const char *path, const struct dlock_child_plan *plan) {
    size_t count = 0;
    while (plan->arguments[count] != NULL) {
        count++;
    }
    const char *arguments[count + 2];
    arguments[0] = "sh";
    arguments[1] = path;
    for (size_t i = 1; i <= count; i++) {
        arguments[i + 1] = plan->arguments[i];
    }
    execve("/bin/sh", (char *const *)arguments, (char *const *)plan->environment);
}

/// Tries the candidates; returns the `errno` value of the most telling failure.
static int execute(const struct dlock_child_plan *plan) {
    int result = ENOENT;
    for (const char *const *candidate = plan->candidates; *candidate != NULL; candidate++) {
        execve(*candidate, (char *const *)plan->arguments, (char *const *)plan->environment);
        if (errno == ENOEXEC) {
            execute_script(*candidate, plan);
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

/// Default actions for all signals but those that were ignored from the start.
///
/// In a command substitution an interactive shell ignores the signals of job control. The child of a parent that has the
/// terminal must not: it asks for the terminal by being stopped, and would get an error instead.
static void reset_signals(pid_t parent_group) {
    bool must_ask = has_terminal(parent_group);
    for (int signal_number = 1; signal_number < NSIG; signal_number++) {
        bool asks = must_ask && (signal_number == SIGTTIN || signal_number == SIGTTOU);
        signal(signal_number, dlock_signal_was_ignored(signal_number) && !asks ? SIG_IGN : SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
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
    const struct dlock_child_plan *plan, struct launch_pipes pipes, int lifeline, pid_t parent) {
    close(lifeline);
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
    reset_signals(getpgid(parent));
    int error = execute(plan);
    write_message(pipes.report.writing, &error, sizeof error);
    _exit(1);
}

/// Lets the forked child execute the command; returns 0 or the `errno` value of the failure to execute.
static int release_child(
    const struct dlock_child_plan *plan, const struct dlock_child *child, struct launch_pipes pipes) {
    setpgid(child->pid, child->pid);
    write_message(child->lifeline, &child->pid, sizeof child->pid);
    if (plan->terminal >= 0) {
        dlock_terminal_give(plan->terminal, child->pid);
    }
    write_message(pipes.permission.writing, "", 1);
    int error;
    if (!read_message(pipes.report.reading, &error, sizeof error)) {
        return 0;
    }
    dlock_reap(child->pid);
    if (plan->terminal >= 0) {
        dlock_terminal_give(plan->terminal, getpgrp());
    }
    return error;
}

/// Forks the child and executes the command in it; returns 0 or an `errno` value.
static int start_child(const struct dlock_child_plan *plan, struct dlock_child *child, enum dlock_launch_step *step) {
    struct launch_pipes pipes;
    int error = open_pipe(&pipes.permission);
    if (error != 0) {
        return error;
    }
    error = open_pipe(&pipes.report);
    if (error != 0) {
        close_pipe(pipes.permission);
        return error;
    }
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0) {
        child_main(plan, pipes, child->lifeline, parent);
    }
    error = child->pid < 0 ? errno : 0;
    close(pipes.permission.reading);
    close(pipes.report.writing);
    if (error == 0) {
        *step = dlock_launch_step_execute;
        error = release_child(plan, child, pipes);
    }
    close(pipes.permission.writing);
    close(pipes.report.reading);
    return error;
}

int dlock_child_launch(const struct dlock_child_plan *plan, struct dlock_child *child, enum dlock_launch_step *step) {
    // One launch at a time: a guard forked during another launch would hold that one's pipes open.
    static pthread_mutex_t launching = PTHREAD_MUTEX_INITIALIZER;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&launching);
    *step = dlock_launch_step_prepare;
    int error = dlock_guard_start(child);
    if (error == 0) {
        error = start_child(plan, child, step);
        if (error != 0) {
            dlock_guard_dismiss(child);
        }
    }
    pthread_mutex_unlock(&launching);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

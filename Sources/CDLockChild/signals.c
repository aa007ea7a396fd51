#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CDLockChild.h"
#include "guard.h"
#include "pipes.h"
#include "process.h"
#include "signals.h"

#ifndef NSIG
#define NSIG 65
#endif

static bool ignored_at_start[NSIG];

/// Carries the number of every received signal as one byte.
static struct pipe_ends received = {-1, -1};

int dlock_signals_prepare(void) {
    for (int signal_number = 1; signal_number < NSIG; signal_number++) {
        struct sigaction action;
        ignored_at_start[signal_number] =
            sigaction(signal_number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    }
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    int error = open_pipe(&received);
    if (error == 0) {
        fcntl(received.writing, F_SETFL, O_NONBLOCK);
    }
    return error;
}

bool dlock_signal_was_ignored(int signal_number) {
    return signal_number > 0 && signal_number < NSIG && ignored_at_start[signal_number];
}

void dlock_signals_reset(bool asks_for_terminal) {
    for (int signal_number = 1; signal_number < NSIG; signal_number++) {
        bool asks = asks_for_terminal && (signal_number == SIGTTIN || signal_number == SIGTTOU);
        signal(signal_number, dlock_signal_was_ignored(signal_number) && !asks ? SIG_IGN : SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void change_mask(int how, int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    pthread_sigmask(how, &set, NULL);
}

static void pass_on(int signal_number) {
    int error = errno;
    unsigned char byte = (unsigned char)signal_number;
    write_message(received.writing, &byte, sizeof byte);
    errno = error;
}

static void install_handler(int signal_number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = pass_on;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void dlock_signal_watch(int signal_number) {
    change_mask(SIG_BLOCK, signal_number);
    install_handler(signal_number);
}

void dlock_signal_unblock(int signal_number) {
    change_mask(SIG_UNBLOCK, signal_number);
}

int dlock_signal_receive(void) {
    unsigned char byte;
    return read_message(received.reading, &byte, sizeof byte) ? byte : -1;
}

void dlock_signal_wake(void) {
    pass_on(0);
}

/// Finds out with a short-lived process whether `SIGTSTP` stops members of the process group of this process.
static bool can_be_stopped(void) {
    pid_t probe = fork();
    if (probe == 0) {
        signal(SIGTSTP, SIG_DFL);
        change_mask(SIG_UNBLOCK, SIGTSTP);
        raise(SIGTSTP);
        // The kernel has discarded the signal.
        _exit(0);
    }
    if (probe < 0) {
        return false;
    }
    int status = 0;
    while (waitpid(probe, &status, WUNTRACED) < 0 && errno == EINTR) {
    }
    if (!WIFSTOPPED(status)) {
        return false;
    }
    kill(probe, SIGKILL);
    dlock_reap(probe);
    return true;
}

bool dlock_process_stop(void) {
    if (!can_be_stopped()) {
        return false;
    }
    // First the others, then this thread, and with it the process: a signal to a thread takes effect at once, whereas a
    // signal to the process may reach another thread only when this one has installed the handler again.
    signal(SIGTSTP, SIG_IGN);
    kill(0, SIGTSTP);
    signal(SIGTSTP, SIG_DFL);
    change_mask(SIG_UNBLOCK, SIGTSTP);
    raise(SIGTSTP);
    install_handler(SIGTSTP);
    return true;
}

void dlock_signal_reraise(int signal_number) {
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(signal_number, SIG_DFL);
    change_mask(SIG_UNBLOCK, signal_number);
    raise(signal_number);
}

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "CDLockChild.h"
#include "descriptors.h"
#include "process.h"
#include "signals.h"

#ifdef __APPLE__
#include <crt_externs.h>
#define environ (*_NSGetEnviron())
#endif

/// How many descriptors this process needs beside the ones that it was started with.
static const rlim_t needed_descriptors = 24;

static int own_program = -1;

/// Occupies closed standard streams with /dev/null.
static void occupy_standard_streams(void) {
    int descriptor;
    do {
        descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor > STDERR_FILENO) {
        close(descriptor);
    }
}

/// Whether the limit of open files leaves this process enough of them; the libraries below us trap when there are none.
static bool has_enough_descriptors(void) {
    struct rlimit limit;
    rlim_t needed = (rlim_t)dlock_descriptors_inherited_count() + STDERR_FILENO + 1 + needed_descriptors;
    return getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed;
}

int dlock_process_prepare(void) {
    int error = dlock_descriptors_remember();
    if (error != 0) {
        return error;
    }
    if (!has_enough_descriptors()) {
        return EMFILE;
    }
    error = dlock_init_if_first();
    if (error != 0) {
        return error;
    }
    occupy_standard_streams();
#ifdef __linux__
    own_program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
#endif
    return dlock_signals_prepare();
}

int dlock_own_program(void) {
    return own_program;
}

const char *const *dlock_environment(void) {
    return (const char *const *)environ;
}

int dlock_thread_start(void *(*body)(void *), void *context) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) {
        return error;
    }
    pthread_t thread;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    error = pthread_create(&thread, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    return error;
}

int dlock_terminal_give(int terminal, pid_t group) {
    sigset_t background_write, before;
    sigemptyset(&background_write);
    sigaddset(&background_write, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &background_write, &before);
    int error = tcsetpgrp(terminal, group) == 0 ? 0 : errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

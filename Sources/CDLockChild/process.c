#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "CDLockChild.h"

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

#include <stddef.h>
#include <stdio.h>

#ifdef __APPLE__
#include <crt_externs.h>
#endif

#include "CDLockChild.h"

#if defined(__APPLE__)

const char *const *dlock_arguments(int *count) {
    *count = *_NSGetArgc();
    return (const char *const *)*_NSGetArgv();
}

#else

static const char *const *arguments;
static int argument_count;

#ifdef __GLIBC__

/// Remembers the arguments, which this C library passes to constructors as to `main`.
///
/// The Swift runtime reads /proc/self/cmdline instead, which can be masked, and finds no arguments then.
__attribute__((constructor)) static void remember_arguments(int count, char **values, char **environment) {
    (void)environment;
    arguments = (const char *const *)values;
    argument_count = count;
}

#endif

const char *const *dlock_arguments(int *count) {
    *count = argument_count;
    return arguments;
}

#endif

#ifndef DLOCK_PIPES_H
#define DLOCK_PIPES_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

struct pipe_ends {
    int reading;
    int writing;
};

/// Makes a pipe whose ends close on `exec`; returns 0 or an `errno` value.
static inline int open_pipe(struct pipe_ends *ends) {
    int descriptors[2];
#ifdef __linux__
    if (pipe2(descriptors, O_CLOEXEC) != 0) {
        return errno;
    }
#else
    if (pipe(descriptors) != 0) {
        return errno;
    }
    fcntl(descriptors[0], F_SETFD, FD_CLOEXEC);
    fcntl(descriptors[1], F_SETFD, FD_CLOEXEC);
#endif
    ends->reading = descriptors[0];
    ends->writing = descriptors[1];
    return 0;
}

/// Closes a descriptor, unless it is -1, and forgets it.
static inline void close_end(int *descriptor) {
    if (*descriptor >= 0) {
        close(*descriptor);
    }
    *descriptor = -1;
}

/// Closes the ends of a pipe that are still open.
static inline void close_pipe(struct pipe_ends *ends) {
    close_end(&ends->reading);
    close_end(&ends->writing);
}

/// Reads `size` bytes, at most `PIPE_BUF`, as one message; `false` at end of file.
static inline bool read_message(int descriptor, void *message, size_t size) {
    ssize_t count;
    do {
        count = read(descriptor, message, size);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)size;
}

/// Writes `size` bytes, at most `PIPE_BUF`, as one message.
static inline bool write_message(int descriptor, const void *message, size_t size) {
    ssize_t count;
    do {
        count = write(descriptor, message, size);
    } while (count < 0 && errno == EINTR);
    return count == (ssize_t)size;
}

#endif

#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "CDLockChild.h"

#if defined(__linux__) && __has_attribute(swiftcall)

// The hook is one of https://github.com/swiftlang/swift/blob/main/include/swift/Runtime/Concurrency.h. Sleeping has no hook that
// the runtime's own clocks ask.
#define SWIFT_CALL __attribute__((swiftcall))

/// A job of the concurrency runtime; owned by whoever has to run it.
struct job;

/// The runtime's own way to run jobs, where a hook may pass them on.
typedef SWIFT_CALL void (*enqueue_original)(struct job *job);

/// What the runtime calls for a job that any thread may run.
extern SWIFT_CALL void (*swift_task_enqueueGlobal_hook)(struct job *job, enqueue_original original);

/// Runs a job on the calling thread; both words of the executor are null, which stands for the global one.
extern SWIFT_CALL void swift_job_run(struct job *job, uintptr_t executor, uintptr_t implementation);

/// How many threads there may be on a machine with one processor: a task that blocks one keeps no signal from being seen to.
enum { least_threads = 2, first_capacity = 64 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
/// A ring of the jobs that wait for a thread, first come first served.
static struct job **jobs;
static size_t capacity, first, count;
static long threads, idle_threads, most_threads;

/// Doubles the ring if it is full; with the mutex held.
///
/// @return whether there is room for another job.
static bool make_room(void) {
    if (count < capacity) {
        return true;
    }
    size_t larger = capacity == 0 ? first_capacity : 2 * capacity;
    struct job **ring = malloc(larger * sizeof *ring);
    if (ring == NULL) {
        return false;
    }
    for (size_t place = 0; place < count; place++) {
        ring[place] = jobs[(first + place) % capacity];
    }
    free(jobs);
    jobs = ring;
    capacity = larger;
    first = 0;
    return true;
}

/// Runs jobs for ever.
static void *run_jobs(void *context) {
    pthread_mutex_lock(&mutex);
    while (true) {
        while (count == 0) {
            idle_threads++;
            pthread_cond_wait(&arrival, &mutex);
            idle_threads--;
        }
        struct job *job = jobs[first];
        first = (first + 1) % capacity;
        count--;
        pthread_mutex_unlock(&mutex);
        swift_job_run(job, 0, 0);
        pthread_mutex_lock(&mutex);
    }
    return context;
}

static SWIFT_CALL void enqueue(struct job *job, enqueue_original original) {
    pthread_mutex_lock(&mutex);
    if (!make_room()) {
        pthread_mutex_unlock(&mutex);
        original(job);
        return;
    }
    jobs[(first + count) % capacity] = job;
    count++;
    // An idle thread that has been woken, but has not run since, counts for one of the jobs that wait.
    bool is_wake = count <= (size_t)idle_threads;
    bool is_start = !is_wake && threads < most_threads;
    threads += is_start;
    pthread_mutex_unlock(&mutex);
    if (is_wake) {
        pthread_cond_signal(&arrival);
    } else if (is_start && dlock_thread_start(run_jobs, NULL) != 0) {
        // The threads that there are will come to it; the first one never ends.
        pthread_mutex_lock(&mutex);
        threads--;
        pthread_mutex_unlock(&mutex);
    }
}

void dlock_executor_install(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    most_threads = processors > least_threads ? processors : least_threads;
    threads = 1;
    swift_task_enqueueGlobal_hook = enqueue;
}

void dlock_executor_run(void) {
    while (true) {
        run_jobs(NULL);
    }
}

#else

void dlock_executor_install(void) {}

void dlock_executor_run(void) {
    while (true) {
        pause();
    }
}

#endif

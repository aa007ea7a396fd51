// SPDX-License-Identifier: Apache-2.0
//
// The peer of the file store: processes that contend for one file with flock(2), which is what flock(1) and most lock files
// do. Prints one line of JSON per scenario, with the fields of `dlock bench --json`.
//
//   flock FILE cycle SECONDS            one process locks and unlocks
//   flock FILE handoff SECONDS CLIENTS  processes contend; from the start of an unlock to another process's return from
//                                       lock (when the same one takes it again, nothing was handed over). An overtake is
//                                       a process that locks though another has been asking for OVERTAKE_NS longer.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CLIENTS = 1024, MAX_SAMPLES = 1 << 22 };
static const uint64_t OVERTAKE_NS = 100 * 1000;

struct shared {
    volatile uint64_t asking[MAX_CLIENTS];  // since when, or 0
    volatile uint64_t release_start;
    volatile int holder;
    int last;
    uint64_t operations, overtakes, violations, count;
    uint32_t samples[MAX_SAMPLES];  // nanoseconds
};

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sample(struct shared *s, uint64_t nanoseconds) {
    if (s->count < MAX_SAMPLES) s->samples[s->count++] = (uint32_t)(nanoseconds > UINT32_MAX ? UINT32_MAX : nanoseconds);
}

static double percentile(const struct shared *s, double p) {
    return s->count == 0 ? 0 : s->samples[(uint64_t)((double)(s->count - 1) * p)] / 1000.0;
}

static void cycle(struct shared *s, const char *path, uint64_t end) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) { perror(path); exit(1); }
    for (uint64_t start = now(); start < end; s->operations++) {
        flock(fd, LOCK_EX);
        flock(fd, LOCK_UN);
        uint64_t stop = now();
        sample(s, stop - start);
        start = stop;
    }
}

static void contend(struct shared *s, const char *path, int me, int clients, uint64_t end) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) { perror(path); exit(1); }
    while (now() < end) {
        uint64_t asked = now();
        s->asking[me] = asked;
        flock(fd, LOCK_EX);
        uint64_t begun = now();
        s->asking[me] = 0;
        if (s->holder != 0) s->violations++;
        s->holder = me + 1;
        if (s->release_start != 0 && s->last != me) sample(s, begun - s->release_start);
        int waiting = 0;
        for (int other = 0; other < clients; other++) {
            uint64_t since = s->asking[other];
            if (since == 0) continue;
            waiting = 1;
            if (since + OVERTAKE_NS < asked) s->overtakes++;
        }
        s->last = me;
        s->operations++;
        s->holder = 0;
        s->release_start = waiting ? now() : 0;
        flock(fd, LOCK_UN);
    }
}

int main(int argc, char **argv) {
    if (argc < 4) { fprintf(stderr, "usage: flock FILE cycle|handoff SECONDS [CLIENTS]\n"); return 64; }
    int clients = argc > 4 ? atoi(argv[4]) : 1;
    if (clients < 1 || clients > MAX_CLIENTS) return 64;
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) { perror("mmap"); return 1; }
    uint64_t start = now(), end = start + (uint64_t)(atof(argv[3]) * 1e9);
    if (strcmp(argv[2], "cycle") == 0) {
        cycle(s, argv[1], end);
    } else {
        for (int i = 0; i < clients; i++) {
            if (fork() == 0) { contend(s, argv[1], i, clients, end); _exit(0); }
        }
        while (wait(NULL) > 0) {}
    }
    double seconds = (double)(now() - start) / 1e9;
    struct rusage self, children;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    double cpu = 0;
    for (int i = 0; i < 2; i++) {
        struct rusage *r = i ? &children : &self;
        cpu += (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) + (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e6;
    }
    qsort(s->samples, s->count, sizeof s->samples[0], compare);
    printf("{\"store\":\"flock(2)\",\"scenario\":\"%s\",\"clients\":%d,\"operations\":%llu,\"seconds\":%.3f,"
           "\"ops_per_second\":%.1f,\"p50_us\":%.3f,\"p90_us\":%.3f,\"p99_us\":%.3f,\"max_us\":%.3f,"
           "\"overtakes\":%llu,\"violations\":%llu,\"client_cpu_seconds\":%.3f}\n",
           argv[2], clients, (unsigned long long)s->operations, seconds, (double)s->operations / seconds,
           percentile(s, 0.5), percentile(s, 0.9), percentile(s, 0.99), percentile(s, 1),
           (unsigned long long)s->overtakes, (unsigned long long)s->violations, cpu);
    return 0;
}

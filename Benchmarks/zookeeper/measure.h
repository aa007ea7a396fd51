// SPDX-License-Identifier: Apache-2.0
//
// What limit.c and wire.c measure with. One thread at a time writes here.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_SAMPLES = 1 << 23, SESSION_MS = 30000 };

static const char PREFIX[] = "/_c_00000000-0000-0000-0000-000000000000-lock-";  // as long as Curator's
static double duration;  // seconds
static uint64_t begun, ended, end, operations, sampled;
static uint32_t *samples;  // nanoseconds
static double cpu;         // seconds

static void fail(const char *what, const char *why) {
    fprintf(stderr, "limit: %s: %s\n", what, why);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static double cpu_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Ends an operation that began at `start`, in nanoseconds; whether there is time for another.
static int operation_ended(uint64_t start) {
    ended = now();
    uint64_t took = ended - start;
    if (sampled < MAX_SAMPLES) samples[sampled++] = (uint32_t)(took > UINT32_MAX ? UINT32_MAX : took);
    operations++;
    return ended < end;
}

static void begin(void) {
    samples = malloc(MAX_SAMPLES * sizeof samples[0]);
    puts("begin");
    fflush(stdout);
    cpu = cpu_seconds();
    begun = now();
    end = begun + (uint64_t)(duration * 1e9);
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(double p) {
    return sampled == 0 ? 0 : samples[(uint64_t)((double)(sampled - 1) * p)] / 1000.0;
}

static void report(const char *scenario, int clients, uint64_t violations) {
    cpu = cpu_seconds() - cpu;
    double seconds = (double)(ended - begun) / 1e9;
    qsort(samples, sampled, sizeof samples[0], compare);
    printf("{\"store\":\"zookeeper\",\"scenario\":\"%s\",\"clients\":%d,\"operations\":%llu,\"seconds\":%.3f,"
           "\"ops_per_second\":%.1f,\"p50_us\":%.3f,\"p90_us\":%.3f,\"p99_us\":%.3f,\"max_us\":%.3f,"
           "\"overtakes\":0,\"violations\":%llu,\"client_cpu_seconds\":%.3f}\n",
           scenario, clients, (unsigned long long)operations, seconds, (double)operations / seconds, percentile(0.5),
           percentile(0.9), percentile(0.99), percentile(1), (unsigned long long)violations, cpu);
    fflush(stdout);
}

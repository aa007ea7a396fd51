// SPDX-License-Identifier: Apache-2.0
//
// What the servers and the loopback allow: the requests of a lock sent by ZooKeeper's own library for C, with nothing around
// them: whatever answers a request sends the next one. Prints one line of JSON with the fields of `dlock bench --json`.
//
//   limit HOSTS cycle    SECONDS 1     plain    a node is created and deleted
//   limit HOSTS cycle    SECONDS 1     listed   the same; the list of the nodes beside it is asked for together with the creation
//   limit HOSTS parallel SECONDS DEPTH plain    DEPTH folders, in each of which one node is created and deleted, each on
//   limit HOSTS parallel SECONDS DEPTH listed   its own; all on one session
//   limit HOSTS handoff  SECONDS SIDES pass     as many sessions, each with a node in one folder and a watch on the node of the
//                                               one before it. From the deletion by one until the next has had the event and
//                                               then a list of the folder. Only then the first queues again.
//   limit HOSTS handoff  SECONDS SIDES queue    the same, but the first queues again together with its deletion
//
// HOSTS is a list of address:port, as the library takes it, which chooses one at random for each session.
#define THREADED
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

#include "measure.h"

enum { PATH = 128, CONNECT_SECONDS = 30 };

struct slot {  // one folder and node in it: in handoff one of the sides, which has a session of its own
    zhandle_t *session;
    char folder[64], node[PATH];
    uint64_t start;
    atomic_int answers;   // still to come to requests that were sent in one go
    atomic_int releases;  // gate: it is the turn of this side, and the next one watches its node
    atomic_int watches;   // gate: this side has queued, and the one before it has
};

static const char *hosts;
static int sides, listed, requeues;
static atomic_ullong violations;
static atomic_int running;  // slots of which an answer is still to come
static atomic_int finished;
static sem_t done, connected;
static struct slot *slots;

static void check(const char *what, int code) {
    if (code != ZOK && !finished) fail(what, zerror(code));
}

static void finish(void) {
    finished = 1;
    sem_post(&done);
}

// Sessions.

static void on_state(zhandle_t *session, int type, int state, const char *path, void *context) {
    (void)session, (void)path, (void)context;
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) sem_post(&connected);
}

static zhandle_t *new_session(void) {
    zhandle_t *session = zookeeper_init(hosts, on_state, SESSION_MS, NULL, NULL, 0);
    if (session == NULL) fail("connect", "no session");
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CONNECT_SECONDS;
    if (sem_timedwait(&connected, &until) != 0) fail("connect", "no server answers");
    return session;
}

static void create_folder(zhandle_t *session, const char *path) {
    check("create folder", zoo_create(session, path, NULL, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0));
}

static void on_synchronised(int code, const char *path, const void *context) {
    (void)path, (void)context;
    check("sync", code);
    sem_post(&connected);
}

// After this the session sees what others did before.
static void sync_with_leader(zhandle_t *session) {
    check("sync", zoo_async(session, "/", on_synchronised, NULL));
    sem_wait(&connected);
}

static void send_create(struct slot *slot, string_stat_completion_t completion) {
    char path[PATH];
    snprintf(path, sizeof path, "%s%s", slot->folder, PREFIX);
    int mode = ZOO_EPHEMERAL_SEQUENTIAL;
    check("create", zoo_acreate2(slot->session, path, "limit", 5, &ZOO_OPEN_ACL_UNSAFE, mode, completion, slot));
}

static void keep_name(struct slot *slot, const char *path) {
    if (strlen(path) >= sizeof slot->node) fail("create", "the path is too long");
    strcpy(slot->node, path);
}

// Cycles. All of this runs on the one thread of the session that hands out its answers.

static void begin_cycle(struct slot *slot);

static void on_deleted(int code, const void *context) {
    struct slot *slot = (struct slot *)context;
    check("delete", code);
    if (operation_ended(slot->start)) {
        begin_cycle(slot);
    } else if (atomic_fetch_sub(&running, 1) == 1) {
        finish();
    }
}

// The last answer to what was sent in one go means that the lock is held.
static void on_part(struct slot *slot) {
    if (atomic_fetch_sub(&slot->answers, 1) > 1) return;
    check("delete", zoo_adelete(slot->session, slot->node, -1, on_deleted, slot));
}

static void on_created(int code, const char *path, const struct Stat *stat, const void *context) {
    (void)stat;
    struct slot *slot = (struct slot *)context;
    check("create", code);
    keep_name(slot, path);
    on_part(slot);
}

static void on_list(int code, const struct String_vector *names, const void *context) {
    check("list", code);
    violations += names->count != 1;
    on_part((struct slot *)context);
}

static void begin_cycle(struct slot *slot) {
    slot->start = now();
    atomic_store(&slot->answers, listed ? 2 : 1);
    send_create(slot, on_created);
    if (listed) check("list", zoo_aget_children(slot->session, slot->folder, 0, on_list, slot));
}

static void run_cycles(int depth) {
    zhandle_t *session = new_session();
    slots = calloc((size_t)depth, sizeof *slots);
    for (int i = 0; i < depth; i++) {
        slots[i].session = session;
        snprintf(slots[i].folder, sizeof slots[i].folder, "/limit-%d-%d", (int)getpid(), i);
        create_folder(session, slots[i].folder);
    }
    running = depth;
    begin();
    for (int i = 0; i < depth; i++) begin_cycle(&slots[i]);
    sem_wait(&done);
}

// Hand-overs. The sides form a ring, each with threads of its own; what they share goes from one to the next by the gates.

static void on_queued(int code, const char *path, const struct Stat *stat, const void *context);
static void on_event(zhandle_t *session, int type, int state, const char *path, void *context);
static void on_watching(int code, const char *value, int length, const struct Stat *stat, const void *context);

// Whether this was the last thing that was waited for.
static int opens(atomic_int *gate) {
    if (atomic_fetch_sub(gate, 1) > 1) return 0;
    atomic_store(gate, 2);
    return 1;
}

static struct slot *after(const struct slot *side) {
    return &slots[(side - slots + 1) % sides];
}

static struct slot *before(const struct slot *side) {
    return &slots[(side - slots + sides - 1) % sides];
}

static void on_released(int code, const void *context) {
    (void)context;
    check("delete", code);
}

static void may_release(struct slot *side) {
    if (!opens(&side->releases)) return;
    side->start = now();
    check("delete", zoo_adelete(side->session, side->node, -1, on_released, side));
    if (requeues) send_create(side, on_queued);
}

static void watch(struct slot *side) {
    check("watch", zoo_awget(side->session, before(side)->node, on_event, side, on_watching, side));
}

static void may_watch(struct slot *side) {
    if (opens(&side->watches)) watch(side);
}

static void on_queued(int code, const char *path, const struct Stat *stat, const void *context) {
    (void)stat;
    struct slot *side = (struct slot *)context;
    check("create", code);
    if (code != ZOK) return;
    keep_name(side, path);
    may_watch(side);
    may_watch(after(side));
}

static void on_watching(int code, const char *value, int length, const struct Stat *stat, const void *context) {
    (void)value, (void)length, (void)stat;
    struct slot *side = (struct slot *)context;
    if (code == ZNONODE) return watch(side);  // its server has not heard of that node yet
    check("watch", code);
    may_release(before(side));
    if (!requeues) may_release(after(side));  // whose turn it has been since it saw the list
}

// The side has been told that the node before its own has gone, and has seen the list.
static void on_turn(int code, const struct String_vector *names, const void *context) {
    struct slot *side = (struct slot *)context, *last = before(side);
    check("list", code);
    if (code != ZOK) return;
    violations += names->count < 1 || names->count > sides;
    if (!operation_ended(last->start)) {
        finish();
    } else if (requeues) {
        may_release(side);
    } else {
        send_create(last, on_queued);
    }
}

static void on_event(zhandle_t *session, int type, int state, const char *path, void *context) {
    (void)state, (void)path;
    struct slot *side = context;
    if (type != ZOO_DELETED_EVENT) return;
    check("list", zoo_aget_children(session, side->folder, 0, on_turn, side));
}

static void queue_up(struct slot *side) {
    char path[PATH];
    snprintf(path, sizeof path, "%s%s", side->folder, PREFIX);
    check("create", zoo_create(side->session, path, "limit", 5, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL, side->node,
                               sizeof side->node));
    side->releases = side->watches = 2;
    if (side == slots) {
        side->watches = 1;  // the node of the last side is there
        return;
    }
    struct Stat stat;
    int length = 0;
    sync_with_leader(side->session);
    check("watch", zoo_wget(side->session, before(side)->node, on_event, side, NULL, &length, &stat));
    before(side)->releases = 1;
}

static void run_handovers(void) {
    slots = calloc((size_t)sides, sizeof *slots);
    for (int i = 0; i < sides; i++) {
        slots[i].session = new_session();
        snprintf(slots[i].folder, sizeof slots[i].folder, "/limit-%d", (int)getpid());
        if (i == 0) create_folder(slots[i].session, slots[i].folder);
        sync_with_leader(slots[i].session);
    }
    for (int i = 0; i < sides; i++) queue_up(&slots[i]);
    begin();
    may_release(&slots[0]);
    sem_wait(&done);
}

// The program.

int main(int argc, char **argv) {
    if (argc != 6) fail("usage", "HOSTS cycle|parallel|handoff SECONDS NUMBER plain|listed|pass|queue");
    int number = atoi(argv[4]), passes = strcmp(argv[2], "handoff") == 0;
    hosts = argv[1];
    duration = atof(argv[3]);
    if (number < 1 || (passes && number < 2)) fail("usage", "NUMBER is greater than 0, for handoff greater than 1");
    listed = strcmp(argv[5], "listed") == 0;
    requeues = strcmp(argv[5], "queue") == 0;
    sem_init(&done, 0, 0);
    sem_init(&connected, 0, 0);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    if (passes) {
        sides = number;
        run_handovers();
    } else {
        run_cycles(number);
    }
    report(argv[2], number, violations);
    for (int i = 0; i < (passes ? sides : 1); i++) zookeeper_close(slots[i].session);
    return 0;
}

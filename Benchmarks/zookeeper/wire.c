// SPDX-License-Identifier: Apache-2.0
//
// The same as limit.c with nothing but sockets: one thread that writes the frames of the protocol and blocks until there is an
// answer. No client can be faster than this one where it waits for the server. Called as limit.c is; it does not ping, so that
// a measurement must be shorter than the timeout of a session, half a minute.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

enum { PATH = 128, BUFFER = 1 << 16, IN_FLIGHT = 1 << 12, MAX_HOSTS = 16 };
enum { CREATE = 1, DELETE = 2, GET_DATA = 4, GET_CHILDREN = 8, SYNC = 9, CREATE2 = 15, CLOSE = -11 };  // operations
enum { EVENT = -1, PERSISTENT = 0, EPHEMERAL_SEQUENTIAL = 3 };

struct session {
    int socket, xid, events;
    size_t out, in, parsed;  // bytes in the buffers, and how many of those read have been looked at
    uint8_t sending[BUFFER], received[BUFFER];
};

struct reply {
    int xid, error;
    const uint8_t *body;
};

struct slot {  // one folder and node in it, as in limit.c
    struct session *session;
    char folder[64], node[PATH];
    uint64_t start;
    enum { WATCHING, QUEUEING, ASKING } state;  // of a side: its watch is there, its node is not yet, its watch is not yet
};

static struct sockaddr_in hosts[MAX_HOSTS];
static int host_count, sides, listed, requeues;
static uint64_t violations;
static struct slot *slots;

// Frames.

static void put(struct session *session, const void *bytes, size_t count) {
    if (session->out + count > BUFFER) fail("send", "too much at a time");
    memcpy(session->sending + session->out, bytes, count);
    session->out += count;
}

static void put_int(struct session *session, int32_t value) {
    uint32_t wire = htonl((uint32_t)value);
    put(session, &wire, sizeof wire);
}

static void put_string(struct session *session, const char *text) {
    put_int(session, (int32_t)strlen(text));
    put(session, text, strlen(text));
}

static int32_t get_int(const uint8_t *bytes) {
    uint32_t wire;
    memcpy(&wire, bytes, sizeof wire);
    return (int32_t)ntohl(wire);
}

// Where the frame begins, for `finish_frame`.
static size_t begin_frame(struct session *session) {
    put_int(session, 0);
    return session->out;
}

static void finish_frame(struct session *session, size_t start) {
    uint32_t length = htonl((uint32_t)(session->out - start));
    memcpy(session->sending + start - sizeof length, &length, sizeof length);
}

static size_t begin_request(struct session *session, int operation, const char *path) {
    size_t start = begin_frame(session);
    put_int(session, ++session->xid);
    put_int(session, operation);
    if (path != NULL) put_string(session, path);
    return start;
}

static void flush(struct session *session) {
    for (size_t sent = 0; sent < session->out;) {
        ssize_t count = write(session->socket, session->sending + sent, session->out - sent);
        if (count <= 0) fail("send", "the server has gone");
        sent += (size_t)count;
    }
    session->out = 0;
}

static void receive(struct session *session) {
    memmove(session->received, session->received + session->parsed, session->in - session->parsed);
    session->in -= session->parsed;
    session->parsed = 0;
    ssize_t count = read(session->socket, session->received + session->in, BUFFER - session->in);
    if (count <= 0) fail("receive", "the server has gone or does not answer");
    session->in += (size_t)count;
}

// The next frame that has been read as a whole; NULL if there is none.
static const uint8_t *next_frame(struct session *session) {
    size_t left = session->in - session->parsed;
    const uint8_t *start = session->received + session->parsed;
    if (left < 4 || left - 4 < (size_t)get_int(start)) return NULL;
    session->parsed += 4 + (size_t)get_int(start);
    return start + 4;
}

// The next reply that has been read as a whole, if there is one. Events are counted.
static int next_reply(struct session *session, struct reply *reply) {
    for (const uint8_t *frame; (frame = next_frame(session)) != NULL;) {
        *reply = (struct reply){get_int(frame), get_int(frame + 12), frame + 16};
        if (reply->error != 0) fail("reply", "an error");
        if (reply->xid != EVENT) return 1;
        session->events++;
    }
    return 0;
}

static struct reply await_reply(struct session *session) {
    struct reply reply;
    flush(session);
    while (!next_reply(session, &reply)) receive(session);
    return reply;
}

static void await_event(struct session *session) {
    struct reply reply;
    while (session->events == 0) {
        if (next_reply(session, &reply)) fail("event", "a reply instead");
        if (session->events == 0) receive(session);
    }
    session->events--;
}

// Requests.

static void request_create(struct session *session, int operation, const char *path, int flags) {
    size_t start = begin_request(session, operation, path);
    put_string(session, "limit");
    put_int(session, 1);
    put_int(session, 31);  // everything
    put_string(session, "world");
    put_string(session, "anyone");
    put_int(session, flags);
    finish_frame(session, start);
}

static void request_node(struct slot *slot) {
    char path[PATH];
    snprintf(path, sizeof path, "%s%s", slot->folder, PREFIX);
    request_create(slot->session, CREATE2, path, EPHEMERAL_SEQUENTIAL);
}

static void request_delete(struct slot *slot) {
    size_t start = begin_request(slot->session, DELETE, slot->node);
    put_int(slot->session, -1);
    finish_frame(slot->session, start);
}

static void request_read(struct session *session, int operation, const char *path, int watch) {
    size_t start = begin_request(session, operation, path);
    uint8_t flag = (uint8_t)watch;
    put(session, &flag, 1);
    finish_frame(session, start);
}

static void keep_name(struct slot *slot, struct reply reply) {
    int length = get_int(reply.body);
    if (length < 0 || length >= PATH) fail("create", "the path is too long");
    memcpy(slot->node, reply.body + 4, (size_t)length);
    slot->node[length] = 0;
}

static struct session *new_session(void) {
    struct session *session = calloc(1, sizeof *session);
    struct sockaddr_in *host = &hosts[rand() % host_count];
    int on = 1;
    session->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(session->socket, (struct sockaddr *)host, sizeof *host) != 0) fail("connect", "no server");
    struct timeval patience = {25, 0};
    setsockopt(session->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(session->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    static const uint8_t zeros[16];
    size_t start = begin_frame(session);
    put(session, zeros, 12);  // version, last transaction seen
    put_int(session, SESSION_MS);
    put(session, zeros, 8);  // a new session
    put_int(session, 16);
    put(session, zeros, 16);  // its password
    put(session, zeros, 1);   // not read only
    finish_frame(session, start);
    flush(session);
    while (next_frame(session) == NULL) receive(session);
    return session;
}

static void create_folder(struct slot *slot) {
    request_create(slot->session, CREATE, slot->folder, PERSISTENT);
    await_reply(slot->session);
}

static void close_session(struct session *session) {
    size_t start = begin_frame(session);
    put_int(session, 0);
    put_int(session, CLOSE);
    finish_frame(session, start);
    flush(session);
    while (session->parsed < session->in || read(session->socket, session->received, BUFFER) > 0) session->parsed = session->in;
    close(session->socket);
}

// Cycles. The server answers in the order of the requests.

struct expected {
    struct slot *slot;
    int operation;
};

static struct expected queue[IN_FLIGHT];
static unsigned head, tail;

static void expect(struct slot *slot, int operation) {
    queue[tail++ % IN_FLIGHT] = (struct expected){slot, operation};
}

static void begin_cycle(struct slot *slot) {
    slot->start = now();
    request_node(slot);
    expect(slot, CREATE2);
    if (!listed) return;
    request_read(slot->session, GET_CHILDREN, slot->folder, 0);
    expect(slot, GET_CHILDREN);
}

static void step(struct expected answered, struct reply reply) {
    struct slot *slot = answered.slot;
    if (answered.operation == DELETE) {
        if (operation_ended(slot->start)) begin_cycle(slot);
        return;
    }
    if (answered.operation == CREATE2) keep_name(slot, reply);
    if (answered.operation == GET_CHILDREN) violations += get_int(reply.body) != 1;
    if (answered.operation == CREATE2 && listed) return;
    request_delete(slot);
    expect(slot, DELETE);
}

static void run_cycles(int depth) {
    struct session *session = new_session();
    for (int i = 0; i < depth; i++) {
        slots[i].session = session;
        snprintf(slots[i].folder, sizeof slots[i].folder, "/wire-%d-%d", (int)getpid(), i);
        create_folder(&slots[i]);
    }
    begin();
    for (int i = 0; i < depth; i++) begin_cycle(&slots[i]);
    while (head != tail) {
        struct reply reply;
        flush(session);
        receive(session);
        while (next_reply(session, &reply)) step(queue[head++ % IN_FLIGHT], reply);
    }
}

// Hand-overs.

static struct slot *after(const struct slot *side) {
    return &slots[(side - slots + 1) % sides];
}

static struct slot *before(const struct slot *side) {
    return &slots[(side - slots + sides - 1) % sides];
}

static void ask_to_watch(struct slot *side) {
    if (side->state != QUEUEING) return;
    await_reply(side->session);  // to the deletion
    keep_name(side, await_reply(side->session));
    request_read(side->session, GET_DATA, before(side)->node, 1);
    flush(side->session);
    side->state = ASKING;
}

static void await_watch(struct slot *side) {
    ask_to_watch(side);
    if (side->state == ASKING) await_reply(side->session);
    side->state = WATCHING;
}

static void release(struct slot *side) {
    side->start = now();
    request_delete(side);
    if (requeues) request_node(side);
    flush(side->session);
    side->state = QUEUEING;
}

static void pass_round(void) {
    for (struct slot *side = slots;; side = after(side)) {
        struct slot *next = after(side);
        release(side);
        await_event(next->session);
        request_read(next->session, GET_CHILDREN, next->folder, 0);
        int count = get_int(await_reply(next->session).body);
        violations += count < 1 || count > sides;
        if (!operation_ended(side->start)) return;
        if (!requeues) {
            request_node(side);
            await_watch(side);
        } else {
            ask_to_watch(before(side));  // whose node has been there for long
            await_watch(after(next));
        }
    }
}

static void run_handovers(void) {
    for (int i = 0; i < sides; i++) {
        slots[i].session = new_session();
        snprintf(slots[i].folder, sizeof slots[i].folder, "/wire-%d", (int)getpid());
        if (i == 0) create_folder(&slots[i]);
        finish_frame(slots[i].session, begin_request(slots[i].session, SYNC, "/"));
        await_reply(slots[i].session);
        request_node(&slots[i]);
        keep_name(&slots[i], await_reply(slots[i].session));
        if (i == 0) continue;
        request_read(slots[i].session, GET_DATA, before(&slots[i])->node, 1);
        await_reply(slots[i].session);
    }
    begin();
    pass_round();
}

// The program.

static void read_hosts(char *list) {
    for (char *host = strtok(list, ","); host != NULL; host = strtok(NULL, ",")) {
        char *port = strchr(host, ':');
        if (port == NULL || host_count == MAX_HOSTS) fail("usage", "HOSTS is a list of up to 16 address:port");
        *port = 0;
        struct sockaddr_in *address = &hosts[host_count++];
        address->sin_family = AF_INET;
        address->sin_port = htons((uint16_t)atoi(port + 1));
        if (inet_pton(AF_INET, host, &address->sin_addr) != 1) fail("usage", "HOSTS has addresses, no names");
    }
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage", "HOSTS cycle|parallel|handoff SECONDS NUMBER plain|listed|pass|queue");
    int number = atoi(argv[4]), passes = strcmp(argv[2], "handoff") == 0;
    if (number < 1 || number > IN_FLIGHT / 2 || (passes && number < 2)) fail("usage", "NUMBER is out of range");
    read_hosts(argv[1]);
    srand((unsigned)now());
    duration = atof(argv[3]);
    listed = strcmp(argv[5], "listed") == 0;
    requeues = strcmp(argv[5], "queue") == 0;
    sides = passes ? number : 0;
    slots = calloc((size_t)number, sizeof *slots);
    if (passes) {
        run_handovers();
    } else {
        run_cycles(number);
    }
    report(argv[2], number, violations);
    for (int i = 0; i < (passes ? number : 1); i++) close_session(slots[i].session);
    return 0;
}

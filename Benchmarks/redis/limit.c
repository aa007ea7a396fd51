// SPDX-License-Identifier: Apache-2.0
//
// What the server and the loopback allow: the commands of a lock sent by hiredis, with nothing around them. Prints one line
// of JSON with the fields of `dlock bench --json`.
//
//   limit PORT cycle    SECONDS 1     batch [SCRIPTS]   one key
//   limit PORT parallel SECONDS DEPTH batch [SCRIPTS]   DEPTH keys on one connection: all acquires, all their replies, then
//                                                       all releases, all their replies
//   limit PORT parallel SECONDS DEPTH slide [SCRIPTS]   the same, but each key goes on as soon as its own reply is there
//   limit PORT handoff  SECONDS SIDES pass  [SCRIPTS]   sides with two connections each pass one key round; from sending to
//                                                       the next side's receipt of the message
//
// Without SCRIPTS the commands are the least that a lock needs: SET NX PX, and a script that compares and deletes (for a
// hand-over, a script of one SET and one PUBLISH). SCRIPTS gives others:
//
//   --acquire FILE KEYS WORD...   the script, how many of the words are keys, the keys and the arguments
//   --release FILE KEYS WORD...
//   --channel WORD                where a side is told that the key is its own
//
// In words {key}, {token} and {client} (32 hexadecimal digits each) are filled in. A release must answer 1 where nobody
// waits.
#include <hiredis/hiredis.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

enum { MAX_WORDS = 32, MAX_SAMPLES = 1 << 23, TOKEN = 32 };

struct words {  // of a command
    int count;
    const char *text[MAX_WORDS];
};

struct command {  // ready to be sent
    int count, tokens;
    const char *text[MAX_WORDS];
    size_t length[MAX_WORDS];
    char *token[MAX_WORDS];  // where to write each new token
};

struct slot {  // one key that is taken and given back again and again
    struct command acquire, release;
    uint64_t start;
    int held;
};

static int port;
static const char *channel = "limit:{client}";
static double duration;  // seconds
static uint64_t begun, operations, violations, sampled;
static uint32_t *samples;  // nanoseconds

static void fail(const char *what, const char *why) {
    fprintf(stderr, "limit: %s: %s\n", what, why);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// The end of a measurement that begins now.
static uint64_t begin(void) {
    begun = now();
    return begun + (uint64_t)(duration * 1e9);
}

static void sample(uint64_t nanoseconds) {
    if (sampled < MAX_SAMPLES) samples[sampled++] = (uint32_t)(nanoseconds > UINT32_MAX ? UINT32_MAX : nanoseconds);
}

// Connections and replies.

static redisContext *connection(void) {
    redisContext *context = redisConnect("127.0.0.1", port);
    if (context == NULL || context->err) fail("connect", context ? context->errstr : "no memory");
    redisSetTimeout(context, (struct timeval){10, 0});
    return context;
}

static redisReply *receive(redisContext *context) {
    void *reply;
    if (redisGetReply(context, &reply) != REDIS_OK) fail("reply", context->errstr);
    if (((redisReply *)reply)->type == REDIS_REPLY_ERROR) fail("reply", ((redisReply *)reply)->str);
    return reply;
}

static void send_pending(redisContext *context) {
    for (int done = 0; !done;) {
        if (redisBufferWrite(context, &done) != REDIS_OK) fail("send", context->errstr);
    }
}

static int is_granted(const redisReply *reply) {
    return reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_STRING;
}

static int is_released(const redisReply *reply) {
    return reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
}

// Commands.

// `text` with every `mark` replaced; the positions of the replacements go to `places` if that is not NULL.
static char *replaced(const char *text, const char *mark, const char *value, char **places, int *count) {
    char *result = calloc(1, strlen(text) + 1 + strlen(value) * (strlen(text) / strlen(mark) + 1)), *end = result;
    const char *hit;
    for (; (hit = strstr(text, mark)) != NULL; text = hit + strlen(mark)) {
        end += sprintf(end, "%.*s", (int)(hit - text), text);
        if (places != NULL) places[(*count)++] = end;
        end += sprintf(end, "%s", value);
    }
    strcpy(end, text);
    return result;
}

static char *with_client(const char *text, int client) {
    char id[TOKEN + 1];
    snprintf(id, sizeof id, "%032x", (unsigned)client);
    return replaced(text, "{client}", id, NULL, NULL);
}

static struct command prepared(const struct words *words, const char *key, int client) {
    char blank[TOKEN + 1];
    snprintf(blank, sizeof blank, "%032d", 0);
    struct command command = {.count = words->count};
    for (int i = 0; i < words->count; i++) {
        char *with_key = replaced(with_client(words->text[i], client), "{key}", key, NULL, NULL);
        command.text[i] = replaced(with_key, "{token}", blank, command.token, &command.tokens);
        command.length[i] = strlen(command.text[i]);
    }
    return command;
}

static void append(redisContext *context, struct command *command) {
    redisAppendCommandArgv(context, command->count, command->text, command->length);
}

static void new_token(struct slot *slot) {
    static uint64_t last;
    char digits[TOKEN];
    memset(digits, '0', TOKEN);
    uint64_t rest = ++last;
    for (int i = TOKEN - 1; rest != 0; rest >>= 4) digits[i--] = "0123456789abcdef"[rest & 15];
    for (int i = 0; i < slot->acquire.tokens; i++) memcpy(slot->acquire.token[i], digits, TOKEN);
    for (int i = 0; i < slot->release.tokens; i++) memcpy(slot->release.token[i], digits, TOKEN);
}

static void append_acquire(redisContext *context, struct slot *slot) {
    new_token(slot);
    append(context, &slot->acquire);
}

// Scripts.

static const char *loaded(const char *source) {
    redisContext *context = connection();
    const char *argv[] = {"SCRIPT", "LOAD", source};
    redisAppendCommandArgv(context, 3, argv, NULL);
    redisReply *reply = receive(context);
    const char *hash = strdup(reply->str);
    freeReplyObject(reply);
    redisFree(context);
    return hash;
}

static const char *contents(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail(path, "cannot be read");
    char *text = calloc(1, 1 << 16);
    fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    return text;
}

// Reads `FILE KEYS WORD...` up to the next option.
static struct words script(char **argv) {
    if (argv[0] == NULL || argv[1] == NULL) fail("usage", "--acquire and --release need FILE KEYS WORD...");
    struct words words = {.count = 3, .text = {"EVALSHA", loaded(contents(argv[0])), argv[1]}};
    for (argv += 2; *argv != NULL && strncmp(*argv, "--", 2) != 0; argv++) {
        if (words.count == MAX_WORDS) fail("usage", "too many words");
        words.text[words.count++] = *argv;
    }
    return words;
}

// Scenarios.

static void run_batch(redisContext *context, struct slot *slots, int depth) {
    uint64_t end = begin();
    while (now() < end) {
        for (int i = 0; i < depth; i++) {
            slots[i].start = now();
            append_acquire(context, &slots[i]);
        }
        for (int i = 0; i < depth; i++) {
            redisReply *reply = receive(context);
            violations += !is_granted(reply);
            freeReplyObject(reply);
        }
        for (int i = 0; i < depth; i++) append(context, &slots[i].release);
        for (int i = 0; i < depth; i++) {
            redisReply *reply = receive(context);
            violations += !is_released(reply);
            freeReplyObject(reply);
            sample(now() - slots[i].start);
        }
        operations += (uint64_t)depth;
    }
}

static void step(redisContext *context, struct slot *slot, const redisReply *reply) {
    if (!slot->held) {
        violations += !is_granted(reply);
        append(context, &slot->release);
    } else {
        violations += !is_released(reply);
        uint64_t time = now();
        sample(time - slot->start);
        slot->start = time;
        operations++;
        append_acquire(context, slot);
    }
    slot->held = !slot->held;
}

// Replies come in the order of the requests, and each is followed by one request of its slot: so the slots take turns.
static void run_slide(redisContext *context, struct slot *slots, int depth) {
    uint64_t end = begin();
    for (int i = 0; i < depth; i++) {
        slots[i].start = now();
        append_acquire(context, &slots[i]);
    }
    for (int turn = 0; now() < end;) {
        send_pending(context);
        if (redisBufferRead(context) != REDIS_OK) fail("receive", context->errstr);
        for (;;) {
            void *reply = NULL;
            if (redisReaderGetReply(context->reader, &reply) != REDIS_OK) fail("receive", context->reader->errstr);
            if (reply == NULL) break;
            if (((redisReply *)reply)->type == REDIS_REPLY_ERROR) fail("reply", ((redisReply *)reply)->str);
            step(context, &slots[turn], reply);
            freeReplyObject(reply);
            turn = (turn + 1) % depth;
        }
    }
}

static redisContext *subscribed(int side) {
    redisContext *context = connection();
    freeReplyObject(redisCommand(context, "SUBSCRIBE %s", with_client(channel, side)));
    if (context->err) fail("subscribe", context->errstr);
    return context;
}

// Waits until `side` is told that the key is its own.
static void await_message(redisContext *side) {
    redisReply *message = receive(side);
    if (message->type != REDIS_REPLY_ARRAY || message->elements != 3) fail("message", "not one");
    freeReplyObject(message);
}

// One SET and one PUBLISH to the next side, and so on round the circle.
static void pass_plain(redisContext **commands, redisContext **messages, int sides) {
    const char *hash = loaded("redis.call('SET', KEYS[1], ARGV[1], 'PX', 30000)\n"
                              "redis.call('PUBLISH', ARGV[2], ARGV[1])\nreturn 1");
    struct words words = {.count = 6, .text = {"EVALSHA", hash, "1", "{key}", "{token}", channel}};
    struct slot *slots = calloc((size_t)sides, sizeof *slots);
    for (int i = 0; i < sides; i++) slots[i].acquire = prepared(&words, "limit", (i + 1) % sides);
    uint64_t end = begin();
    for (int turn = 0; now() < end; turn = (turn + 1) % sides) {
        uint64_t start = now();
        append_acquire(commands[turn], &slots[turn]);
        send_pending(commands[turn]);
        await_message(messages[(turn + 1) % sides]);
        sample(now() - start);
        freeReplyObject(receive(commands[turn]));
        operations++;
    }
}

// With the scripts of a lock with a queue: the holder releases and joins the queue again, in one packet.
static void pass_queued(
    redisContext **commands, redisContext **messages, int sides, struct words *acquire, struct words *release
) {
    struct slot *slots = calloc((size_t)sides, sizeof *slots);
    for (int i = 0; i < sides; i++) {
        slots[i].acquire = prepared(acquire, "limit", i);
        slots[i].release = prepared(release, "limit", i);
        append_acquire(commands[i], &slots[i]);
        redisReply *reply = receive(commands[i]);
        violations += is_granted(reply) != (i == 0);
        freeReplyObject(reply);
    }
    uint64_t end = begin();
    for (int turn = 0; now() < end; turn = (turn + 1) % sides) {
        uint64_t start = now();
        append(commands[turn], &slots[turn].release);
        append_acquire(commands[turn], &slots[turn]);
        send_pending(commands[turn]);
        await_message(messages[(turn + 1) % sides]);
        sample(now() - start);
        freeReplyObject(receive(commands[turn]));
        redisReply *reply = receive(commands[turn]);
        violations += (uint64_t)is_granted(reply);
        freeReplyObject(reply);
        operations++;
    }
}

// The program.

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(double p) {
    return sampled == 0 ? 0 : samples[(uint64_t)((double)(sampled - 1) * p)] / 1000.0;
}

static void report(const char *client, const char *scenario, int clients, double seconds) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    qsort(samples, sampled, sizeof samples[0], compare);
    printf("{\"client\":\"%s\",\"store\":\"redis\",\"scenario\":\"%s\",\"clients\":%d,\"operations\":%llu,\"seconds\":%.3f,"
           "\"ops_per_second\":%.1f,\"p50_us\":%.3f,\"p90_us\":%.3f,\"p99_us\":%.3f,\"max_us\":%.3f,"
           "\"overtakes\":0,\"violations\":%llu,\"client_cpu_seconds\":%.3f}\n",
           client, scenario, clients, (unsigned long long)operations, seconds, (double)operations / seconds,
           percentile(0.5), percentile(0.9), percentile(0.99), percentile(1), (unsigned long long)violations, cpu);
}

static void hand_over(int sides, struct words *acquire, struct words *release) {
    redisContext **commands = calloc((size_t)sides, sizeof *commands), **messages = calloc((size_t)sides, sizeof *messages);
    for (int i = 0; i < sides; i++) {
        commands[i] = connection();
        messages[i] = subscribed(i);
    }
    if (release->count > 0) {
        pass_queued(commands, messages, sides, acquire, release);
    } else {
        pass_plain(commands, messages, sides);
    }
}

static void run_keys(int depth, int slides, struct words *acquire, struct words *release) {
    static const struct words set = {.count = 6, .text = {"SET", "{key}", "{token}", "NX", "PX", "30000"}};
    struct words delete = {.count = 5, .text = {"EVALSHA", "", "1", "{key}", "{token}"}};
    delete.text[1] = loaded("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0");
    struct slot *slots = calloc((size_t)depth, sizeof *slots);
    for (int i = 0; i < depth; i++) {
        char key[32];
        snprintf(key, sizeof key, "limit-%d", i);
        slots[i].acquire = prepared(release->count > 0 ? acquire : &set, key, 0);
        slots[i].release = prepared(release->count > 0 ? release : &delete, key, 0);
    }
    (slides ? run_slide : run_batch)(connection(), slots, depth);
}

int main(int argc, char **argv) {
    if (argc < 6) fail("usage", "PORT cycle|parallel|handoff SECONDS NUMBER batch|slide|pass [SCRIPTS]");
    int number = atoi(argv[4]);
    port = atoi(argv[1]);
    duration = atof(argv[3]);
    if (port < 1 || number < 1) fail("usage", "PORT and NUMBER are greater than 0");
    samples = malloc(MAX_SAMPLES * sizeof samples[0]);
    struct words acquire = {0}, release = {0};
    for (int i = 6; i < argc; i++) {
        if (strcmp(argv[i], "--acquire") == 0) acquire = script(&argv[i + 1]);
        if (strcmp(argv[i], "--release") == 0) release = script(&argv[i + 1]);
        if (strcmp(argv[i], "--channel") == 0 && i + 1 < argc) channel = argv[i + 1];
    }
    if ((acquire.count > 0) != (release.count > 0)) fail("usage", "--acquire and --release go together");
    int passes = strcmp(argv[2], "handoff") == 0, slides = strcmp(argv[5], "slide") == 0;
    if (passes) {
        hand_over(number, &acquire, &release);
    } else {
        run_keys(number, slides, &acquire, &release);
    }
    char client[64];
    snprintf(client, sizeof client, "hiredis (%s%s)", release.count > 0 ? "fenced" : "plain", slides ? ", sliding" : "");
    report(client, argv[2], number, (double)(now() - begun) / 1e9);
    return 0;
}

/* Viewers of a stream of server-sent events, thousands in one process; load/viewers.py starts it.

       viewers PORT PATH NUMBER

   Each viewer asks for PATH once and reads. An event counts if its data names a contest and a version, as
   results do. What is told, on standard output, a line each; times are nanoseconds of CLOCK_MONOTONIC:

       connected NUMBER                     so many viewers have the head of their answer; told now and then
       reached CONTEST VERSION TIME         the last viewer has this version of the contest, or a newer one

   and when standard input ends, for every event that anybody got:

       event CONTEST VERSION DELIVERIES REPEATS LATE DIFFERENT DATA
       end

   DELIVERIES are viewers for whom it was news, REPEATS viewers who had it already, LATE those who had a newer
   one, DIFFERENT those whose bytes were not the first viewer's. What goes wrong is told on standard error, with
   exit status 1.

   When the last viewer has a version follows from a count: each event of a contest knows how many viewers have
   nothing newer, and the contest knows its oldest such event, its floor. As soon as nobody stands on the floor it
   rises to the next event that somebody stands on, and that one has been reached by all. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONTESTS = 64,
    NAME = 101,
    READ = 1 << 18,   /* bytes that are read at once */
    WAITING = 256,    /* viewers that may wait for the head of their answer, so that no backlog overflows */
    HEAD = 1 << 14,   /* bytes of a head at most */
};

struct event {
    struct event *older, *newer;
    uint64_t version;
    long viewers; /* who have nothing newer */
    long deliveries, repeats, late, different;
    size_t size;
    char *data;
};

struct contest {
    char name[NAME];
    struct event before; /* what all have who have nothing of this contest yet */
    struct event *floor, *newest;
};

struct viewer {
    int socket;
    bool streaming, chunked;
    bool in_size;      /* within the line that tells a chunk's size */
    size_t left;       /* bytes of this chunk that have not come, or the size as far as it was read */
    char *kept;        /* the head, or an event, as far as it came */
    size_t size, room;
    struct event *has[CONTESTS];
};

static struct contest contests[CONTESTS];
static int known;
static struct viewer *viewers;
static long number, opened, streaming;
static int poll_of_all;
static struct sockaddr_in server;
static char request[4096];

static void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

static void *need(void *memory) {
    if (!memory)
        fail("the viewers' process has no memory left");
    return memory;
}

static long long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* ---- events ---- */

static int contest_named(const char *name, size_t size) {
    for (int at = 0; at < known; at++)
        if (!strncmp(contests[at].name, name, size) && !contests[at].name[size])
            return at;
    if (known == CONTESTS || size >= NAME)
        fail("more than %d contests, or a code of more than %d bytes", CONTESTS, NAME - 1);
    struct contest *contest = &contests[known];
    memcpy(contest->name, name, size);
    contest->before.viewers = number;
    contest->floor = contest->newest = &contest->before;
    for (long at = 0; at < number; at++)
        viewers[at].has[known] = &contest->before;
    return known++;
}

/* The event of a version, made from the first copy that comes; events stay in the order of their versions. */
static struct event *event_of(struct contest *contest, uint64_t version, const char *data, size_t size) {
    struct event *before = contest->newest;
    while (before->version > version)
        before = before->older;
    if (before->version == version && before != &contest->before)
        return before;
    struct event *event = need(calloc(1, sizeof *event));
    event->version = version;
    event->size = size;
    event->data = memcpy(need(malloc(size)), data, size);
    event->older = before;
    event->newer = before->newer;
    before->newer = event;
    if (event->newer)
        event->newer->older = event;
    else
        contest->newest = event;
    return event;
}

static void raise_floor(struct contest *contest) {
    while (!contest->floor->viewers)
        contest->floor = contest->floor->newer;
    printf("reached %s %llu %lld\n", contest->name, (unsigned long long)contest->floor->version, now());
}

static void deliver(struct viewer *viewer, const char *data, size_t size) {
    static const char contest_key[] = "\"contest\":\"", version_key[] = "\"version\":";
    const char *name = memmem(data, size, contest_key, sizeof contest_key - 1);
    const char *version = memmem(data, size, version_key, sizeof version_key - 1);
    if (!name || !version)
        return; /* a heartbeat */
    name += sizeof contest_key - 1;
    const char *end = memchr(name, '"', data + size - name);
    int at = contest_named(name, end - name);
    struct contest *contest = &contests[at];
    struct event *event = event_of(contest, strtoull(version + sizeof version_key - 1, NULL, 10), data, size);
    struct event *had = viewer->has[at];
    event->different += event->size != size || memcmp(event->data, data, size);
    if (event == had)
        event->repeats++;
    else if (event->version < had->version)
        event->late++;
    else {
        event->deliveries++;
        event->viewers++;
        viewer->has[at] = event;
        if (!--had->viewers && had == contest->floor)
            raise_floor(contest);
    }
}

/* ---- the stream: HTTP's chunks, and the lines in them ---- */

/* Takes the whole events of a piece, and returns where the first begins that is not whole. */
static char *take(struct viewer *viewer, char *piece, char *end) {
    char *line = piece, *data = NULL, *newline;
    size_t size = 0;
    while ((newline = memchr(line, '\n', end - line))) {
        size_t length = newline - line;
        length -= length && line[length - 1] == '\r';
        if (!length) {
            if (data)
                deliver(viewer, data, size);
            data = NULL;
            piece = newline + 1;
        } else if (length > 5 && !memcmp(line, "data:", 5)) {
            int space = line[5] == ' ';
            data = line + 5 + space;
            size = length - 5 - space;
        }
        line = newline + 1;
    }
    return piece;
}

static void keep(struct viewer *viewer, const char *piece, size_t size) {
    if (viewer->size + size > viewer->room) {
        viewer->room = 2 * (viewer->size + size);
        viewer->kept = need(realloc(viewer->kept, viewer->room));
    }
    memcpy(viewer->kept + viewer->size, piece, size);
    viewer->size += size;
}

static void text(struct viewer *viewer, char *piece, size_t size) {
    if (!viewer->size) {
        char *rest = take(viewer, piece, piece + size);
        if (rest < piece + size)
            keep(viewer, rest, piece + size - rest);
        return;
    }
    keep(viewer, piece, size);
    char *rest = take(viewer, viewer->kept, viewer->kept + viewer->size);
    viewer->size -= rest - viewer->kept;
    memmove(viewer->kept, rest, viewer->size);
}

static int digit(char byte) {
    return byte <= '9' ? byte - '0' : (byte | 32) - 'a' + 10;
}

/* RFC 9112, 7.1. An empty line is the end of the chunk before it. */
static void body(struct viewer *viewer, char *piece, size_t size) {
    char *end = piece + size;
    while (piece < end) {
        if (!viewer->chunked || (viewer->left && !viewer->in_size)) {
            size_t part = end - piece;
            if (viewer->chunked && part > viewer->left)
                part = viewer->left;
            text(viewer, piece, part);
            viewer->left -= viewer->chunked ? part : 0;
            piece += part;
            continue;
        }
        char byte = *piece++;
        if (byte == '\n') {
            if (viewer->in_size && !viewer->left)
                fail("the server ended a viewer's stream");
            viewer->in_size = false;
        } else if (byte != '\r') {
            if (digit(byte) < 0 || digit(byte) > 15)
                fail("no chunk begins with byte %d", byte);
            viewer->left = 16 * (viewer->in_size ? viewer->left : 0) + digit(byte);
            viewer->in_size = true;
        }
    }
}

/* ---- connections ---- */

static void head(struct viewer *viewer, char *piece, size_t size) {
    keep(viewer, piece, size);
    keep(viewer, "", 1);
    viewer->size--;
    char *end = strstr(viewer->kept, "\r\n\r\n");
    if (!end) {
        if (viewer->size > HEAD)
            fail("an answer's head has no end");
        return;
    }
    *end = 0;
    if (strncmp(viewer->kept, "HTTP/1.1 200", 12) || !strcasestr(viewer->kept, "text/event-stream"))
        fail("a viewer was answered with: %s", viewer->kept);
    viewer->chunked = strcasestr(viewer->kept, "transfer-encoding: chunked") != NULL;
    viewer->streaming = true;
    if (++streaming == number || streaming % WAITING == 0)
        printf("connected %ld\n", streaming);
    char *rest = end + 4;
    size_t left = viewer->kept + viewer->size - rest;
    char *copy = need(malloc(left + 1));
    memcpy(copy, rest, left);
    viewer->size = 0;
    body(viewer, copy, left);
    free(copy);
}

static void receive(struct viewer *viewer) {
    static char piece[READ];
    ssize_t size = recv(viewer->socket, piece, sizeof piece, MSG_DONTWAIT);
    if (size > 0 && viewer->streaming)
        body(viewer, piece, size);
    else if (size > 0)
        head(viewer, piece, size);
    else if (!size)
        fail("the server closed a viewer's connection");
    else if (errno != EAGAIN && errno != EINTR)
        fail("a viewer's connection broke: %s", strerror(errno));
}

static void watch(int descriptor, struct viewer *viewer) {
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = viewer};
    if (epoll_ctl(poll_of_all, EPOLL_CTL_ADD, descriptor, &wanted))
        fail("epoll: %s", strerror(errno));
}

static void open_more(void) {
    for (; opened < number && opened - streaming < WAITING; opened++) {
        struct viewer *viewer = &viewers[opened];
        viewer->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (viewer->socket < 0 || connect(viewer->socket, (struct sockaddr *)&server, sizeof server))
            fail("viewer %ld does not get through: %s", opened + 1, strerror(errno));
        size_t size = strlen(request);
        if (send(viewer->socket, request, size, MSG_NOSIGNAL) != (ssize_t)size)
            fail("viewer %ld cannot ask: %s", opened + 1, strerror(errno));
        watch(viewer->socket, viewer);
    }
}

static void report(void) {
    for (int at = 0; at < known; at++)
        for (struct event *event = contests[at].before.newer; event; event = event->newer) {
            printf("event %s %llu %ld %ld %ld %ld ", contests[at].name, (unsigned long long)event->version,
                   event->deliveries, event->repeats, event->late, event->different);
            fwrite(event->data, 1, event->size, stdout);
            putchar('\n');
        }
    puts("end");
    fflush(stdout);
}

int main(int count, char **words) {
    if (count != 4)
        fail("usage: viewers PORT PATH NUMBER");
    number = atol(words[3]);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
             words[2]);
    viewers = need(calloc(number, sizeof *viewers));
    poll_of_all = epoll_create1(0);
    watch(STDIN_FILENO, NULL);
    for (;;) {
        struct epoll_event ready[512];
        open_more();
        int found = epoll_wait(poll_of_all, ready, 512, -1);
        for (int at = 0; at < found; at++) {
            if (!ready[at].data.ptr) {
                report();
                return 0;
            }
            receive(ready[at].data.ptr);
        }
        fflush(stdout);
    }
}

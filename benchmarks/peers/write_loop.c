/* The wire's limit: an event is written to one socket after the other, and nothing else is done.

       write_loop PORT

   GET /stream is answered with the head of a stream; what is sent to POST /publish goes to all who watch. It
   reads requests as benchmarks send them, each whole within a few packets, and is no server for anything else. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 1 << 16, REQUEST = 1 << 16 };

static const char STREAM[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\nd\r\nretry: 2000\n\n\r\n";
static const char BEFORE[] = "event: results\ndata: ", AFTER[] = "\n\n\r\n";
static const char PUBLISHED[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npublished";

static int viewers[SOCKETS], watching;
static struct sender {
    char request[REQUEST];
    size_t size;
} sender; /* one at a time */

static void leave(int socket) {
    for (int at = 0; at < watching; at++)
        if (viewers[at] == socket)
            viewers[at] = viewers[--watching];
    close(socket);
}

static void send_all(int socket, const char *data, size_t size) {
    if (send(socket, data, size, MSG_NOSIGNAL) != (ssize_t)size)
        fprintf(stderr, "a socket took less than all\n");
}

static void publish(const char *body, size_t size) {
    static char event[REQUEST + 100];
    size_t inside = sizeof BEFORE - 1 + size + 2; /* the chunk, without its own end */
    int length = snprintf(event, sizeof event, "%zx\r\n%s", inside, BEFORE);
    memcpy(event + length, body, size);
    memcpy(event + length + size, AFTER, sizeof AFTER - 1);
    for (int at = 0; at < watching; at++)
        send_all(viewers[at], event, length + size + sizeof AFTER - 1);
}

/* Whether the request was whole, and so was answered. */
static bool answer(int socket) {
    sender.request[sender.size] = 0;
    char *end = strstr(sender.request, "\r\n\r\n");
    if (!end)
        return false;
    if (!strncmp(sender.request, "GET /stream", 11)) {
        viewers[watching++] = socket;
        send_all(socket, STREAM, sizeof STREAM - 1);
        return true;
    }
    char *length = strcasestr(sender.request, "content-length:");
    size_t size = length ? strtoul(length + 15, NULL, 10) : 0;
    if (end + 4 + size > sender.request + sender.size)
        return false;
    publish(end + 4, size);
    send_all(socket, PUBLISHED, sizeof PUBLISHED - 1);
    return true;
}

static void receive(int socket) {
    ssize_t size = recv(socket, sender.request + sender.size, REQUEST - 1 - sender.size, 0);
    if (size <= 0) {
        leave(socket);
        sender.size = 0;
        return;
    }
    sender.size += size;
    if (answer(socket))
        sender.size = 0;
}

int main(int count, char **words) {
    if (count != 2)
        return 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listening = socket(AF_INET, SOCK_STREAM, 0), all = epoll_create1(0), one = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listening, (struct sockaddr *)&here, sizeof here) || listen(listening, SOMAXCONN))
        return perror("write_loop"), 1;
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = listening}, ready[256];
    epoll_ctl(all, EPOLL_CTL_ADD, listening, &wanted);
    for (;;) {
        int found = epoll_wait(all, ready, 256, -1);
        for (int at = 0; at < found; at++) {
            if (ready[at].data.fd != listening) {
                receive(ready[at].data.fd);
                continue;
            }
            wanted.data.fd = accept(listening, NULL, NULL);
            if (wanted.data.fd < 0 || wanted.data.fd >= SOCKETS)
                return perror("accept"), 1;
            setsockopt(wanted.data.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            epoll_ctl(all, EPOLL_CTL_ADD, wanted.data.fd, &wanted);
        }
    }
}

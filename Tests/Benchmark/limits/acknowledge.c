// The least that an HTTP server with a durable acknowledgement does: reads bodies, writes them to a file, syncs it, answers 202.
// One thread; requests that are ready together share one fdatasync.
//
//   acknowledge PORT [FILE]    without a file it answers at once: a receiver of webhooks that costs little
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { CONNECTIONS = 4096, HEAD = 16384, CHUNK = 1 << 20 };

// A request of a connection: its head as far as it has come, then how much of its body is still to come.
static struct {
    char head[HEAD + 1];
    size_t length, left;
    int in_body;
} *connections[CONNECTIONS];

static int file = -1;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void keep(const char *bytes, size_t count) {
    while (file >= 0 && count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written < 0) fail("write");
        bytes += written;
        count -= (size_t)written;
    }
}

// Takes what has come on a connection; true once a request is whole.
static int take(int fd, const char *bytes, size_t count) {
    typeof(connections[0]) c = connections[fd];
    if (!c->in_body) {
        size_t before = c->length;
        size_t part = count < HEAD - before ? count : HEAD - before;
        memcpy(c->head + before, bytes, part);
        c->head[c->length += part] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end) return 0;
        char *length = strcasestr(c->head, "\r\ncontent-length:");
        c->left = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
        c->in_body = 1;
        size_t head = (size_t)(end + 4 - c->head) - before;
        bytes += head;
        count -= head;
    }
    size_t part = count < c->left ? count : c->left;
    keep(bytes, part);
    c->left -= part;
    if (c->left > 0) return 0;
    c->length = 0;
    c->in_body = 0;
    return 1;
}

int main(int count, char **arguments) {
    static const char answer[] =
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"success\":true}";
    static char chunk[CHUNK];
    if (count < 2) return 2;
    if (count > 2 && (file = open(arguments[2], O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600)) < 0) fail("open");

    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 1024)) fail("listen");

    int poll = epoll_create1(0);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener}, events[512];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &interest);
    for (;;) {
        int ready = epoll_wait(poll, events, 512, -1), whole[512], wholes = 0;
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    if (fd >= CONNECTIONS) {
                        close(fd);
                        continue;
                    }
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    connections[fd] = calloc(1, sizeof *connections[fd]);
                    interest.data.fd = fd;
                    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &interest);
                }
                continue;
            }
            ssize_t got;
            while ((got = read(fd, chunk, CHUNK)) > 0) {
                if (!take(fd, chunk, (size_t)got)) continue;
                whole[wholes++] = fd;
                break;
            }
            if (got == 0 || (got < 0 && errno != EAGAIN)) {
                free(connections[fd]);
                close(fd);
            }
        }
        if (wholes > 0 && file >= 0 && fdatasync(file)) fail("fdatasync");
        for (int i = 0; i < wholes; i++)
            if (write(whole[i], answer, sizeof answer - 1) < 0) continue;
    }
}

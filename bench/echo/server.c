/*
 * The echo server that the others are measured against: one thread, level-triggered epoll, one read and one write for a message. No
 * buffer is kept for a connection; what the socket does not take at once is kept until it does.
 *
 * Prints its port, and ends with the process that started it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 256
#define CHUNK 65536

/* What is left to write of a connection, by descriptor; NULL nearly always. */
struct rest {
  size_t length, at;
  char bytes[];
};
static struct rest **rests;
static int capacity;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int queue, int operation, int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(queue, operation, fd, &event) < 0) fail("epoll_ctl");
}

static void drop(int fd) {
  free(rests[fd]);
  rests[fd] = NULL;
  close(fd); /* epoll forgets a descriptor whose last reference is closed */
}

static void keep(int queue, int fd, const char *bytes, size_t length) {
  struct rest *rest = malloc(sizeof *rest + length);
  if (rest == NULL) fail("malloc");
  rest->length = length;
  rest->at = 0;
  memcpy(rest->bytes, bytes, length);
  rests[fd] = rest;
  watch(queue, EPOLL_CTL_MOD, fd, EPOLLOUT);
}

static void flush(int queue, int fd) {
  struct rest *rest = rests[fd];
  ssize_t sent = send(fd, rest->bytes + rest->at, rest->length - rest->at, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) drop(fd);
    return;
  }
  rest->at += sent;
  if (rest->at < rest->length) return;
  free(rest);
  rests[fd] = NULL;
  watch(queue, EPOLL_CTL_MOD, fd, EPOLLIN);
}

static void echo(int queue, int fd) {
  static char buffer[CHUNK];
  ssize_t got = recv(fd, buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop(fd);
    return;
  }
  ssize_t sent = send(fd, buffer, got, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    drop(fd);
    return;
  }
  if (sent < 0) sent = 0;
  if (sent < got) keep(queue, fd, buffer + sent, got - sent);
}

static void accept_all(int queue, int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN) return;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      fail("accept4");
    }
    if (fd >= capacity) {
      int grown = fd * 2;
      rests = realloc(rests, grown * sizeof *rests);
      if (rests == NULL) fail("realloc");
      memset(rests + capacity, 0, (grown - capacity) * sizeof *rests);
      capacity = grown;
    }
    watch(queue, EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

/* As many descriptors as this user may have; Node does the same at its start. */
static void raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) fail("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) fail("setrlimit");
}

int main(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_limit();
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket");
  int on = 1;
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* accepted sockets inherit it */
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) < 0) fail("bind");
  if (listen(listener, 4096) < 0) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
  int queue = epoll_create1(EPOLL_CLOEXEC);
  if (queue < 0) fail("epoll_create1");
  capacity = 1024;
  rests = calloc(capacity, sizeof *rests);
  if (rests == NULL) fail("calloc");
  watch(queue, EPOLL_CTL_ADD, listener, EPOLLIN);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  for (;;) {
    struct epoll_event events[BATCH];
    int count = epoll_wait(queue, events, BATCH, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(queue, listener);
      else if (rests[fd] != NULL) flush(queue, fd);
      else echo(queue, fd);
    }
  }
}

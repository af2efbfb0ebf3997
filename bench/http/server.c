/*
 * The HTTP server that the others are measured against: one thread, level-triggered epoll, one read for what has come and one write for
 * all that it asked. It answers GET / with a prebuilt response whose Date is renewed each second, and anything else with 404.
 *
 * It parses what it must to find the end of each request (RFC 9112): the request line, the field names, Content-Length, Connection. A
 * chunked body is refused with 501, what is no request with 400, both with the end of the connection. No buffer is kept for a connection
 * that has nothing unfinished.
 *
 * Prints its port, and ends with the process that started it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256
#define CHUNK 65536
#define SHORTEST_REQUEST 15 /* a method of one letter, no target, no field: it is answered with 404 */
#define LONGEST_RESPONSE 192
#define BODY "Hello, World!"
#define INCOMPLETE (-1)

/* Bytes that could not be used at once. */
struct bytes {
  size_t length, at;
  char data[];
};
struct connection {
  struct bytes *input;  /* the beginning of a request */
  struct bytes *output; /* what the socket did not take */
  bool closing;
};
struct request {
  size_t length; /* with its body */
  bool found, keep_alive;
};

static struct connection *connections;
static int capacity;
static char ok[LONGEST_RESPONSE];
static size_t ok_length;
static time_t ok_second;
static bool is_token[256];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int queue, int operation, int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(queue, operation, fd, &event) < 0) fail("epoll_ctl");
}

static struct bytes *keep(const char *data, size_t length) {
  struct bytes *bytes = malloc(sizeof *bytes + length);
  if (bytes == NULL) fail("malloc");
  bytes->length = length;
  bytes->at = 0;
  memcpy(bytes->data, data, length);
  return bytes;
}

static void drop(int fd) {
  free(connections[fd].input);
  free(connections[fd].output);
  connections[fd] = (struct connection){0};
  close(fd); /* epoll forgets a descriptor whose last reference is closed */
}

static void prepare(void) {
  for (const char *c = "!#$%&'*+-.^_`|~"; *c != 0; c++) is_token[(unsigned char)*c] = true; /* RFC 9110, 5.6.2 */
  for (int c = '0'; c <= '9'; c++) is_token[c] = true;
  for (int c = 'a'; c <= 'z'; c++) is_token[c] = is_token[c - 'a' + 'A'] = true;
}

static void renew_date(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  if (time.tv_sec == ok_second) return;
  ok_second = time.tv_sec;
  struct tm parts;
  char date[32];
  gmtime_r(&time.tv_sec, &parts);
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  ok_length = snprintf(ok, sizeof ok, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nDate: %s\r\n\r\n%s",
                       strlen(BODY), date, BODY);
}

static bool named(const char *line, size_t length, const char *name) {
  return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

/* One field line [line, end), without its CRLF; the content length is set if it is that. */
static int parse_field(const char *line, const char *end, struct request *request, size_t *content) {
  const char *colon = memchr(line, ':', end - line);
  if (colon == NULL || colon == line) return 400;
  for (const char *c = line; c < colon; c++)
    if (!is_token[(unsigned char)*c]) return 400;
  size_t length = colon - line;
  const char *value = colon + 1;
  while (value < end && (*value == ' ' || *value == '\t')) value++;
  if (named(line, length, "content-length")) {
    size_t number = 0;
    const char *c = value;
    for (; c < end && *c >= '0' && *c <= '9' && number < CHUNK; c++) number = number * 10 + (*c - '0');
    if (c == value || c != end) return 400;
    *content = number;
  } else if (named(line, length, "transfer-encoding")) {
    return 501;
  } else if (named(line, length, "connection")) {
    if (named(value, end - value, "close")) request->keep_alive = false;
  }
  return 0;
}

/* The request at `bytes`: 0 when it is whole, INCOMPLETE, or the status that refuses it. */
static int parse(const char *bytes, const char *end, struct request *request) {
  const char *newline = memchr(bytes, '\n', end - bytes);
  if (newline == NULL) return INCOMPLETE;
  const char *space = memchr(bytes, ' ', newline - bytes);
  if (space == NULL || space == bytes) return 400;
  const char *target = space + 1, *second = memchr(target, ' ', newline - target);
  if (second == NULL || newline - second != 10 || memcmp(second, " HTTP/1.", 8) != 0 || newline[-1] != '\r') return 400;
  for (const char *c = bytes; c < space; c++)
    if (!is_token[(unsigned char)*c]) return 400;
  request->keep_alive = second[8] == '1';
  request->found = space - bytes == 3 && memcmp(bytes, "GET", 3) == 0 && second - target == 1 && *target == '/';
  size_t content = 0;
  for (;;) {
    const char *line = newline + 1;
    newline = memchr(line, '\n', end - line);
    if (newline == NULL) return INCOMPLETE;
    if (newline == line || newline[-1] != '\r') return 400;
    if (newline == line + 1) break;
    int status = parse_field(line, newline - 1, request, &content);
    if (status != 0) return status;
  }
  if ((size_t)(end - newline - 1) < content) return INCOMPLETE;
  request->length = newline + 1 - bytes + content;
  return 0;
}

static size_t refuse(char *output, int status, bool close) {
  return sprintf(output, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n%s\r\n", status,
                 status == 404   ? "Not Found"
                 : status == 501 ? "Not Implemented"
                                 : "Bad Request",
                 close ? "Connection: close\r\n" : "");
}

static void write_out(int queue, int fd, const char *output, size_t length) {
  struct connection *connection = &connections[fd];
  ssize_t sent = send(fd, output, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    drop(fd);
    return;
  }
  if (sent < 0) sent = 0;
  if ((size_t)sent < length) {
    connection->output = keep(output + sent, length - sent);
    watch(queue, EPOLL_CTL_MOD, fd, EPOLLOUT);
  } else if (connection->closing) {
    drop(fd);
  }
}

static void flush(int queue, int fd) {
  struct connection *connection = &connections[fd];
  struct bytes *rest = connection->output;
  ssize_t sent = send(fd, rest->data + rest->at, rest->length - rest->at, MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) drop(fd);
    return;
  }
  rest->at += sent;
  if (rest->at < rest->length) return;
  free(rest);
  connection->output = NULL;
  if (connection->closing) drop(fd);
  else watch(queue, EPOLL_CTL_MOD, fd, EPOLLIN);
}

static void serve(int queue, int fd) {
  static char input[CHUNK], output[(CHUNK / SHORTEST_REQUEST + 1) * LONGEST_RESPONSE];
  struct connection *connection = &connections[fd];
  size_t before = 0;
  if (connection->input != NULL) {
    before = connection->input->length;
    memcpy(input, connection->input->data, before);
  }
  ssize_t got = recv(fd, input + before, sizeof input - before, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop(fd);
    return;
  }
  free(connection->input);
  connection->input = NULL;
  const char *at = input, *end = input + before + got;
  size_t length = 0;
  while (at < end && !connection->closing) {
    struct request request;
    int status = parse(at, end, &request);
    if (status == INCOMPLETE) {
      if (end - at < (ptrdiff_t)sizeof input) {
        connection->input = keep(at, end - at);
        break;
      }
      status = 400; /* longer than all that we have */
    }
    if (status != 0) {
      connection->closing = true;
      length += refuse(output + length, status, true);
      break;
    }
    at += request.length;
    connection->closing = !request.keep_alive;
    if (request.found) {
      memcpy(output + length, ok, ok_length);
      length += ok_length;
    } else {
      length += refuse(output + length, 404, connection->closing);
    }
  }
  if (length > 0) write_out(queue, fd, output, length);
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
      connections = realloc(connections, grown * sizeof *connections);
      if (connections == NULL) fail("realloc");
      memset(connections + capacity, 0, (grown - capacity) * sizeof *connections);
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
  prepare();
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
  connections = calloc(capacity, sizeof *connections);
  if (connections == NULL) fail("calloc");
  watch(queue, EPOLL_CTL_ADD, listener, EPOLLIN);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  for (;;) {
    struct epoll_event events[BATCH];
    int count = epoll_wait(queue, events, BATCH, -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    renew_date();
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(queue, listener);
      else if (connections[fd].output != NULL) flush(queue, fd);
      else serve(queue, fd);
    }
  }
}

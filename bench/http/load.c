/*
 * The load generator of the HTTP suite.
 *
 *   load run  PORT PID CONNECTIONS DEPTH WARM_MS REQUESTS LIMIT_MS TARGET BODY
 *       every connection has DEPTH requests under way (sent together, the next DEPTH when all are answered), for WARM_MS and then until
 *       REQUESTS were answered or LIMIT_MS have passed; prints {"requests":…,"cpu":…,"user":…,"wall":…,"p50":…,"p99":…,"max":…} in ns: the
 *       CPU time of the server PID, its share in user mode, and the latency of a request from the moment it was sent until its answer had
 *       been read
 *   load hold PORT CONNECTIONS TARGET BODY
 *       opens connections, asks once over each, prints "held"; then, for each line on standard input, prints how many of them are still
 *       open; ends with its standard input
 *
 * Every answer is checked: status 200, a Content-Length that is BODY's, and BODY. Whatever else comes ends the run with 1.
 *
 * The server's CPU time is read here, next to the clock: a harness that shares the two busy cores would read it late. It is the process's
 * own clock (clock_getcpuclockid(3)): all threads, also those that have ended. How much of it is user mode the kernel only samples
 * (/proc/PID/stat, in ticks): good to a few per cent of a run of a second, and to nothing in a short one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
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
#define ROOM 32768 /* answers of one connection that have been read and not yet checked */
/* One source address has some 28,000 ports; fewer are taken from each, because others use them too. */
#define PORTS_PER_ADDRESS 5000
/* A server that stops answering must not hang the suite. */
#define SILENCE_MS 10000

struct connection {
  int fd;
  int missing; /* answers of the batch under way */
  size_t got;
  uint64_t sent_at;
  char bytes[ROOM];
};

static const char *body;
static size_t body_length;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void wrong(const char *what, const char *bytes, size_t length) {
  fprintf(stderr, "%s: %.*s\n", what, (int)(length < 300 ? length : 300), bytes);
  exit(1);
}

static uint64_t read_clock(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) fail("clock_gettime");
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static uint64_t now(void) { return read_clock(CLOCK_MONOTONIC); }

/* Ticks in user and in kernel mode (proc_pid_stat(5), fields 14 and 15). */
struct modes {
  unsigned long user, kernel;
};

static struct modes modes_of(long pid) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fgets(line, sizeof line, file) == NULL) fail(path);
  fclose(file);
  struct modes modes;
  const char *name_end = strrchr(line, ')'); /* the name may hold spaces */
  const char *format = ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu";
  if (name_end == NULL || sscanf(name_end, format, &modes.user, &modes.kernel) != 2) fail(path);
  return modes;
}

static int connect_to(int port, int index) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* Let connect choose the port by the whole four-tuple (ip(7), since Linux 4.2). */
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + index / PORTS_PER_ADDRESS)};
  if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0) fail("bind");
  struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&target, sizeof target) < 0) fail("connect");
  return fd;
}

static void send_all(int fd, const char *bytes, size_t length) {
  if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
}

/* `depth` requests in a row, as curl sends them. */
static char *requests(int port, const char *target, int depth, size_t *length) {
  char one[1024];
  int size = snprintf(one, sizeof one, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: pawl-bench\r\nAccept: */*\r\n\r\n",
                      target, port);
  char *all = malloc((size_t)size * depth);
  if (all == NULL || size >= (int)sizeof one) fail("the request");
  for (int i = 0; i < depth; i++) memcpy(all + (size_t)i * size, one, size);
  *length = (size_t)size * depth;
  return all;
}

/* The length of the answer at `bytes` once it is whole, else 0. */
static size_t check(const char *bytes, size_t length) {
  const char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (memcmp(bytes, "HTTP/1.1 200", 12) != 0) wrong("not the status 200", bytes, length);
  long content = -1;
  for (const char *line = bytes; line < end;) {
    line = (const char *)memchr(line, '\n', end + 2 - line) + 1;
    if (strncasecmp(line, "content-length:", 15) == 0) content = strtol(line + 15, NULL, 10);
  }
  if (content != (long)body_length) wrong("another Content-Length", bytes, length);
  size_t head = end + 4 - bytes;
  if (length < head + body_length) return 0;
  if (memcmp(bytes + head, body, body_length) != 0) wrong("another body", bytes, length);
  return head + body_length;
}

/* Reads what has come and returns the number of answers in it. */
static int receive(struct connection *connection) {
  ssize_t length = recv(connection->fd, connection->bytes + connection->got, ROOM - connection->got, MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (length <= 0) {
    fprintf(stderr, "the server closed a connection\n");
    exit(1);
  }
  connection->got += length;
  int answers = 0;
  size_t at = 0, size;
  while (at < connection->got && (size = check(connection->bytes + at, connection->got - at)) > 0) {
    at += size;
    answers++;
  }
  connection->got -= at;
  if (connection->got == ROOM) wrong("an answer without end", connection->bytes, ROOM);
  memmove(connection->bytes, connection->bytes + at, connection->got);
  if (answers > connection->missing) wrong("more answers than requests", connection->bytes, connection->got);
  return answers;
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void report(uint32_t *latencies, size_t count, uint64_t cpu, uint64_t user, uint64_t wall) {
  if (count == 0) {
    fprintf(stderr, "no request was answered in time\n");
    exit(1);
  }
  qsort(latencies, count, sizeof *latencies, by_value);
  printf("{\"requests\":%zu,\"cpu\":%llu,\"user\":%llu,\"wall\":%llu,\"p50\":%u,\"p99\":%u,\"max\":%u}\n", count, (unsigned long long)cpu,
         (unsigned long long)user, (unsigned long long)wall, latencies[(count - 1) / 2], latencies[(count - 1) * 99 / 100], latencies[count - 1]);
}

static void run(int port, long pid, int count, int depth, int warm_ms, size_t wanted, int limit_ms, const char *target) {
  clockid_t server_clock;
  if ((errno = clock_getcpuclockid(pid, &server_clock)) != 0) fail("clock_getcpuclockid");
  int queue = epoll_create1(EPOLL_CLOEXEC);
  if (queue < 0) fail("epoll_create1");
  struct connection *connections = calloc(count, sizeof *connections);
  uint32_t *latencies = calloc(wanted + depth, sizeof *latencies);
  size_t length;
  const char *message = requests(port, target, depth, &length);
  if (connections == NULL || latencies == NULL) fail("calloc");
  for (int i = 0; i < count; i++) {
    connections[i].fd = connect_to(port, i);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, connections[i].fd, &event) < 0) fail("epoll_ctl");
  }
  for (int i = 0; i < count; i++) {
    connections[i].missing = depth;
    connections[i].sent_at = now();
    send_all(connections[i].fd, message, length);
  }

  uint64_t begin = now() + warm_ms * 1000000ull, first_wall = 0, first_cpu = 0;
  struct modes first_modes = {0};
  size_t answered = 0;
  for (;;) {
    struct epoll_event events[BATCH];
    int ready = epoll_wait(queue, events, BATCH, SILENCE_MS);
    if (ready == 0) {
      fprintf(stderr, "the server was silent for %d ms\n", SILENCE_MS);
      exit(1);
    }
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int e = 0; e < ready; e++) {
      struct connection *connection = &connections[events[e].data.u32];
      int answers = receive(connection);
      if (answers == 0) continue;
      uint64_t time = now(), latency = time - connection->sent_at;
      if (first_wall != 0)
        for (int i = 0; i < answers && answered < wanted; i++) latencies[answered++] = latency < UINT32_MAX ? latency : UINT32_MAX;
      connection->missing -= answers;
      if (connection->missing > 0) continue;
      connection->missing = depth;
      connection->sent_at = time;
      send_all(connection->fd, message, length);
    }
    uint64_t time = now();
    if (first_wall == 0) {
      if (time < begin) continue;
      first_modes = modes_of(pid);
      first_cpu = read_clock(server_clock);
      first_wall = now();
    } else if (answered >= wanted || time >= first_wall + limit_ms * 1000000ull) {
      uint64_t cpu = read_clock(server_clock) - first_cpu;
      struct modes modes = modes_of(pid);
      unsigned long user = modes.user - first_modes.user, ticks = user + modes.kernel - first_modes.kernel;
      report(latencies, answered, cpu, ticks == 0 ? 0 : cpu * user / ticks, time - first_wall);
      return;
    }
  }
}

static void hold(int port, int count, const char *target) {
  size_t length;
  const char *message = requests(port, target, 1, &length);
  int *fds = calloc(count, sizeof *fds);
  struct connection *connection = malloc(sizeof *connection);
  if (fds == NULL || connection == NULL) fail("malloc");
  for (int i = 0; i < count; i++) {
    *connection = (struct connection){.fd = connect_to(port, i), .missing = 1};
    fds[i] = connection->fd;
    send_all(connection->fd, message, length);
    struct pollfd wait = {.fd = connection->fd, .events = POLLIN};
    do {
      if (poll(&wait, 1, SILENCE_MS) != 1) fail("poll");
    } while (receive(connection) == 0);
  }
  puts("held");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int open = 0;
    for (int i = 0; i < count; i++) {
      char byte;
      if (recv(fds[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN) open++;
    }
    printf("%d\n", open);
    fflush(stdout);
  }
}

/* As many descriptors as this user may have; Node does the same at its start. */
static void raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) fail("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) fail("setrlimit");
}

int main(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  raise_limit();
  body = argv[argc - 1];
  body_length = strlen(body);
  if (argc == 11 && strcmp(argv[1], "run") == 0) {
    run(atoi(argv[2]), atol(argv[3]), atoi(argv[4]), atoi(argv[5]), atoi(argv[6]), atol(argv[7]), atoi(argv[8]), argv[9]);
  } else if (argc == 6 && strcmp(argv[1], "hold") == 0) {
    hold(atoi(argv[2]), atoi(argv[3]), argv[4]);
  } else {
    fprintf(stderr, "usage: load run PORT PID CONNECTIONS DEPTH WARM_MS REQUESTS LIMIT_MS TARGET BODY\n"
                    "       load hold PORT CONNECTIONS TARGET BODY\n");
    return 2;
  }
  return 0;
}

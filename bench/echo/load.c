/*
 * The load generator of the echo suite.
 *
 *   load run  PORT PID CONNECTIONS BYTES WARM_MS RUN_MS   every connection has one message under way, all the time; prints
 *                                                         {"roundTrips":…,"cpu":…,"wall":…} of the server PID in ns
 *   load hold PORT CONNECTIONS BYTES                      opens connections, sends one message over each, prints "held", and keeps them
 *                                                         open until its standard input ends
 *
 * The server's CPU time is read here, next to the clock: a harness that shares the two busy cores would read it late. It is the sum of
 * its threads' time on a core (/proc/PID/task/TID/schedstat, in ns; see the kernel's Documentation/scheduler/sched-stats.rst).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256
/* One source address has some 28,000 ports; fewer are taken from each, because others use them too. */
#define PORTS_PER_ADDRESS 5000
/* A server that stops answering must not hang the suite. */
#define SILENCE_MS 10000

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static uint64_t cpu_of(long pid) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%ld/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) fail(path);
  uint64_t sum = 0;
  struct dirent *entry;
  while ((entry = readdir(tasks)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%ld/task/%s/schedstat", pid, entry->d_name);
    FILE *file = fopen(path, "r");
    if (file == NULL) continue; /* the thread has ended */
    unsigned long long ran = 0;
    if (fscanf(file, "%llu", &ran) == 1) sum += ran;
    fclose(file);
  }
  closedir(tasks);
  if (sum == 0) {
    fprintf(stderr, "no CPU time in /proc/%ld/task: is CONFIG_SCHED_INFO off?\n", pid);
    exit(1);
  }
  return sum;
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

static void run(int port, long pid, int connections, size_t bytes, int warm_ms, int run_ms) {
  int queue = epoll_create1(EPOLL_CLOEXEC);
  if (queue < 0) fail("epoll_create1");
  int *fds = calloc(connections, sizeof *fds);
  size_t *got = calloc(connections, sizeof *got);
  char *message = malloc(bytes), *answer = malloc(bytes);
  if (fds == NULL || got == NULL || message == NULL || answer == NULL) fail("malloc");
  for (size_t i = 0; i < bytes; i++) message[i] = 'a' + i % 26;
  for (int i = 0; i < connections; i++) {
    fds[i] = connect_to(port, i);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, fds[i], &event) < 0) fail("epoll_ctl");
  }
  for (int i = 0; i < connections; i++) send_all(fds[i], message, bytes);

  uint64_t start = now(), begin = start + warm_ms * 1000000ull, end = begin + run_ms * 1000000ull;
  uint64_t first_wall = 0, first_cpu = 0, round_trips = 0;
  for (;;) {
    struct epoll_event events[BATCH];
    int count = epoll_wait(queue, events, BATCH, SILENCE_MS);
    if (count == 0) {
      fprintf(stderr, "the server was silent for %d ms\n", SILENCE_MS);
      exit(1);
    }
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int e = 0; e < count; e++) {
      int i = events[e].data.u32;
      ssize_t length = recv(fds[i], answer + got[i], bytes - got[i], MSG_DONTWAIT);
      if (length < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (length <= 0) {
        fprintf(stderr, "the server closed a connection\n");
        exit(1);
      }
      if (memcmp(answer + got[i], message + got[i], length) != 0) {
        fprintf(stderr, "the server answered something else\n");
        exit(1);
      }
      got[i] += length;
      if (got[i] < bytes) continue;
      got[i] = 0;
      round_trips++;
      send_all(fds[i], message, bytes);
    }
    uint64_t time = now();
    if (first_wall == 0) {
      if (time < begin) continue;
      first_cpu = cpu_of(pid);
      first_wall = now();
      round_trips = 0;
    } else if (time >= end) {
      printf("{\"roundTrips\":%llu,\"cpu\":%llu,\"wall\":%llu}\n", (unsigned long long)round_trips,
             (unsigned long long)(cpu_of(pid) - first_cpu), (unsigned long long)(time - first_wall));
      return;
    }
  }
}

static void hold(int port, int connections, size_t bytes) {
  char *message = calloc(1, bytes), *answer = malloc(bytes);
  if (message == NULL || answer == NULL) fail("malloc");
  for (int i = 0; i < connections; i++) {
    int fd = connect_to(port, i);
    send_all(fd, message, bytes);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (size_t got = 0; got < bytes;) {
      if (poll(&wait, 1, SILENCE_MS) != 1) fail("poll");
      ssize_t length = recv(fd, answer, bytes - got, 0);
      if (length <= 0) fail("recv");
      got += length;
    }
  }
  puts("held");
  fflush(stdout);
  while (read(0, answer, bytes) > 0) {
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
  if (argc == 8 && strcmp(argv[1], "run") == 0) {
    run(atoi(argv[2]), atol(argv[3]), atoi(argv[4]), atol(argv[5]), atoi(argv[6]), atoi(argv[7]));
  } else if (argc == 5 && strcmp(argv[1], "hold") == 0) {
    hold(atoi(argv[2]), atoi(argv[3]), atol(argv[4]));
  } else {
    fprintf(stderr, "usage: load run PORT PID CONNECTIONS BYTES WARM_MS RUN_MS | load hold PORT CONNECTIONS BYTES\n");
    return 2;
  }
  return 0;
}

/*
 * The load of the burst benchmark: a connection that is established is pinged every millisecond, whether its last ping is
 * back or not, while another process lets bursts of clients in. Compiled by the benchmark itself:
 * cc -O2 burst.c -lssl -lcrypto
 *
 * usage: burst PORT BURSTS AT_ONCE SUITE GROUPS
 * The clients of a burst make their ClientHellos first and send them all together, and leave when they are secure. They
 * run when nobody else wants to: clients have processors of their own, and the pings are not to wait for those.
 * Prints milliseconds: the median and the 99th percentile of the pings that were sent while a burst lasted, of those sent
 * while there was none, and of how long a burst lasted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PING_BYTES 100
#define MOST_PINGS 200000
#define MOST_BURSTS 1000
/* Milliseconds of quiet before each burst. */
#define QUIET 30

/* What both processes see: when each burst began and ended. */
struct bursts {
  volatile int count, is_over;
  double start[MOST_BURSTS], end[MOST_BURSTS];
};

static struct sockaddr_in server;
static SSL_CTX *context;
static struct bursts *bursts;

static void give_up(const char *what) {
  if (bursts != NULL) bursts->is_over = 1;
  perror(what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int dial(void) {
  int on = 1, tcp = socket(AF_INET, SOCK_STREAM, 0);
  if (tcp < 0 || connect(tcp, (struct sockaddr *)&server, sizeof server) != 0) give_up("connect");
  setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return tcp;
}

/* ---- the bursts */

struct client {
  SSL *ssl;
  int socket;
};

/* Sends what the client has written into memory. */
static void send_all(struct client *client) {
  char *bytes;
  long length = BIO_get_mem_data(SSL_get_wbio(client->ssl), &bytes);
  if (length > 0 && send(client->socket, bytes, length, 0) != length) give_up("send");
  (void)BIO_reset(SSL_get_wbio(client->ssl));
}

/* Goes on with a handshake; whether it is done. */
static int go_on(struct client *client) {
  int result = SSL_connect(client->ssl);
  if (result != 1 && SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ) give_up("the handshake failed");
  return result == 1;
}

static void prepare(struct client *client) {
  client->socket = dial();
  fcntl(client->socket, F_SETFL, O_NONBLOCK);
  client->ssl = SSL_new(context);
  SSL_set_tlsext_host_name(client->ssl, "localhost");
  SSL_set_bio(client->ssl, BIO_new_socket(client->socket, BIO_NOCLOSE), BIO_new(BIO_s_mem()));
  go_on(client);
}

static void leave(struct client *client) {
  send_all(client);
  SSL_shutdown(client->ssl);
  send_all(client);
  SSL_free(client->ssl);
  close(client->socket);
}

static void burst(int at_once) {
  struct client *clients = calloc(at_once, sizeof *clients);
  struct pollfd *polls = calloc(at_once, sizeof *polls);
  int left = at_once, number = bursts->count;
  for (int i = 0; i < at_once; i++) {
    prepare(&clients[i]);
    polls[i].fd = clients[i].socket;
    polls[i].events = POLLIN;
  }
  usleep(QUIET * 1000);
  bursts->start[number] = now();
  bursts->end[number] = bursts->start[number] + 1e9;
  bursts->count++;
  for (int i = 0; i < at_once; i++) send_all(&clients[i]);
  while (left > 0) {
    if (poll(polls, at_once, 10000) <= 0) give_up("poll");
    for (int i = 0; i < at_once; i++) {
      if (polls[i].fd < 0 || polls[i].revents == 0 || !go_on(&clients[i])) continue;
      leave(&clients[i]);
      polls[i].fd = -1;
      left--;
    }
  }
  bursts->end[number] = now();
  free(clients);
  free(polls);
}

/* ---- the pings */

static double sent[MOST_PINGS], took[MOST_PINGS];

/* Pings until the bursts are over; returns how often. */
static int ping(SSL *ssl) {
  char data[PING_BYTES] = {0}, back[65536];
  struct itimerspec every = {.it_interval.tv_nsec = 1000000, .it_value.tv_nsec = 1000000};
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), count = 0, answered = 0, result;
  long bytes = 0;
  unsigned long long ticks;
  timerfd_settime(timer, 0, &every, NULL);
  struct pollfd polls[2] = {{.fd = timer, .events = POLLIN}, {.fd = SSL_get_fd(ssl), .events = POLLIN}};
  fcntl(SSL_get_fd(ssl), F_SETFL, O_NONBLOCK);
  while (answered < count || !bursts->is_over) {
    if (poll(polls, 2, 10000) <= 0) give_up("poll");
    while ((result = SSL_read(ssl, back, sizeof back)) > 0)
      for (bytes += result; bytes >= PING_BYTES; bytes -= PING_BYTES, answered++) took[answered] = now() - sent[answered];
    if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) give_up("the connection broke");
    if (read(timer, &ticks, sizeof ticks) != sizeof ticks || bursts->is_over || count == MOST_PINGS) continue;
    sent[count++] = now();
    if (SSL_write(ssl, data, sizeof data) != sizeof data) give_up("the ping");
  }
  return count;
}

static SSL *open_pinged(void) {
  char request[9] = "P";
  SSL *ssl = SSL_new(context);
  SSL_set_tlsext_host_name(ssl, "localhost");
  SSL_set_fd(ssl, dial());
  if (SSL_connect(ssl) != 1 || SSL_write(ssl, request, sizeof request) != sizeof request) give_up("the pinged connection");
  return ssl;
}

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static void report(const char *name, double *values, int count, const char *end) {
  qsort(values, count, sizeof *values, by_size);
  printf("\"%s\":{\"count\":%d,\"median\":%.4f,\"p99\":%.4f}%s", name, count, count ? values[count / 2] : 0,
         count ? values[(int)(count * 0.99)] : 0, end);
}

/* Whether a ping that was sent at this time met a burst. */
static int meets_burst(double time) {
  for (int i = 0; i < bursts->count; i++)
    if (time >= bursts->start[i] - 1 && time <= bursts->end[i]) return 1;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: burst PORT BURSTS AT_ONCE SUITE GROUPS\n");
    return 2;
  }
  static double within[MOST_PINGS], without[MOST_PINGS], lasted[MOST_BURSTS];
  int number = atoi(argv[2]), in = 0, out = 0;
  signal(SIGPIPE, SIG_IGN);
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(argv[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_ciphersuites(context, argv[4]) != 1 || SSL_CTX_set1_groups_list(context, argv[5]) != 1) give_up("suite");
  bursts = mmap(NULL, sizeof *bursts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  SSL *ssl = open_pinged();
  pid_t child = fork();
  if (child == 0) {
    struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0) setpriority(PRIO_PROCESS, 0, 19);
    for (int i = 0; i < number && i < MOST_BURSTS; i++) burst(atoi(argv[3]));
    bursts->is_over = 1;
    _exit(0);
  }
  int status, count = ping(ssl);
  waitpid(child, &status, 0);
  if (status != 0) return 1;
  for (int i = 0; i < count; i++) {
    if (meets_burst(sent[i])) within[in++] = took[i];
    else without[out++] = took[i];
  }
  for (int i = 0; i < bursts->count; i++) lasted[i] = bursts->end[i] - bursts->start[i];
  printf("{");
  report("within", within, in, ",");
  report("without", without, out, ",");
  report("lasted", lasted, bursts->count, "}\n");
  return 0;
}

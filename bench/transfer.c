/*
 * The load of the benchmarks that move data: clients of OpenSSL's, without the cost of Node around them, so that it is the
 * server that is busy. Compiled by the benchmark itself: cc -O2 transfer.c -lssl -lcrypto
 *
 * usage: transfer PORT SUITE GROUPS download|upload|get BYTES
 *        transfer PORT SUITE GROUPS ping COUNT CONNECTIONS
 * `download` and `upload` say what they want in the words of bench/protocol.ts, `get` in those of HTTP/1.1. `ping` sends
 * 100 bytes on all connections at once, and the next on each when the last are back. Prints how many seconds it took, or
 * ends with 1 and what went wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PING_BYTES 100
#define REQUEST_BYTES 9
/* What HTTP may send beside the bytes that were asked for. */
#define MOST_HEAD 1024

static struct sockaddr_in server;
static SSL_CTX *context;
static char buffer[65536];

static void give_up(const char *what) {
  perror(what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static SSL *dial(void) {
  int on = 1, tcp = socket(AF_INET, SOCK_STREAM, 0);
  if (tcp < 0 || connect(tcp, (struct sockaddr *)&server, sizeof server) != 0) give_up("connect");
  setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, tcp);
  SSL_set_tlsext_host_name(ssl, "localhost");
  if (SSL_connect(ssl) != 1) give_up("the handshake failed");
  return ssl;
}

static void say(SSL *ssl, const char *bytes, int length) {
  if (SSL_write(ssl, bytes, length) != length) give_up("the connection broke");
}

/* Says what the connection is for: a letter, and how many bytes, as a big-endian double. */
static void request(SSL *ssl, char what, double bytes) {
  unsigned char words[REQUEST_BYTES] = {what};
  unsigned long long bits;
  memcpy(&bits, &bytes, sizeof bits);
  for (int i = 0; i < 8; i++) words[1 + i] = bits >> (56 - 8 * i);
  say(ssl, (char *)words, sizeof words);
}

/* Reads to the end, and insists on close_notify; how many bytes that were. */
static long drain(SSL *ssl) {
  long got = 0;
  int result;
  while ((result = SSL_read(ssl, buffer, sizeof buffer)) > 0) got += result;
  if (SSL_get_error(ssl, result) != SSL_ERROR_ZERO_RETURN) give_up("the connection broke");
  return got;
}

static void expect(long got, long least, long most) {
  if (got >= least && got <= most) return;
  fprintf(stderr, "%ld bytes came, not %ld\n", got, least);
  exit(1);
}

static void download(SSL *ssl, long bytes) {
  request(ssl, 'D', bytes);
  expect(drain(ssl), bytes, bytes);
}

static void upload(SSL *ssl, long bytes) {
  request(ssl, 'U', bytes);
  for (long left = bytes; left > 0; left -= sizeof buffer)
    say(ssl, buffer, left < (long)sizeof buffer ? left : (long)sizeof buffer);
  expect(drain(ssl), 0, 0);
}

static void get(SSL *ssl, long bytes) {
  char words[128];
  int length = snprintf(words, sizeof words, "GET /%ld HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", bytes);
  say(ssl, words, length);
  expect(drain(ssl), bytes, bytes + MOST_HEAD);
}

struct pinged {
  SSL *ssl;
  long left;
  int missing;
};

static void send_ping(struct pinged *pinged) {
  pinged->missing = PING_BYTES;
  say(pinged->ssl, buffer, PING_BYTES);
}

/* Takes what has come. Returns whether it was the connection's last ping. */
static int take(struct pinged *pinged) {
  int result;
  while ((result = SSL_read(pinged->ssl, buffer, pinged->missing)) > 0) {
    pinged->missing -= result;
    if (pinged->missing > 0) continue;
    if (--pinged->left == 0) return 1;
    send_ping(pinged);
  }
  if (SSL_get_error(pinged->ssl, result) != SSL_ERROR_WANT_READ) give_up("the connection broke");
  return 0;
}

static struct pinged *open_pinged(int connections, long count, int poller) {
  struct pinged *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i].ssl = dial();
    all[i].left = count / connections;
    request(all[i].ssl, 'P', 0);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &all[i]};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, SSL_get_fd(all[i].ssl), &wanted) != 0) give_up("epoll_ctl");
    fcntl(SSL_get_fd(all[i].ssl), F_SETFL, O_NONBLOCK);
  }
  usleep(20000); /* the server has read what they are for, and that counts as no ping */
  return all;
}

static void ping(struct pinged *all, int connections, int poller) {
  struct epoll_event events[64];
  for (int i = 0; i < connections; i++) send_ping(&all[i]);
  for (int left = connections; left > 0;) {
    int ready = epoll_wait(poller, events, 64, 10000);
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0) give_up("epoll_wait");
    for (int i = 0; i < ready; i++) left -= take(events[i].data.ptr);
  }
}

static void configure(const char *suite, const char *groups) {
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (SSL_CTX_set_ciphersuites(context, suite) != 1 || SSL_CTX_set1_groups_list(context, groups) != 1)
    give_up("suite or group");
}

int main(int argc, char **argv) {
  int pings = argc == 7 && strcmp(argv[4], "ping") == 0;
  if (argc != 6 && !pings) {
    fprintf(stderr, "usage: transfer PORT SUITE GROUPS download|upload|get BYTES\n");
    fprintf(stderr, "       transfer PORT SUITE GROUPS ping COUNT CONNECTIONS\n");
    return 2;
  }
  long amount = atol(argv[5]);
  struct timespec start, end;
  signal(SIGPIPE, SIG_IGN);
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(argv[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  configure(argv[2], argv[3]);
  if (pings) {
    int connections = atoi(argv[6]), poller = epoll_create1(0);
    struct pinged *all = open_pinged(connections, amount, poller);
    clock_gettime(CLOCK_MONOTONIC, &start);
    ping(all, connections, poller);
  } else {
    SSL *ssl = dial();
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (strcmp(argv[4], "download") == 0) download(ssl, amount);
    else if (strcmp(argv[4], "upload") == 0) upload(ssl, amount);
    else get(ssl, amount);
    SSL_shutdown(ssl);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("{\"seconds\":%.6f}\n", (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9);
  return 0;
}

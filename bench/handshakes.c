/*
 * The load of the handshake benchmarks: clients of OpenSSL's, without the cost of Node around them, so that it is the
 * server that is busy. Compiled by the benchmark itself: cc -O2 handshakes.c -lssl -lcrypto
 *
 * usage: handshakes PORT COUNT AT_ONCE VERSION SUITE GROUPS full|resumed|brief
 * Makes COUNT connections, AT_ONCE at a time, and waits on each until the server closes it; in `brief` ones the client
 * says goodbye as soon as they are secure. `resumed` makes one full handshake first, resumes its session from then on, and
 * says something that the server answers. Prints how many sessions were received, how many handshakes were resumed, and
 * how many seconds it took, or ends with 1 and what went wrong.
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

struct client {
  SSL *ssl;
  int socket;
  int is_secure;
};

static struct sockaddr_in server;
static SSL_CTX *context;
static SSL_SESSION *first;
static long sessions, resumed, left;
static int poller, resumes, leaves;

static void give_up(const char *what) {
  perror(what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
  (void)ssl;
  sessions++;
  if (!resumes || first != NULL) return 0;
  first = session;
  return 1;
}

/* Goes on with the handshake. Returns whether it is done. */
static int shake_hands(struct client *client) {
  int result = SSL_connect(client->ssl);
  if (result == 1) {
    resumed += SSL_session_reused(client->ssl);
    client->is_secure = 1;
    if (leaves) SSL_shutdown(client->ssl);
    if (resumes && SSL_write(client->ssl, ".", 1) != 1) give_up("the request");
  } else if (SSL_get_error(client->ssl, result) != SSL_ERROR_WANT_READ) {
    give_up("the handshake failed");
  }
  return client->is_secure;
}

/* Connects and says hello. */
static void start(struct client *client) {
  int on = 1;
  client->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (client->socket < 0) give_up("socket");
  if (connect(client->socket, (struct sockaddr *)&server, sizeof server) != 0) give_up("connect");
  setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  client->ssl = SSL_new(context);
  client->is_secure = 0;
  SSL_set_fd(client->ssl, client->socket);
  SSL_set_tlsext_host_name(client->ssl, "localhost");
  if (first != NULL) {
    /* OpenSSL's clients use a session of TLS 1.3 only once. */
    SSL_SESSION *session = SSL_SESSION_dup(first);
    SSL_set_session(client->ssl, session);
    SSL_SESSION_free(session);
  }
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = client};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, client->socket, &wanted) != 0) give_up("epoll_ctl");
  fcntl(client->socket, F_SETFL, O_NONBLOCK);
  shake_hands(client);
}

/* Closes a connection. */
static int finish(struct client *client) {
  SSL_shutdown(client->ssl);
  close(client->socket);
  SSL_free(client->ssl);
  return 1;
}

/* Goes on with a client whose socket has news. Returns whether its connection is over. */
static int go_on(struct client *client) {
  char rest[4096];
  int result;
  if (!client->is_secure && !shake_hands(client)) return 0;
  while ((result = SSL_read(client->ssl, rest, sizeof rest)) > 0) continue;
  switch (SSL_get_error(client->ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return 0;
    case SSL_ERROR_ZERO_RETURN:
      return finish(client);
    default:
      if (leaves) return finish(client);
      give_up("the connection broke");
      return 1;
  }
}

/* Makes so many connections more. */
static void run(long count, int at_once) {
  struct client *clients = calloc(at_once, sizeof *clients);
  struct epoll_event events[64];
  int open = 0;
  left = count;
  for (; open < at_once && left > 0; open++, left--) start(&clients[open]);
  while (open > 0) {
    int ready = epoll_wait(poller, events, 64, 10000);
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0) give_up("epoll_wait");
    for (int i = 0; i < ready; i++) {
      struct client *client = events[i].data.ptr;
      if (!go_on(client)) continue;
      if (left > 0) {
        left--;
        start(client);
      } else {
        open--;
      }
    }
  }
  free(clients);
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: handshakes PORT COUNT AT_ONCE VERSION SUITE GROUPS full|resumed|brief\n");
    return 2;
  }
  int version = strcmp(argv[4], "TLSv1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
  resumes = strcmp(argv[7], "resumed") == 0;
  leaves = strcmp(argv[7], "brief") == 0;
  signal(SIGPIPE, SIG_IGN);
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(argv[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  poller = epoll_create1(0);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  int chosen = version == TLS1_2_VERSION ? SSL_CTX_set_cipher_list(context, argv[5]) : SSL_CTX_set_ciphersuites(context, argv[5]);
  if (chosen != 1 || SSL_CTX_set1_groups_list(context, argv[6]) != 1) give_up("suite or group");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  if (resumes) run(1, 1);
  sessions = resumed = 0;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  run(atol(argv[2]), atoi(argv[3]));
  clock_gettime(CLOCK_MONOTONIC, &end);
  double seconds = (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9;
  printf("{\"sessions\":%ld,\"resumed\":%ld,\"seconds\":%.6f}\n", sessions, resumed, seconds);
  return 0;
}

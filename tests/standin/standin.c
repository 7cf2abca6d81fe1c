/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running of a stand-in: command line, sockets, threads, and the way of one request from
 * its first line to its answer, faults included. Knows nothing of what a peer answers.
 *
 * A request that has to wait (a slow or hanging answer) is suspended and parked: one extra
 * thread answers it when it is due or, if it hangs, drops it when the client has gone. No
 * thread of the server ever sleeps in a request.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "standin-private.h"
#include "standin-request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HANG_MS = 10 * 60 * 1000, KEPT_HEADERS = 4 };

/* One request and its answer. */
struct exchange {
	struct standin_request req;
	struct standin_reply reply;
	const struct standin_route *route;
	struct fault *fault;
	char *uri, *query_copy, *method, *headers[KEPT_HEADERS];
	struct text body;
	struct MHD_Connection *connection;
	int64_t due_ms;
	bool started, picked, answered, cut, cut_in_answer, hanging;
};

/* -- answering ------------------------------------- */

static void exchange_free(struct exchange *x)
{
	free(x->uri);
	free(x->query_copy);
	free(x->method);
	for (int i = 0; i < KEPT_HEADERS; i++)
		free(x->headers[i]);
	free(x->req.param);
	free(x->req.param2);
	free(x->req.pairs);
	json_object_put(x->req.json);
	text_release(&x->body);
	text_release(&x->reply.body);
	free(x);
}

static void exchange_parse(struct standin *s, struct exchange *x)
{
	struct standin_request *req = &x->req;
	char *query = strchr(x->uri, '?');

	req->server = s;
	req->method = x->method;
	req->host = x->headers[0];
	req->authorization = x->headers[1];
	req->content_type = x->headers[2];
	req->key = x->headers[3];
	req->path = x->uri;
	req->query = "";
	if (query) {
		*query++ = '\0';
		req->query = query;
		x->query_copy = standin_strdup(query);
		request_split_query(req, x->query_copy);
	}
	req->body = x->body.data ? x->body.data : "";
	req->body_len = x->body.len;
	if (req->body_len && !s->peer->raw_bodies &&
	    strncmp(req->content_type, "application/json", 16) == 0)
		req->json = json_strict(req->body, req->body_len);
	x->reply.status = 200;
	x->reply.rows = req->body_len ? 1 : 0;
}

static void call_peer(struct standin *s, struct exchange *x)
{
	if (!s->peer->authorize(s->state, &x->req, &x->reply))
		return;
	if (x->route)
		x->route->handle(s->state, &x->req, &x->reply);
	else
		s->peer->not_found(s->state, &x->req, &x->reply);
}

/* Half of the JSON, or of an empty answer a lone bracket. */
static void truncate_json(struct standin_reply *reply)
{
	reply->status = 200;
	if (reply->body.len < 2) {
		reply->body.len = 0;
		text_puts(&reply->body, "{");
		return;
	}
	reply->body.len /= 2;
	reply->body.data[reply->body.len] = '\0';
}

static void answer_with_fault(struct standin *s, struct exchange *x)
{
	enum fault_kind kind = x->fault->kind;

	switch (kind) {
	case FAULT_HANG:
	case FAULT_CUT_BEFORE:
		x->cut = true;
		break;
	case FAULT_CUT_AFTER_WRITE:
		call_peer(s, x);
		x->cut = true;
		break;
	case FAULT_SLOW:
		call_peer(s, x);
		break;
	case FAULT_CUT_IN_ANSWER:
		call_peer(s, x);
		x->cut_in_answer = true;
		break;
	case FAULT_INVALID_JSON:
		call_peer(s, x);
		truncate_json(&x->reply);
		break;
	case FAULT_500_AFTER:
		call_peer(s, x);
		text_release(&x->reply.body);
		fault_answer(x->fault, s, &x->req, &x->reply);
		break;
	default:
		fault_answer(x->fault, s, &x->req, &x->reply);
		break;
	}
	if (x->cut)
		x->reply.status = 0;
}

/* Does what is asked, counts and logs it. With the lock held. */
static void exchange_answer(struct standin *s, struct exchange *x)
{
	if (x->fault)
		answer_with_fault(s, x);
	else
		call_peer(s, x);
	account(s, x->route, &x->req, &x->reply);
	fault_unref(x->fault);
	x->fault = NULL;
	x->answered = true;
}

/* -- waiting ------------------------------------- */

static void wake_parker(struct standin *s)
{
	if (write(s->wake_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
		perror("stand-in: eventfd");
}

/* True if the exchange now waits; false if the server is about to stop. */
static bool park(struct standin *s, struct exchange *x)
{
	bool parked = false;

	pthread_mutex_lock(&s->park_lock);
	if (!s->stopping) {
		MHD_suspend_connection(x->connection);
		s->parked = standin_grow(s->parked, &s->parked_cap, s->n_parked + 1, sizeof(x));
		s->parked[s->n_parked++] = x;
		parked = true;
	}
	pthread_mutex_unlock(&s->park_lock);
	if (parked)
		wake_parker(s);
	return parked;
}

static int connection_fd(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* Lists what to poll: the wake-up first, then each parked connection. */
static struct pollfd *poll_list(struct standin *s, int *ret_timeout)
{
	struct pollfd *fds = standin_alloc((s->n_parked + 1) * sizeof(*fds));
	int64_t now = standin_now_ms(), wait = 60000;

	fds[0] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
	for (size_t i = 0; i < s->n_parked; i++) {
		struct exchange *x = s->parked[i];

		fds[i + 1].fd = x->hanging ? connection_fd(x) : -1;
		fds[i + 1].events = POLLRDHUP;
		if (x->due_ms - now < wait)
			wait = x->due_ms > now ? x->due_ms - now : 0;
	}
	*ret_timeout = (int)wait;
	return fds;
}

static void unpark(struct standin *s, struct exchange *x)
{
	if (!x->answered) {
		pthread_mutex_lock(&s->lock);
		exchange_answer(s, x);
		pthread_mutex_unlock(&s->lock);
	}
	MHD_resume_connection(x->connection);
}

/* Only this thread takes exchanges out, so those polled are still the first `polled`. */
static bool unpark_due(struct standin *s, const struct pollfd *fds, size_t polled)
{
	int64_t now = standin_now_ms();
	size_t kept = 0;

	pthread_mutex_lock(&s->park_lock);
	bool stopping = s->stopping;

	for (size_t i = 0; i < s->n_parked; i++) {
		struct exchange *x = s->parked[i];

		if (stopping || x->due_ms <= now || (i < polled && fds[i + 1].revents))
			unpark(s, x);
		else
			s->parked[kept++] = x;
	}
	s->n_parked = kept;
	pthread_mutex_unlock(&s->park_lock);
	return !stopping;
}

static void *parker_main(void *arg)
{
	struct standin *s = arg;
	bool more = true;

	while (more) {
		uint64_t ignored;
		int timeout;

		pthread_mutex_lock(&s->park_lock);
		size_t polled = s->n_parked;
		struct pollfd *fds = poll_list(s, &timeout);

		pthread_mutex_unlock(&s->park_lock);
		poll(fds, polled + 1, timeout);
		if (fds[0].revents && read(s->wake_fd, &ignored, sizeof(ignored)) < 0)
			perror("stand-in: eventfd");
		more = unpark_due(s, fds, polled);
		free(fds);
	}
	return NULL;
}

/* -- one request ------------------------------------- */

/* True if the exchange was parked and is answered later. */
static bool exchange_begin(struct standin *s, struct exchange *x)
{
	bool wait = false;

	exchange_parse(s, x);
	if (strncmp(x->req.path, "/_standin/", 10) == 0) {
		pthread_mutex_lock(&s->lock);
		control_handle(s, &x->req, &x->reply);
		pthread_mutex_unlock(&s->lock);
		x->answered = true;
		return false;
	}
	x->route = request_find_route(s->peer, s->prefix, &x->req);
	x->req.route = x->route ? x->route->label : NULL;
	pthread_mutex_lock(&s->lock);
	x->fault = fault_pick(s, &x->req);
	if (x->fault) {
		x->req.fault = fault_kind_name(x->fault->kind);
		x->hanging = x->fault->kind == FAULT_HANG;
		wait = x->hanging || x->fault->delay_ms > 0;
		x->due_ms = standin_now_ms() + (x->hanging ? HANG_MS : x->fault->delay_ms);
	}
	/* A hanging request does nothing but wait, so it is counted when it arrives. */
	if (!wait || x->hanging)
		exchange_answer(s, x);
	pthread_mutex_unlock(&s->lock);
	if (!wait)
		return false;
	if (park(s, x))
		return true;
	pthread_mutex_lock(&s->lock);
	fault_unref(x->fault);
	x->fault = NULL;
	pthread_mutex_unlock(&s->lock);
	x->cut = true;
	return false;
}

/* Gives the first half of the answer and breaks the connection where the rest should come. */
static ssize_t half_of(void *cls, uint64_t at, char *to, size_t max)
{
	const struct text *body = cls;
	size_t half = body->len / 2, n = at < half ? half - (size_t)at : 0;

	if (!n)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = n < max ? n : max;
	memcpy(to, body->data + at, n);
	return (ssize_t)n;
}

static void free_half(void *cls)
{
	text_release(cls);
	free(cls);
}

static struct MHD_Response *half_response(const struct text *whole)
{
	struct text *body = standin_alloc(sizeof(*body));

	*body = *whole;
	return MHD_create_response_from_callback(body->len, 4096, half_of, body, free_half);
}

static enum MHD_Result send_reply(struct exchange *x)
{
	struct standin_reply *reply = &x->reply;
	struct MHD_Response *response;
	enum MHD_Result done;

	if (x->cut)
		return MHD_NO;
	if (x->cut_in_answer)
		response = half_response(&reply->body);
	else
		response = MHD_create_response_from_buffer(reply->body.len, reply->body.data,
							   MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	reply->body = (struct text){0};
	MHD_add_response_header(response, "Content-Type",
				reply->type ? reply->type : "application/json; charset=utf-8");
	for (size_t i = 0; i < STANDIN_HEADERS && reply->header[i].name; i++)
		MHD_add_response_header(response, reply->header[i].name, reply->header[i].value);
	done = MHD_queue_response(x->connection, reply->status, response);
	MHD_destroy_response(response);
	return done;
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = standin_alloc(sizeof(*x));

	(void)cls;
	x->uri = standin_strdup(uri);
	x->connection = connection;
	return x;
}

static void exchange_start(struct standin *s, struct exchange *x, const char *method)
{
	const char *names[KEPT_HEADERS] = {"Host", "Authorization", "Content-Type"};

	if (s->peer->key_header)
		names[3] = s->peer->key_header(s->state);
	x->started = true;
	x->method = standin_strdup(method);
	for (int i = 0; i < KEPT_HEADERS; i++) {
		const char *value = names[i] ? MHD_lookup_connection_value(
			x->connection, MHD_HEADER_KIND, names[i]) : NULL;

		x->headers[i] = standin_strdup(value ? value : "");
	}
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
				 const char *method, const char *version, const char *data,
				 size_t *size, void **exchange)
{
	struct exchange *x = *exchange;

	(void)connection;
	(void)url;
	(void)version;
	if (!x->started) {
		exchange_start(cls, x, method);
		return MHD_YES;
	}
	if (*size) {
		text_add(&x->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!x->picked) {
		x->picked = true;
		if (exchange_begin(cls, x))
			return MHD_YES;
	}
	return x->answered || x->cut ? send_reply(x) : MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **exchange,
			 enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)connection;
	(void)code;
	if (*exchange)
		exchange_free(*exchange);
	*exchange = NULL;
}

/* -- the process ------------------------------------- */

struct settings {
	const char *listen, *port_file, *seed;
	unsigned threads;
	size_t log_size;
	bool die_with_parent;
};

static int usage(const struct standin_peer *peer, int status)
{
	fprintf(status ? stderr : stdout,
		"Usage: %s [options]\n"
		"  --listen 127.0.0.1:PORT   loopback address; port 0 takes any free one\n"
		"  --port-file FILE          the port is written there once listening\n"
		"  --seed FILE               initial state, JSON\n"
		"  --threads N               worker threads (default 2)\n"
		"  --log-size N              requests kept in the log (default 10000)\n"
		"  --die-with-parent         ends when the parent process does\n"
		"%s",
		peer->name, peer->usage);
	return status;
}

static bool set_option(const struct standin_peer *peer, void *state, struct settings *set,
		       const char *name, const char *value)
{
	if (strcmp(name, "listen") == 0)
		set->listen = value;
	else if (strcmp(name, "port-file") == 0)
		set->port_file = value;
	else if (strcmp(name, "seed") == 0)
		set->seed = value;
	else if (strcmp(name, "threads") == 0)
		set->threads = (unsigned)strtoul(value, NULL, 10);
	else if (strcmp(name, "log-size") == 0)
		set->log_size = strtoul(value, NULL, 10);
	else
		return peer->option(state, name, value);
	return true;
}

/* Returns -1 to go on, else the exit status. Takes "--name value" and "--name=value". */
static int parse_options(const struct standin_peer *peer, void *state, struct settings *set,
			 int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char name[64] = "";
		const char *equals = strchr(argv[i], '=');

		if (strcmp(argv[i], "--help") == 0)
			return usage(peer, 0);
		if (strcmp(argv[i], "--die-with-parent") == 0) {
			set->die_with_parent = true;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0)
			return usage(peer, 2);
		snprintf(name, sizeof(name), "%.*s",
			 equals ? (int)(equals - argv[i]) - 2 : (int)strlen(argv[i]), argv[i] + 2);
		if (!equals && ++i == argc)
			return usage(peer, 2);
		if (!set_option(peer, state, set, name, equals ? equals + 1 : argv[i])) {
			fprintf(stderr, "%s: bad option --%s\n", peer->name, name);
			return usage(peer, 2);
		}
	}
	if (set->threads < 1 || set->threads > 64 || set->log_size < 1)
		return usage(peer, 2);
	return -1;
}

/* A listening socket on the loopback, or -1 with a message printed. */
static int listen_on(const char *where, unsigned *ret_port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	char host[64];
	unsigned port;

	if (sscanf(where, "%63[^:]:%u", host, &port) != 2 || port > 65535 ||
	    inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
		      &addr.sin_addr) != 1 ||
	    ntohl(addr.sin_addr.s_addr) >> 24 != 127) {
		fprintf(stderr, "stand-in: --listen wants 127.0.0.1:PORT, not '%s'\n", where);
		return -1;
	}
	addr.sin_port = htons((uint16_t)port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 1024) < 0 || getsockname(fd, (struct sockaddr *)&addr, &len) < 0) {
		fprintf(stderr, "stand-in: %s: %s\n", where, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

static bool write_port_file(const char *path, unsigned port)
{
	struct text tmp = {0};
	bool ok = false;

	text_printf(&tmp, "%s.%ld.tmp", path, (long)getpid());
	FILE *f = fopen(tmp.data, "w");

	if (f) {
		ok = fprintf(f, "%u\n", port) > 0;
		ok = fclose(f) == 0 && ok && rename(tmp.data, path) == 0;
	}
	if (!ok)
		fprintf(stderr, "stand-in: %s: %s\n", path, strerror(errno));
	text_release(&tmp);
	return ok;
}

static bool load_seed(struct standin *s, const char *path)
{
	char why[160] = "the seed must be a JSON object";
	struct json_object *in = json_object_from_file(path);
	bool ok = json_object_is_type(in, json_type_object) &&
		  s->peer->seed(s->state, in, why, sizeof(why));

	if (!ok)
		fprintf(stderr, "stand-in: %s: %s\n", path, in ? why : json_util_get_last_err());
	json_object_put(in);
	return ok;
}

static struct MHD_Daemon *start_daemon(struct standin *s, int fd, unsigned threads)
{
	struct MHD_OptionItem pool[] = {
		{threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads,
		 NULL},
		{MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
				NULL, on_access, s, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)128 * 1024,
				MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

static void stop_daemon(struct standin *s, struct MHD_Daemon *daemon)
{
	pthread_mutex_lock(&s->park_lock);
	s->stopping = true;
	pthread_mutex_unlock(&s->park_lock);
	wake_parker(s);
	pthread_join(s->parker, NULL);
	MHD_stop_daemon(daemon);
}

/* False if the parent has gone already. */
static bool tie_to_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return getppid() == parent;
}

static int serve(struct standin *s, const struct settings *set)
{
	struct MHD_Daemon *daemon;
	unsigned port;
	sigset_t ends;
	int sig, fd = listen_on(set->listen, &port);

	if (fd < 0)
		return 1;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon = start_daemon(s, fd, set->threads);
	if (!daemon) {
		fprintf(stderr, "stand-in: cannot start the HTTP server\n");
		close(fd);
		return 1;
	}
	pthread_create(&s->parker, NULL, parker_main, s);
	if (!set->port_file || write_port_file(set->port_file, port)) {
		printf("%s: listening on port %u\n", s->peer->name, port);
		fflush(stdout);
		sigwait(&ends, &sig);
	}
	stop_daemon(s, daemon);
	return 0;
}

int standin_main(int argc, char **argv, const struct standin_peer *peer, void *state)
{
	struct settings set = {.listen = "127.0.0.1:0", .threads = 2, .log_size = 10000};
	pid_t parent = getppid();
	int status = parse_options(peer, state, &set, argc, argv);

	if (status >= 0)
		return status;
	if (set.die_with_parent && !tie_to_parent(parent))
		return 0;
	struct standin s = {
		.peer = peer,
		.state = state,
		.prefix = peer->prefix(state),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.park_lock = PTHREAD_MUTEX_INITIALIZER,
		.log_size = set.log_size,
		.log = standin_alloc(set.log_size * sizeof(*s.log)),
		.route_hits = standin_alloc(peer->n_routes * sizeof(*s.route_hits)),
		.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};

	account_reset_log(&s);
	status = !set.seed || load_seed(&s, set.seed) ? serve(&s, &set) : 1;
	fault_list_clear(&s);
	account_release(&s);
	free(s.parked);
	close(s.wake_fd);
	return status;
}

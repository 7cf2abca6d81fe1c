/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - asking the daemon, and reading what it answers. */
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/http.h"

struct client {
	struct http_client *http;
	const char *socket;
	struct buf refusal;
};

bool client_interrupted(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM);
}

static bool cancelled(void *ctx)
{
	(void)ctx;
	return client_interrupted();
}

int client_new(const char *socket, int timeout_ms, struct client **ret, struct ferry_error *err)
{
	struct http_settings settings = {
		.connect_timeout_ms = 5000,
		.timeout_ms = timeout_ms,
		.unix_socket = socket,
		.cancelled = cancelled,
	};
	struct http_client *http;

	if (strlen(socket) >= sizeof((struct sockaddr_un *)0)->sun_path)
		return ferry_fail(err, FERRY_E_USAGE, "the socket's path is too long: %s", socket);
	if (http_init(err))
		return -1;
	if (http_client_new(&settings, &http, err)) {
		http_exit();
		return -1;
	}
	*ret = ferry_alloc(sizeof **ret);
	**ret = (struct client){.http = http, .socket = socket, .refusal = BUF_INIT};
	return 0;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	http_client_free(client->http);
	http_exit();
	buf_release(&client->refusal);
	free(client);
}

void answer_release(struct answer *answer)
{
	json_free(answer->doc);
	buf_release(&answer->body);
	*answer = (struct answer)ANSWER_INIT;
}

/* Why nobody can be reached there; 0 when somebody can. */
static int socket_problem(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return errno;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa))
		rc = errno;
	close(fd);
	return rc;
}

static int unreachable(const struct client *c, struct ferry_error *err)
{
	int why;

	if (err->code == FERRY_E_TIMEOUT)
		ferry_fail(err, FERRY_E_UNREACHABLE, "the daemon at %s gives no answer", c->socket);
	else if (err->code == FERRY_E_NETWORK)
		ferry_fail(err, FERRY_E_UNREACHABLE, "the daemon at %s went away without an answer",
			   c->socket);
	else if (err->code != FERRY_E_CONNECT)
		return -1;
	else if ((why = socket_problem(c->socket)) == EACCES) {
		ferry_fail(err, FERRY_E_UNREACHABLE, "you may not connect to %s", c->socket);
		return ferry_hint(err, "ask for access to the socket's folder, or name another "
				  "socket with --socket");
	} else {
		ferry_fail(err, FERRY_E_UNREACHABLE, "no daemon answers at %s%s%s", c->socket,
			   why ? ": " : "", why ? strerror(why) : "");
	}
	return ferry_hint(err, "is ferryd running? 'systemctl status ferryd' tells; "
			  "--socket PATH or FERRY_SOCKET names another socket");
}

/* The daemon says no: its words become ours. */
static int refused(struct client *c, const struct answer *a, struct ferry_error *err)
{
	json_node *e = json_get(a->root, "error");
	const char *name = json_get_text(e, "code", ""), *hint = json_get_text(e, "hint", NULL);
	int code = ferry_code_from_name(name);

	if (json_kind(e) == JSON_OBJECT)
		buf_add(&c->refusal, a->body.s, a->body.len);
	if (code <= FERRY_OK)
		code = a->status == 404 ? FERRY_E_NOT_FOUND : a->status == 400 ? FERRY_E_USAGE
			: a->status == 403 ? FERRY_E_DENIED : a->status == 409 ? FERRY_E_STATE
			: a->status == 503 ? FERRY_E_UNAVAILABLE : FERRY_E_PROTOCOL;
	if (json_get_text(e, "message", NULL))
		ferry_fail(err, (enum ferry_code)code, "%s", json_get_text(e, "message", ""));
	else
		ferry_fail(err, (enum ferry_code)code, "the daemon at %s answers with status %d",
			   c->socket, a->status);
	return hint && *hint ? ferry_hint(err, "%s", hint) : -1;
}

static int parse(const struct client *c, struct answer *a, struct ferry_error *err)
{
	if (json_parse(buf_str(&a->body), a->body.len, "the daemon's answer", &a->doc, err) == 0) {
		a->root = json_root(a->doc);
		if (json_kind(a->root) == JSON_OBJECT)
			return 0;
		ferry_fail(err, FERRY_E_PROTOCOL, "the daemon's answer is no JSON object");
	}
	return ferry_hint(err, "is it really ferryd that listens at %.150s?", c->socket);
}

int client_call(struct client *client, const char *method, const char *path, const char *body,
		struct answer *ret, struct ferry_error *err)
{
	static const char *const headers[] = {"Accept: application/json",
					      "Content-Type: application/json", NULL};
	struct ferry_http_response res = {0};
	struct buf url = BUF_INIT;

	answer_release(ret);
	buf_reset(&client->refusal);
	buf_addf(&url, "http://localhost%s%s", strcmp(path, "/healthz") == 0 ? "" : "/api/v1", path);
	struct ferry_http_request req = {
		.method = method,
		.url = buf_str(&url),
		.headers = headers,
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.max_response = 64 << 20,
	};
	int rc = http_exchange(client->http, &req, &res, err);
	buf_release(&url);
	if (rc)
		return unreachable(client, err);
	ret->status = res.status;
	buf_add(&ret->body, res.body, res.body_len);
	struct ferry_error shape = {0};
	rc = parse(client, ret, &shape);
	if (res.status >= 400 || res.status < 200)
		return refused(client, ret, err);
	if (rc)
		*err = shape;
	return rc;
}

int client_stream(struct client *client, const char *path, const char *last_id,
		  int (*piece)(void *ctx, const char *data, size_t len, struct ferry_error *err), void *ctx,
		  struct ferry_error *err)
{
	struct ferry_http_response res = {0};
	struct buf url = BUF_INIT, header = BUF_INIT;
	struct answer a = ANSWER_INIT;

	buf_reset(&client->refusal);
	buf_addf(&url, "http://localhost/api/v1%s", path);
	buf_addf(&header, "Last-Event-ID: %s", last_id ? last_id : "");
	const char *const headers[] = {"Accept: text/event-stream", last_id ? header.s : NULL, NULL};
	struct ferry_http_request req = {
		.method = "GET", .url = buf_str(&url), .headers = headers, .max_response = 1 << 20, .piece = piece,
		.piece_ctx = ctx,
	};
	int rc = http_exchange(client->http, &req, &res, err);
	buf_release(&url);
	buf_release(&header);
	if (rc)
		return unreachable(client, err);
	if (res.status >= 200 && res.status < 300)
		return 0;
	a.status = res.status;
	buf_add(&a.body, res.body, res.body_len);
	struct ferry_error shape = {0};
	(void)parse(client, &a, &shape);
	rc = refused(client, &a, err);
	answer_release(&a);
	return rc;
}

int client_get(struct client *client, struct buf *path, struct answer *ret, struct ferry_error *err)
{
	int rc = client_call(client, "GET", buf_str(path), NULL, ret, err);
	buf_release(path);
	return rc;
}

const char *client_refusal(const struct client *client)
{
	return client && client->refusal.len ? client->refusal.s : NULL;
}

void path_name(struct buf *path, const char *name)
{
	buf_addc(path, '/');
	http_encode(path, name, strlen(name));
}

void path_query(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addc(path, strchr(buf_str(path), '?') ? '&' : '?');
	buf_adds(path, name);
	buf_addc(path, '=');
	http_encode(path, value, strlen(value));
}

void path_query_int(struct buf *path, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, value);
	path_query(path, name, text);
}

double json_get_seconds(json_node *node, const char *name, double fallback)
{
	static const double most = 1e12;
	json_node *v = json_get(node, name);
	enum json_kind kind = json_kind(v);

	if (kind != JSON_INT && kind != JSON_NUMBER)
		return fallback;
	double seconds = strtod(json_dump(v, NULL), NULL);
	return seconds > most ? most : seconds < -most ? -most : seconds;
}

int64_t json_get_time(json_node *node, const char *name)
{
	size_t len;
	const char *s = json_text(json_get(node, name), &len);
	int64_t at;

	return s && clock_parse(s, len, &at) ? at : 0;
}

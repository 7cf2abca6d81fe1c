/* SPDX-License-Identifier: Apache-2.0 */
/* scripted-host.c - see scripted-host.h */
#include "scripted-host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rest/rest.h"

const struct ferry_value nothing = {.type = FERRY_NULL};

/* --------------------------------------------------------------------- host */

__attribute__((format(printf, 3, 4)))
static int fill_error(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof *err);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	return -1;
}

__attribute__((format(printf, 3, 4)))
static void write_log(const struct ferry_host *host, enum ferry_level level, const char *fmt, ...)
{
	struct scripted *s = host->ctx;
	size_t len = strlen(s->log);
	va_list ap;

	len += (size_t)snprintf(s->log + len, sizeof s->log - len, "%c ", "DIWE"[level]);
	va_start(ap, fmt);
	vsnprintf(s->log + len, sizeof s->log - len, fmt, ap);
	va_end(ap);
	strncat(s->log, "\n", sizeof s->log - strlen(s->log) - 1);
}

static char *quoted(const char *s)
{
	char *copy = strdup(s);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static bool has_header(const struct ferry_http_request *req, const char *line)
{
	for (size_t i = 0; req->headers && req->headers[i]; i++)
		if (!strcmp(req->headers[i], line))
			return true;
	return false;
}

static void check_request(const struct scripted *s, const struct step *step, const struct ferry_http_request *req)
{
	char url[2048];

	bool beside = step->path[0] == '^';
	if (beside)
		snprintf(url, sizeof url, "%.*s%s", (int)(strlen(s->base) - strlen("/api/v1")), s->base, step->path + 1);
	else
		snprintf(url, sizeof url, "%s%s", s->base, step->path);
	assert_string_equal(req->method, step->method);
	assert_string_equal(req->url, url);
	if (step->body) {
		char *body = quoted(step->body);
		assert_non_null(req->body);
		assert_string_equal(req->body, body);
		assert_int_equal(req->body_len, strlen(body));
		assert_true(has_header(req, "Content-Type: application/json"));
		free(body);
	} else {
		assert_null(req->body);
	}
	/* what only reads may be repeated, what writes never by the host */
	bool reads = !strcmp(req->method, "GET") && !beside;
	assert_int_equal(req->flags & FERRY_HTTP_RETRY, reads ? FERRY_HTTP_RETRY : 0);
	if (s->credential)
		assert_true(has_header(req, s->credential));
	if (s->user) {
		assert_string_equal(req->user, s->user);
		assert_string_equal(req->password, s->password);
	} else {
		assert_null(req->user);
	}
}

/* Pieces that end anywhere. */
static int give_pieces(const struct ferry_http_request *req, const char *body, struct ferry_error *err)
{
	size_t len = strlen(body), size = 1;

	for (size_t at = 0; at < len; at += size, size = size % 13 + 1)
		if (req->piece(req->piece_ctx, body + at, len - at < size ? len - at : size, err))
			return -1;
	return 0;
}

static int http(const struct ferry_host *host, const struct ferry_http_request *req, struct ferry_http_response *res,
		struct ferry_error *err)
{
	struct scripted *s = host->ctx;
	const struct step *step = &s->steps[s->at];

	if (!step->method)
		fail_msg("a request beyond the script: %s %s", req->method, req->url);
	check_request(s, step, req);
	s->at++;
	free(s->answer);
	s->answer = NULL;
	if (!step->status)
		return fill_error(err, step->failure, "scripted failure %d", step->failure);
	s->answer = quoted(step->answer ? step->answer : "");
	if (req->piece && step->status / 100 == 2) {
		*res = (struct ferry_http_response){step->status, "", 0, "application/json", 0, ""};
		if (give_pieces(req, s->answer, err))
			return -1;
		/* it broke off in the middle */
		return step->failure ? fill_error(err, step->failure, "scripted failure %d", step->failure) : 0;
	}
	*res = (struct ferry_http_response){step->status, s->answer, strlen(s->answer), "application/json",
					    step->retry_after_ms, ""};
	return 0;
}

static int wait_turn(const struct ferry_host *host, struct ferry_error *err)
{
	(void)host;
	(void)err;
	return 0;
}

static bool cancelled(const struct ferry_host *host)
{
	const struct scripted *s = host->ctx;
	return s->cancel_after && s->at >= (size_t)s->cancel_after;
}

static int64_t now(const struct ferry_host *host)
{
	const struct scripted *s = host->ctx;
	return s->now;
}

void scripted_init(struct scripted *s, const char *base, const struct step *steps)
{
	*s = (struct scripted){.base = base, .steps = steps};
	s->host = (struct ferry_host){.abi = FERRY_ABI(struct ferry_host), .ctx = s,
				      .fail = fill_error, .log = write_log,
				      .http = http, .wait_turn = wait_turn, .cancelled = cancelled, .now = now};
	s->now = instant("2026-08-01T12:00:00Z").i;
}

void scripted_done(struct scripted *s)
{
	if (s->steps[s->at].method)
		fail_msg("never asked for: %s %s", s->steps[s->at].method, s->steps[s->at].path);
}

void scripted_release(struct scripted *s)
{
	free(s->answer);
}

/* --------------------------------------------------------------------- sink */

static int take_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct written *w = sink->ctx;

	(void)err;
	for (size_t i = 0; i < n; i++) {
		strncat(w->columns, columns[i].name, sizeof w->columns - strlen(w->columns) - 1);
		strncat(w->columns, " ", sizeof w->columns - strlen(w->columns) - 1);
	}
	w->n_columns = n;
	w->ordered = ordered;
	return 0;
}

static void write_value(struct rest_buf *b, const struct ferry_value *v)
{
	char iso[REST_TIME];

	if (v->type == FERRY_NULL)
		rest_adds(b, "~");
	else if (v->type == FERRY_INT || v->type == FERRY_BOOL)
		rest_addf(b, "%lld", (long long)v->i);
	else if (v->type == FERRY_TIME)
		rest_add(b, iso, rest_time_format(v->i, v->i % 1000000 ? 3 : 0, true, iso));
	else
		rest_add(b, v->s, v->len);
}

static int take_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct written *w = sink->ctx;
	struct rest_buf b = {w->rows, w->len, w->rows ? w->len + 1 : 0};

	(void)err;
	assert_true(n_rows > 0);
	assert_true(w->n_columns > 0);
	for (size_t i = 0; i < n_rows * w->n_columns; i++) {
		write_value(&b, &values[i]);
		rest_adds(&b, (i + 1) % w->n_columns ? "|" : "\n");
	}
	w->rows = b.s;
	w->len = b.len;
	w->n_rows += n_rows;
	return 0;
}

static void take_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	struct written *w = sink->ctx;

	(void)kind;
	(void)bytes;
	w->pages++;
}

static void take_truncated(struct ferry_sink *sink, const char *reason)
{
	struct written *w = sink->ctx;
	snprintf(w->truncated, sizeof w->truncated, "%s", reason);
}

void written_init(struct written *w)
{
	memset(w, 0, sizeof *w);
	w->sink = (struct ferry_sink){w, take_columns, take_rows, take_page, take_truncated};
}

void written_release(struct written *w)
{
	free(w->rows);
}

const char *written_cell(const struct written *w, size_t row, const char *column)
{
	static char cell[4096];
	const char *p = w->columns, *at = w->rows;
	size_t index = 0;

	assert_true(row < w->n_rows);
	for (; *p; p = strchr(p, ' ') + 1, index++)
		if (!strncmp(p, column, strlen(column)) && p[strlen(column)] == ' ')
			break;
	assert_true(*p != '\0');
	for (; row; row--)
		at = strchr(at, '\n') + 1;
	for (; index; index--)
		at = strchr(at, '|') + 1;
	snprintf(cell, sizeof cell, "%.*s", (int)strcspn(at, "|\n"), at);
	return cell;
}

/* ------------------------------------------------------------------- values */

struct ferry_setting setting_text(const char *name, const char *s)
{
	return (struct ferry_setting){name, text(s)};
}

struct ferry_setting setting_int(const char *name, int64_t i)
{
	return (struct ferry_setting){name, integer(i)};
}

struct ferry_value of_type(enum ferry_type type, const char *s)
{
	return (struct ferry_value){.s = s, .len = (uint32_t)strlen(s), .type = (uint8_t)type};
}

struct ferry_value text(const char *s)
{
	return of_type(FERRY_TEXT, s);
}

struct ferry_value integer(int64_t i)
{
	return (struct ferry_value){.i = i, .type = FERRY_INT};
}

struct ferry_value instant(const char *iso)
{
	struct ferry_value v = {.type = FERRY_TIME};

	assert_true(rest_time_parse(iso, strlen(iso), &v.i));
	return v;
}

/* ------------------------------------------------------------------- layout */

static const struct ferry_field *table_field(const struct ferry_field *table, const char *name)
{
	for (; table->name; table++) {
		size_t len = strlen(table->name);
		if (!strcmp(table->name, name) ||
		    (table->name[len - 1] == '*' && !strncmp(table->name, name, len - 1)))
			return table;
	}
	return NULL;
}

void layout_make(struct made_layout *m, const struct ferry_field *table, const char *const *names, size_t n)
{
	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++) {
		m->fields[i] = table_field(table, names[i]);
		assert_non_null(m->fields[i]);
	}
	m->layout = (struct ferry_layout){n, names, m->fields};
}

static void *pure_alloc(const struct ferry_pure *pure, size_t size)
{
	struct pure_memory *p = pure->ctx;

	assert_true(p->n < 64);
	return p->blocks[p->n++] = malloc(size ? size : 1);
}

void pure_init(struct pure_memory *p, const struct ferry_layout *layout)
{
	*p = (struct pure_memory){.n = 0};
	p->pure = (struct ferry_pure){p, pure_alloc, layout};
}

void pure_release(struct pure_memory *p)
{
	while (p->n)
		free(p->blocks[--p->n]);
}

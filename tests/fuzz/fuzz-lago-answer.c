/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz-lago-answer.c - any bytes as a server's answers to a connector. The first line says what is
 * asked of the connector, a letter each: v(alidate), e(xtract), l(ookup), a(ll: list), c(reate),
 * u(pdate), d(elete), x (disable), p (canonicalize the lines as fields). Each other line is an answer, after
 * its status and a blank. Knows no single connector: it is linked with one of them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ferry/connector.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x), abort()))
#define ROWS 12
#define FIELDS 64
#define REQUESTS 64

struct world {
	const uint8_t *at, *end;	/* answers not given yet */
	char *answer;
	int requests;
	size_t columns;
};

/* --------------------------------------------------------------------- host */

__attribute__((format(printf, 3, 4)))
static int fill_error(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	MUST(code > FERRY_OK && code < FERRY_E_INTERNAL);
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
	char line[4096];
	va_list ap;

	(void)host;
	(void)level;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
}

/* The next line of the input, without its end. */
static const uint8_t *next_line(struct world *w, size_t *len)
{
	const uint8_t *line = w->at, *stop = w->at < w->end ? memchr(w->at, '\n', (size_t)(w->end - w->at)) : NULL;

	*len = (size_t)((stop ? stop : w->end) - w->at);
	w->at = stop ? stop + 1 : w->end;
	return line;
}

/* Each piece in memory of its own, of a length that goes by what it begins with. */
static int give_pieces(const struct ferry_http_request *req, const char *body, size_t len, struct ferry_error *err)
{
	int rc = 0;

	for (size_t at = 0, n; at < len && !rc; at += n) {
		n = (unsigned char)body[at] % 17 + 1;
		n = len - at < n ? len - at : n;
		char *piece = malloc(n);
		memcpy(piece, body + at, n);
		rc = req->piece(req->piece_ctx, piece, n, err);
		free(piece);
	}
	MUST(!rc || err->code);
	return rc;
}

static int http(const struct ferry_host *host, const struct ferry_http_request *req, struct ferry_http_response *res,
		struct ferry_error *err)
{
	struct world *w = host->ctx;
	size_t len;

	MUST(!strncmp(req->url, "http://h/", 9));
	MUST(!req->body || strlen(req->body) == req->body_len);
	free(w->answer);
	w->answer = NULL;
	if (w->at == w->end || ++w->requests > REQUESTS)
		return fill_error(err, FERRY_E_NETWORK, "no more answers");
	const uint8_t *line = next_line(w, &len);
	int status = 200;
	if (len > 3 && line[3] == ' ') {
		status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
		line += 4;
		len -= 4;
	}
	w->answer = malloc(len + 1);
	memcpy(w->answer, line, len);
	w->answer[len] = '\0';
	status = status < 100 || status > 999 ? 200 : status;
	bool pieces = req->piece && status / 100 == 2;
	*res = (struct ferry_http_response){status, pieces ? "" : w->answer, pieces ? 0 : len, "", 5, ""};
	return pieces ? give_pieces(req, w->answer, len, err) : 0;
}

static int wait_turn(const struct ferry_host *host, struct ferry_error *err)
{
	(void)host;
	(void)err;
	return 0;
}

static bool cancelled(const struct ferry_host *host)
{
	(void)host;
	return false;
}

static int64_t now(const struct ferry_host *host)
{
	(void)host;
	return INT64_C(1785585600) * 1000000;
}

/* ------------------------------------------------------------------- values */

static void read_value(const struct ferry_value *v)
{
	volatile char sum = 0;

	MUST(v->type <= FERRY_JSON);
	if (v->type == FERRY_DECIMAL || v->type >= FERRY_TEXT)
		for (uint32_t i = 0; v->type != FERRY_TIME && i < v->len; i++)
			sum = (char)(sum + v->s[i]);
}

static int take_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			struct ferry_error *err)
{
	struct world *w = sink->ctx;

	(void)err;
	(void)ordered;
	MUST(n && columns[0].name);
	w->columns = n;
	return 0;
}

static int take_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct world *w = sink->ctx;

	(void)err;
	MUST(w->columns && n_rows);
	for (size_t i = 0; i < n_rows * w->columns; i++)
		read_value(&values[i]);
	return 0;
}

static void take_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	(void)sink;
	(void)kind;
	(void)bytes;
}

static void take_truncated(struct ferry_sink *sink, const char *reason)
{
	(void)sink;
	(void)reason;
}

static bool next_key(struct ferry_revisit *revisit, const char **key, size_t *len)
{
	static const char *const keys[] = {"5", "x", "7", "8"};
	int *i = revisit->ctx;

	if (*i == 4)
		return false;
	*key = keys[(*i)++];
	*len = strlen(*key);
	return true;
}

/* A handle with all writable fields mapped, and ROWS records e0, e1, ... in it. */
struct setting {
	struct world w;
	struct ferry_host host;
	struct ferry_layout layout;
	const char *names[FIELDS];
	char starred[FIELDS][64];
	const struct ferry_field *fields[FIELDS];
	struct ferry_value values[ROWS][FIELDS];
	char ids[ROWS][16];
	struct ferry_action actions[ROWS];
	void *handle;
	struct ferry_error err;
};

static void make_layout(struct setting *s)
{
	size_t n = 0;

	for (const struct ferry_field *f = ferry_connector.fields; f && f->name && n < FIELDS; f++) {
		if (f->flags & FERRY_FIELD_READONLY)
			continue;
		s->names[n] = f->name;
		size_t len = strlen(f->name);
		if (f->name[len - 1] == '*') {
			snprintf(s->starred[n], sizeof s->starred[n], "%.*sx", (int)(len - 1), f->name);
			s->names[n] = s->starred[n];
		}
		s->fields[n++] = f;
	}
	s->layout = (struct ferry_layout){n, s->names, s->fields};
}

static void make_records(struct setting *s)
{
	for (size_t r = 0; r < ROWS; r++) {
		snprintf(s->ids[r], sizeof s->ids[r], "e%u", (unsigned)r);
		for (size_t i = 0; i < s->layout.n; i++) {
			struct ferry_value *v = &s->values[r][i];
			switch (s->fields[i]->type) {
			case FERRY_INT:
			case FERRY_BOOL:
				*v = (struct ferry_value){.i = 1, .type = (uint8_t)s->fields[i]->type};
				break;
			case FERRY_TIME:
				*v = (struct ferry_value){.i = now(NULL) + 1000000000, .type = FERRY_TIME};
				break;
			case FERRY_JSON:
				*v = (struct ferry_value){.s = "[\"a\"]", .len = 5, .type = FERRY_JSON};
				break;
			default:
				*v = (struct ferry_value){.s = s->ids[r], .len = (uint32_t)strlen(s->ids[r]),
							  .type = FERRY_TEXT};
			}
		}
		s->actions[r] = (struct ferry_action){.key = s->ids[r], .dest_id = "", .fields = s->values[r]};
	}
}

static bool set_up(struct setting *s, const uint8_t *data, size_t size, bool source)
{
	static const struct ferry_setting settings[] = {
		{"url", {.s = "http://h/", .len = 9, .type = FERRY_TEXT}},
		{"api_key", {.s = "secret", .len = 6, .type = FERRY_TEXT}},
		{"billable_metric", {.s = "m", .len = 1, .type = FERRY_TEXT}},
		{"stamp_note", {.i = 1, .type = FERRY_BOOL}},
	};
	struct ferry_open open = {.host = &s->host, .role = source ? FERRY_SOURCE : FERRY_DESTINATION,
				  .connection = "c", .settings = settings, .n_settings = 4,
				  .layout = source ? NULL : &s->layout, .mode = FERRY_MODE_UPSERT};

	memset(s, 0, sizeof *s);
	s->w = (struct world){.at = data, .end = data + size};
	s->host = (struct ferry_host){.abi = FERRY_ABI(struct ferry_host), .ctx = &s->w, .fail = fill_error,
				      .log = write_log, .http = http, .wait_turn = wait_turn,
				      .cancelled = cancelled, .now = now};
	make_layout(s);
	make_records(s);
	return !ferry_connector.open(&open, &s->handle, &s->err);
}

/* -------------------------------------------------------------------- calls */

static void do_extract(struct setting *s)
{
	int i = 0;
	struct ferry_revisit revisit = {&i, next_key};
	struct ferry_extract want = {.revisit = &revisit};
	struct ferry_sink sink = {&s->w, take_columns, take_rows, take_page, take_truncated};

	if (ferry_connector.extract && ferry_connector.extract(s->handle, &want, &sink, &s->err))
		MUST(s->err.code);
}

static void do_lookup(struct setting *s, size_t n)
{
	struct ferry_found found[ROWS];

	if (!ferry_connector.lookup)
		return;
	if (ferry_connector.lookup(s->handle, s->actions, n, found, &s->err)) {
		MUST(s->err.code);
		return;
	}
	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; found[r].presence == FERRY_FOUND && i < s->layout.n; i++)
			read_value(&found[r].fields[i]);
}

static int take_listed(struct ferry_listing *listing, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	struct setting *s = listing->ctx;

	(void)err;
	MUST(n);
	for (size_t r = 0; r < n; r++) {
		MUST(found[r].presence == FERRY_FOUND && found[r].dest_id);
		for (size_t i = 0; i < s->layout.n; i++)
			read_value(&found[r].fields[i]);
	}
	return 0;
}

static void take_short_list(struct ferry_listing *listing, const char *reason)
{
	(void)listing;
	MUST(*reason);
}

static void do_list(struct setting *s)
{
	struct ferry_listing listing = {s, take_listed, take_short_list};

	if (ferry_connector.list && ferry_connector.list(s->handle, &listing, &s->err))
		MUST(s->err.code);
}

static void do_apply(struct setting *s, enum ferry_decision decision, size_t n)
{
	struct ferry_outcome out[ROWS] = {0};

	if (!ferry_connector.apply)
		return;
	for (size_t r = 0; r < n; r++)
		s->actions[r].decision = decision;
	s->err.code = 0;
	int rc = ferry_connector.apply(s->handle, s->actions, n, out, &s->err);
	MUST(rc ? s->err.code != 0 : s->err.code == 0);
	for (size_t r = 0; r < n; r++) {
		MUST(rc || out[r].ack != FERRY_ACK_UNKNOWN);
		MUST(memchr(out[r].message, '\0', sizeof out[r].message) && memchr(out[r].code, '\0', sizeof out[r].code));
	}
}

struct memory {
	void *blocks[4096];
	size_t n;
};

static void *pure_alloc(const struct ferry_pure *pure, size_t size)
{
	struct memory *m = pure->ctx;

	MUST(m->n < 4096);
	return m->blocks[m->n++] = malloc(size ? size : 1);
}

static void do_canonicalize(struct setting *s)
{
	struct memory *m = calloc(1, sizeof *m);
	struct ferry_pure pure = {m, pure_alloc, &s->layout};
	struct ferry_issue issue = {0};

	for (size_t i = 0; i < s->layout.n; i++) {
		struct ferry_value *v = &s->values[0][i];
		size_t len;
		const uint8_t *line = next_line(&s->w, &len);
		if (v->type == FERRY_TEXT || v->type == FERRY_JSON) {
			v->s = (const char *)line;
			v->len = (uint32_t)len;
		} else if (len >= 8) {
			memcpy(&v->i, line, 8);
		}
	}
	if (ferry_connector.canonicalize && ferry_connector.canonicalize(&pure, s->values[0], &issue))
		MUST(*issue.message);
	for (size_t i = 0; i < s->layout.n; i++)
		read_value(&s->values[0][i]);
	while (m->n)
		free(m->blocks[--m->n]);
	free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct setting s;
	const uint8_t *nl = size ? memchr(data, '\n', size) : NULL;
	size_t letters = nl ? (size_t)(nl - data) : 0;
	bool source = memchr(data, 'e', letters) && (ferry_connector.roles & FERRY_SOURCE);

	if (!nl)
		return 0;
	if (set_up(&s, nl + 1, size - letters - 1, source || !(ferry_connector.roles & FERRY_DESTINATION))) {
		if (memchr(data, 'v', letters))
			ferry_connector.validate_setup(s.handle, &s.err);
		if (source)
			do_extract(&s);
		for (size_t i = 0; i < letters && i < 8 && !source; i++) {
			size_t n = data[i] == 'L' ? ROWS : 3;
			switch (data[i]) {
			case 'l':
			case 'L': do_lookup(&s, n); break;
			case 'a': do_list(&s); break;
			case 'c': do_apply(&s, FERRY_CREATE, 3); break;
			case 'u': do_apply(&s, FERRY_UPDATE, 3); break;
			case 'd': do_apply(&s, ferry_connector.caps & FERRY_CAP_DELETE ? FERRY_DELETE : FERRY_UPDATE, 3); break;
			case 'x': do_apply(&s, ferry_connector.caps & FERRY_CAP_DISABLE ? FERRY_DISABLE : FERRY_UPDATE, 3); break;
			case 'p': do_canonicalize(&s); letters = 0; break; /* its memory is gone */
			default: break;
			}
		}
		ferry_connector.close(s.handle);
	}
	free(s.w.answer);
	return 0;
}

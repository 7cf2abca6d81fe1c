/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - one connection to a server: made, waited for with an eye on the run's end, cancelled,
 * lost. Knows nothing of what is asked through it.
 */
#include "postgres/postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 100 };			/* between two looks at `cancelled` */

/* Settings under which texts read the same whoever connects. */
static const char server_settings[] =
	"SET LOCAL client_min_messages = error; SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC';"
	" SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 3;"
	" SET LOCAL bytea_output = 'hex'; SET LOCAL xmloption = 'content'";

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int server_no_memory(const struct server *s, struct ferry_error *err)
{
	return s->host->fail(err, FERRY_E_NOMEM, "%s: out of memory", s->name);
}

/* ------------------------------------------------------------------ settings */

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

static const char *dsn_value(const struct server *s, const char *keyword)
{
	return option_value(s->dsn, keyword);
}

PQconninfoOption *dsn_parse(const char *dsn, char *why, size_t size)
{
	char *text = NULL;
	PQconninfoOption *options = PQconninfoParse(dsn, &text);

	why[0] = '\0';
	if (!options) {
		/* libpq quotes parts of what it could not read; one of them could be a password */
		bool secret = !text || strcasestr(dsn, "password") || strchr(dsn, '@');
		if (text)
			text_one_line(text);
		snprintf(why, size, "'dsn' cannot be read%s%s", secret ? "" : ": ", secret ? "" : text);
	} else if (option_value(options, "password")) {
		snprintf(why, size, "'dsn' has a password in it, and is shown: move it to the setting "
				    "'password', which is not");
	}
	PQfreemem(text);
	return options;
}

/* Debian's list of the authorities the system trusts; this libpq has no word for it. */
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

/* The connector's own settings, else what the connection's `tls:` says. */
static void take_tls(struct server *s, const struct ferry_open *open)
{
	const struct ferry_common *c = &open->common;

	s->sslmode = ferry_setting_text(open, "sslmode");
	s->sslrootcert = ferry_setting_text(open, "sslrootcert");
	s->sslcert = ferry_setting_text(open, "sslcert");
	s->sslkey = ferry_setting_text(open, "sslkey");
	if (!c->tls_given)
		return;
	if (!s->sslmode)
		s->sslmode = c->tls_verify ? "verify-full" : "require";
	if (!s->sslrootcert && c->tls_verify)
		s->sslrootcert = c->tls_ca ? c->tls_ca : SYSTEM_CA;
	if (!s->sslcert)
		s->sslcert = c->tls_cert;
	if (!s->sslkey)
		s->sslkey = c->tls_key;
}

int server_init(struct server *s, const struct ferry_open *open, struct ferry_error *err)
{
	const char *dsn = ferry_setting_text(open, "dsn");
	char why[400];

	s->host = open->host;
	s->role = open->role;
	s->name = open->connection;
	s->password = ferry_setting_text(open, "password");
	take_tls(s, open);
	int64_t common = open->common.timeout_ms ? open->common.timeout_ms : 30000;
	s->timeout_ms = ferry_setting_int(open, "statement_timeout", common);
	if (!dsn)
		return s->host->fail(err, FERRY_E_CONFIG, "connection '%s' needs 'dsn'", s->name);
	s->dsn = dsn_parse(dsn, why, sizeof why);
	if (*why)
		return s->host->fail(err, FERRY_E_CONFIG, "connection '%s': %s", s->name, why);
	if (!s->sslmode)
		s->sslmode = dsn_value(s, "sslmode");
	const char *seconds = dsn_value(s, "connect_timeout");
	s->connect_ms = open->common.connect_timeout_ms ? open->common.connect_timeout_ms : 10000;
	if (seconds && strtol(seconds, NULL, 10) > 0)
		s->connect_ms = strtol(seconds, NULL, 10) * 1000;
	return 0;
}

void server_release(struct server *s)
{
	server_close(s);
	PQconninfoFree(s->dsn);
	s->dsn = NULL;
}

/* ------------------------------------------------------------------ connecting */

struct params {
	const char *keywords[80], *values[80];
	size_t n;
	char keepalive[16], user_timeout[16];
};

static void set(struct params *p, const char *keyword, const char *value)
{
	size_t i = 0;

	if (!value)
		return;
	while (i < p->n && strcmp(p->keywords[i], keyword) != 0)
		i++;
	if (i == sizeof p->values / sizeof p->values[0] - 1)
		return;
	p->keywords[i] = keyword;
	p->values[i] = value;
	p->n += i == p->n;
}

static size_t count_hosts(const struct server *s)
{
	const char *hosts = dsn_value(s, "host");
	size_t n = 1;

	for (hosts = hosts ? hosts : ""; (hosts = strchr(hosts, ',')); hosts++)
		n++;
	return n;
}

static void fill(const struct server *s, struct params *p)
{
	/* what has gone silent is given up: an unanswered packet, and an idle line that leads nowhere */
	int64_t silent = count_hosts(s) > 1 || s->timeout_ms < s->connect_ms ? s->connect_ms : s->timeout_ms;

	*p = (struct params){0};
	snprintf(p->user_timeout, sizeof p->user_timeout, "%lld", (long long)silent);
	set(p, "fallback_application_name", "ferry");
	set(p, "keepalives_idle", "30");
	set(p, "keepalives_interval", "10");
	set(p, "keepalives_count", "3");
	set(p, "tcp_user_timeout", p->user_timeout);
	for (const PQconninfoOption *o = s->dsn; o->keyword; o++)
		if (o->val && *o->val)
			set(p, o->keyword, o->val);
	set(p, "password", s->password);
	set(p, "sslmode", s->sslmode);
	set(p, "sslrootcert", s->sslrootcert);
	set(p, "sslcert", s->sslcert);
	set(p, "sslkey", s->sslkey);
	set(p, "client_encoding", "UTF8");
}

static bool shake_hands(struct server *s, PGconn *conn)
{
	int64_t end = now_ms() + s->connect_ms * (int64_t)count_hosts(s);
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
		int64_t left = end - now_ms();
		struct pollfd p = {.fd = PQsocket(conn),
				   .events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT};
		s->lost = s->host->cancelled(s->host) ? LOST_CANCELLED : left <= 0 ? LOST_LATE : LOST_NOT;
		if (s->lost != LOST_NOT)
			return false;
		if (poll(&p, 1, left < LOOK_MS ? (int)left : LOOK_MS) > 0)
			state = PQconnectPoll(conn);
	}
	return state == PGRES_POLLING_OK;
}

/*
 * The verbose form of a connection's error is the only one that has the SQLSTATE:
 * "...: FATAL:  28P01: password authentication failed ...\nLOCATION: ...". Of several attempts the
 * last one counts. Takes state and place out of the text.
 */
static void take_state(char *text, char state[6])
{
	char *to = text, *line, *rest;

	state[0] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "LOCATION:", 9) == 0)
			continue;
		char *at = strstr(line, ":  ");
		bool has = at && strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[8] == ':';
		if (has) {
			memcpy(state, at + 3, 5);
			state[5] = '\0';
			memmove(at + 1, at + 9, strlen(at + 9) + 1);
		}
		size_t len = strlen(line);
		memmove(to, line, len);
		to += len;
		*to++ = '\n';
	}
	*to = '\0';
	text_one_line(text);
}

static int fail_connect(struct server *s, PGconn *conn, struct ferry_error *err)
{
	char text[800], state[6];

	if (s->lost == LOST_CANCELLED)
		return s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	if (s->lost == LOST_LATE)
		return s->host->fail(err, FERRY_E_CONNECT, "%s: no connection within %lld ms", s->name,
				     (long long)s->connect_ms);
	snprintf(text, sizeof text - 1, "%s", PQerrorMessage(conn));
	take_state(text, state);
	bool wants_password = !*state && PQconnectionNeedsPassword(conn);
	enum ferry_code plain = wants_password ? FERRY_E_AUTH : FERRY_E_CONNECT;
	return s->host->fail(err, fault_code(state, plain), "%s: %s%s%s%s", s->name, text,
			     *state ? " [" : "", state, *state ? "]" : "");
}

static void be_quiet(void *ctx, const PGresult *res)
{
	(void)ctx, (void)res;
}

int server_connect(struct server *s, struct ferry_error *err)
{
	struct params p;

	if (s->conn && PQstatus(s->conn) == CONNECTION_OK)
		return 0;
	server_close(s);
	s->lost = LOST_NOT;
	fill(s, &p);
	PGconn *conn = PQconnectStartParams(p.keywords, p.values, 0);
	if (!conn)
		return server_no_memory(s, err);
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(conn, be_quiet, NULL);
	if (PQstatus(conn) == CONNECTION_BAD || !shake_hands(s, conn)) {
		fail_connect(s, conn, err);
		PQfinish(conn);
		return -1;
	}
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	s->conn = conn;
	s->connections++;
	s->cancelled = false;
	return 0;
}

void server_close(struct server *s)
{
	PQfinish(s->conn);
	s->conn = NULL;
}

/* ------------------------------------------------------------------ asking */

bool server_lose(struct server *s, enum lost how, const char *text)
{
	s->lost = how;
	text_cut(s->lost_text, sizeof s->lost_text, text, strlen(text));
	text_one_line(s->lost_text);
	server_close(s);
	return false;
}

static void cancel(struct server *s)
{
	char why[256];
	PGcancel *handle = PQgetCancel(s->conn);

	/* a cancel that does not arrive is found out by the wait's end */
	if (handle)
		PQcancel(handle, why, sizeof why);
	PQfreeCancel(handle);
	s->cancelled = true;
}

enum { CANCEL_ANSWER_MS = 5000 };	/* what a server gets to take back what it was doing */

/* A server that hangs up may have said why: what it sent before is read first. */
static bool consume(struct server *s, struct watch *w)
{
	if (PQconsumeInput(s->conn))
		return true;
	if (w->broken)
		return server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
	w->broken = true;
	return true;
}

bool server_wait(struct server *s, struct watch *w, const struct patience *patience)
{
	int64_t now = now_ms();
	char text[80];

	/* what is there already need not be waited for; with TLS it may be in libpq, unseen by poll */
	if (!w->looked) {
		w->looked = true;
		return consume(s, w);
	}
	w->looked = false;
	if (!w->late && patience->total_ms)
		w->late = now + patience->total_ms;
	if (!w->ending && s->host->cancelled(s->host))
		w->ending = now + patience->ending_ms;
	if (w->ending && now >= w->ending && !s->cancelled) {
		cancel(s);
		w->late = now + CANCEL_ANSWER_MS;
	}
	if (w->late && now >= w->late) {
		enum lost how = s->cancelled ? LOST_CANCELLED : LOST_LATE;
		if (how == LOST_LATE)
			cancel(s);
		snprintf(text, sizeof text, "no answer within %lld s",
			 (long long)(patience->total_ms + 999) / 1000);
		return server_lose(s, how, text);
	}
	struct pollfd p = {.fd = PQsocket(s->conn), .events = POLLIN};
	if (poll(&p, 1, LOOK_MS) < 0 && errno != EINTR)
		return server_lose(s, LOST_CONNECTION, "its socket cannot be waited for");
	return consume(s, w);
}

bool server_wait_result(struct server *s, const struct patience *patience)
{
	struct watch w = {0};

	while (PQisBusy(s->conn))
		if (!server_wait(s, &w, patience))
			return false;
	return true;
}

/* All results of what was sent: the first failure, else the last. */
static PGresult *collect(struct server *s, const struct patience *patience)
{
	PGresult *kept = NULL;

	for (;;) {
		if (!server_wait_result(s, patience)) {
			PQclear(kept);
			return NULL;
		}
		PGresult *res = PQgetResult(s->conn);
		if (!res)
			break;
		if (kept && !result_ok(kept)) {
			PQclear(res);
			continue;
		}
		PQclear(kept);
		kept = res;
	}
	if (!kept)
		server_lose(s, LOST_CONNECTION, "there was no answer");
	return kept;
}

PGresult *server_query(struct server *s, const struct query *q, const struct patience *patience)
{
	int sent;

	if (!s->conn)
		return NULL;
	if (q->n < 0)
		sent = PQsendQuery(s->conn, q->sql);
	else
		sent = PQsendQueryParams(s->conn, q->sql, q->n, q->types, q->values, q->lengths,
					 q->formats, 1);
	if (!sent) {
		/* the server may have said why before it hung up */
		PGresult *why = PQconsumeInput(s->conn) && !PQisBusy(s->conn) ? PQgetResult(s->conn) : NULL;
		if (why && !result_ok(why))
			return why;
		PQclear(why);
		server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
		return NULL;
	}
	return collect(s, patience);
}

/* What is left of an answer whose failure is known. */
static void drain(struct server *s, const struct patience *patience)
{
	PGresult *res = NULL;

	do
		PQclear(res);
	while (server_wait_result(s, patience) && (res = PQgetResult(s->conn)));
}

PGresult *server_copy_begin(struct server *s, const char *sql, const struct patience *patience, bool *ready)
{
	*ready = false;
	if (!s->conn)
		return NULL;
	if (!PQsendQuery(s->conn, sql)) {
		server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
		return NULL;
	}
	while (server_wait_result(s, patience)) {
		PGresult *res = PQgetResult(s->conn);
		*ready = PQresultStatus(res) == PGRES_COPY_IN;
		if (res && !*ready && !result_ok(res)) {
			drain(s, patience);
			return res;
		}
		PQclear(res);
		if (*ready)
			return NULL;
		if (!res) {
			server_lose(s, LOST_CONNECTION, "there was no answer");
			return NULL;
		}
	}
	return NULL;
}

bool server_copy_put(struct server *s, const char *data, size_t len)
{
	return PQputCopyData(s->conn, data, (int)len) == 1 ||
	       server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
}

PGresult *server_copy_end(struct server *s, const struct patience *patience)
{
	if (PQputCopyEnd(s->conn, NULL) != 1) {
		server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
		return NULL;
	}
	return collect(s, patience);
}

PGresult *server_describe(struct server *s, const char *sql, const struct patience *patience)
{
	PGresult *res;

	if (!s->conn)
		return NULL;
	if (!PQsendPrepare(s->conn, "", sql, 0, NULL)) {
		server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
		return NULL;
	}
	res = collect(s, patience);
	if (!res || !result_ok(res))
		return res;
	PQclear(res);
	if (!PQsendDescribePrepared(s->conn, "")) {
		server_lose(s, LOST_CONNECTION, PQerrorMessage(s->conn));
		return NULL;
	}
	return collect(s, patience);
}

int server_exec(struct server *s, const char *sql, const struct patience *patience, const char *doing,
		struct ferry_error *err)
{
	PGresult *res = server_query(s, &(struct query){.sql = sql, .n = -1}, patience);
	int status = 0;

	if (!res || !result_ok(res))
		status = server_fail(s, res, FERRY_E_UNAVAILABLE, doing, err);
	PQclear(res);
	return status;
}

int server_begin(struct server *s, const char *begin, const struct patience *patience,
		 struct ferry_error *err)
{
	bool was_there = s->conn && PQstatus(s->conn) == CONNECTION_OK;
	struct text sql = {0};
	int status = -1;

	text_addf(&sql, "%s; %s", begin, server_settings);
	if (sql.failed) {
		server_no_memory(s, err);
	} else if (server_connect(s, err) == 0) {
		status = server_exec(s, sql.s, patience, "cannot begin", err);
		/* one that has been idle may be gone; nothing was asked through it yet */
		if (status && was_there && !s->cancelled &&
		    (!s->conn || PQstatus(s->conn) == CONNECTION_BAD) && server_connect(s, err) == 0)
			status = server_exec(s, sql.s, patience, "cannot begin", err);
	}
	text_release(&sql);
	return status;
}

void server_abandon(struct server *s)
{
	if (s->conn && PQtransactionStatus(s->conn) == PQTRANS_ACTIVE) {
		cancel(s);
		server_close(s);
	}
}

void server_rollback(struct server *s)
{
	static const struct patience some = {5000, 5000};
	struct ferry_error err;

	s->cancelled = false;
	if (s->conn && PQtransactionStatus(s->conn) != PQTRANS_IDLE &&
	    server_exec(s, "ROLLBACK", &some, "ROLLBACK", &err))
		server_close(s);
}

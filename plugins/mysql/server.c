/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - asking a server through its connection: each answer waited for with an eye on the run's
 * end, by libmariadb's calls that do not block. Knows nothing of what is asked.
 */
#include "mysql/private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	LOOK_MS = 100,			/* between two looks at `cancelled` */
	KILL_ANSWER_MS = 5000,		/* what a server gets to take back what it was doing */
	KILL_CONNECT_S = 2,
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------ waiting */

/* The statement under way is killed only on the very server that runs it: a proxy may lead to another. */
static bool same_server(const struct server *s, MYSQL *other)
{
	bool same = false;

	if (mysql_query(other, "SELECT CONCAT(@@hostname, ':', @@port, ':', @@server_id)"))
		return false;
	MYSQL_RES *res = mysql_store_result(other);
	MYSQL_ROW row = res ? mysql_fetch_row(res) : NULL;
	if (row && row[0])
		same = strcmp(row[0], s->identity) == 0;
	mysql_free_result(res);
	return same;
}

/* A kill that does not arrive is found out by the wait's end. */
static void kill_statement(struct server *s)
{
	struct server other = *s;
	unsigned seconds = KILL_CONNECT_S;
	char sql[64];

	s->cancelled = true;
	other.conn = mysql_init(NULL);
	if (!other.conn || !*s->identity)
		goto out;
	mysql_optionsv(other.conn, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	mysql_optionsv(other.conn, MYSQL_OPT_READ_TIMEOUT, &seconds);
	mysql_optionsv(other.conn, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
	server_options(s, other.conn);
	if (!mysql_real_connect(other.conn, s->address, s->user, s->password, s->database, s->port, s->socket,
				0) || !same_server(s, other.conn))
		goto out;
	snprintf(sql, sizeof sql, "KILL QUERY %lu", mysql_thread_id(s->conn));
	mysql_query(other.conn, sql);
out:
	if (other.conn)
		mysql_close(other.conn);
}

static int events_of(int status)
{
	return (status & MYSQL_WAIT_READ ? POLLIN : 0) | (status & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
	       (status & MYSQL_WAIT_EXCEPT ? POLLPRI : 0);
}

static int status_of(int events, int wanted)
{
	/* what has hung up or is broken can be read, and then says so */
	if (events & (POLLERR | POLLHUP | POLLNVAL))
		return wanted & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE | MYSQL_WAIT_EXCEPT);
	return (events & POLLIN ? MYSQL_WAIT_READ : 0) | (events & POLLOUT ? MYSQL_WAIT_WRITE : 0) |
	       (events & POLLPRI ? MYSQL_WAIT_EXCEPT : 0);
}

static int give_up(struct server *s, struct watch *w, enum lost how)
{
	s->lost = how;
	w->given_up = true;
	return MYSQL_WAIT_TIMEOUT;
}

int server_wait(struct server *s, struct watch *w, const struct patience *patience, int status)
{
	for (;;) {
		if (w->given_up)
			return MYSQL_WAIT_TIMEOUT;
		int64_t now = now_ms();
		if (!w->late && patience->total_ms)
			w->late = now + patience->total_ms;
		if (!w->ending && s->host->cancelled(s->host))
			w->ending = now + patience->ending_ms;
		if (w->ending && now >= w->ending && !s->cancelled) {
			if (!s->in_transaction)
				return give_up(s, w, LOST_CANCELLED);
			kill_statement(s);
			w->late = now_ms() + KILL_ANSWER_MS;
		}
		if (w->late && now >= w->late) {
			if (s->cancelled)
				return give_up(s, w, LOST_CANCELLED);
			if (s->in_transaction)
				kill_statement(s);
			return give_up(s, w, LOST_LATE);
		}
		struct pollfd p = {.fd = mysql_get_socket(s->conn), .events = (short)events_of(status)};
		int n = poll(&p, 1, LOOK_MS);
		if (n > 0)
			return status_of(p.revents, status);
		if (n < 0 && errno != EINTR)
			return give_up(s, w, LOST_CONNECTION);
	}
}

/* ------------------------------------------------------------------ what went wrong */

static bool is_lost(unsigned number)
{
	static const unsigned numbers[] = {
		2006, 2013, 2055,	/* gone away, lost, lost (extended) */
		2000, 2012, 2027,	/* unknown, in handshake, malformed packet */
		2026,			/* TLS broke */
		1053, 1927, 4031,	/* shutdown, killed, idle for too long */
		1153, 1156, 1157, 1158, 1159, 1160, 1161, /* packets: too large, out of order, errors */
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

bool server_note(struct server *s, const struct watch *w, const char *state, unsigned number, const char *text)
{
	s->failure = (struct failure){.number = number};
	snprintf(s->failure.state, sizeof s->failure.state, "%.5s", state);
	snprintf(s->failure.text, sizeof s->failure.text, "%s", text);
	text_one_line(s->failure.text);
	if (!w->given_up && !is_lost(number))
		return false;
	if (!w->given_up)
		s->lost = LOST_CONNECTION;
	server_close(s);
	return false;
}

static bool note(struct server *s, const struct watch *w)
{
	return server_note(s, w, mysql_sqlstate(s->conn), mysql_errno(s->conn), mysql_error(s->conn));
}

/* ------------------------------------------------------------------ asking */

bool server_send(struct server *s, const char *sql, size_t len, const struct patience *patience)
{
	struct watch w = {0};
	int failed = 1;

	if (!s->conn)
		return false;
	int status = mysql_real_query_start(&failed, s->conn, sql, len);
	while (status)
		status = mysql_real_query_cont(&failed, s->conn, server_wait(s, &w, patience, status));
	return failed ? note(s, &w) : true;
}

int server_next(struct server *s, const struct patience *patience)
{
	struct watch w = {0};
	int ret = -1;

	if (!s->conn)
		return -1;
	int status = mysql_next_result_start(&ret, s->conn);
	while (status)
		status = mysql_next_result_cont(&ret, s->conn, server_wait(s, &w, patience, status));
	if (ret > 0)
		note(s, &w);
	return ret == 0 ? 1 : ret < 0 ? 0 : -1;
}

MYSQL_RES *server_store(struct server *s, const struct patience *patience)
{
	struct watch w = {0};
	MYSQL_RES *res = NULL;

	if (!s->conn)
		return NULL;
	int status = mysql_store_result_start(&res, s->conn);
	while (status)
		status = mysql_store_result_cont(&res, s->conn, server_wait(s, &w, patience, status));
	if (!res)
		note(s, &w);
	return res;
}

bool server_fetch(struct server *s, MYSQL_RES *res, const struct patience *patience, MYSQL_ROW *row)
{
	struct watch w = {0};

	*row = NULL;
	int status = mysql_fetch_row_start(row, res);
	while (status)
		status = mysql_fetch_row_cont(row, res, server_wait(s, &w, patience, status));
	if (*row || !(mysql_errno(s->conn) || w.given_up))
		return true;
	/* the result still knows its connection, which is closed with it */
	MYSQL *conn = s->conn;
	s->conn = NULL;
	server_note(s, &w, mysql_sqlstate(conn), mysql_errno(conn), mysql_error(conn));
	s->conn = conn;
	return false;
}

MYSQL_RES *server_query(struct server *s, const char *sql, const struct patience *patience)
{
	return server_send(s, sql, strlen(sql), patience) ? server_store(s, patience) : NULL;
}

int server_exec(struct server *s, const char *sql, const struct patience *patience, enum ferry_code plain,
		const char *doing, struct ferry_error *err)
{
	return server_send(s, sql, strlen(sql), patience) ? 0 : server_fail(s, plain, doing, err);
}

MYSQL_STMT *server_prepare(struct server *s, const char *sql, const struct patience *patience)
{
	struct watch w = {0};
	int failed = 1;

	if (!s->conn)
		return NULL;
	MYSQL_STMT *stmt = mysql_stmt_init(s->conn);
	if (!stmt) {
		server_note(s, &w, "HY001", 2008, "out of memory");
		return NULL;
	}
	int status = mysql_stmt_prepare_start(&failed, stmt, sql, strlen(sql));
	while (status)
		status = mysql_stmt_prepare_cont(&failed, stmt, server_wait(s, &w, patience, status));
	if (!failed)
		return stmt;
	struct failure f = {.number = mysql_stmt_errno(stmt)};
	snprintf(f.state, sizeof f.state, "%s", mysql_stmt_sqlstate(stmt));
	snprintf(f.text, sizeof f.text, "%s", mysql_stmt_error(stmt));
	mysql_stmt_close(stmt);
	server_note(s, &w, f.state, f.number, f.text);
	return NULL;
}

void server_unprepare(MYSQL_STMT *stmt)
{
	if (stmt)
		mysql_stmt_close(stmt);
}

/* ------------------------------------------------------------------ transactions */

int server_begin(struct server *s, const char *begin, const struct patience *patience,
		 struct ferry_error *err)
{
	bool was_there = s->conn;

	if (server_connect(s, err))
		return -1;
	bool done = server_send(s, begin, strlen(begin), patience);
	/* one that has been idle may be gone; nothing was asked through it yet */
	if (!done && was_there && !s->conn && s->lost == LOST_CONNECTION) {
		if (server_connect(s, err))
			return -1;
		done = server_send(s, begin, strlen(begin), patience);
	}
	if (!done)
		return server_fail(s, FERRY_E_UNAVAILABLE, "cannot begin", err);
	s->in_transaction = true;
	return 0;
}

void server_rollback(struct server *s)
{
	static const struct patience some = {5000, 5000};

	s->cancelled = false;
	if (s->conn && s->in_transaction && !server_send(s, "ROLLBACK", 8, &some))
		server_close(s);
	s->in_transaction = false;
}

void server_abandon(struct server *s, MYSQL_RES *res)
{
	if (s->conn) {
		if (!s->cancelled && s->lost == LOST_NOT)
			kill_statement(s);
		/* what is still on its way is not waited for */
		shutdown(mysql_get_socket(s->conn), SHUT_RDWR);
	}
	mysql_free_result(res);
	server_close(s);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-odbc-faults.c - what the odbc connector makes of databases that are not there, refuse, are slow,
 * or go away in the middle, with each driver.
 */
#include "odbc-fixture.h"
#include "odbc/odbc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* MariaDB's driver loses some bytes of a statement whose connection goes away. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaodbc\n";
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int extract(struct fixture *f, void *h, struct keeping *s)
{
	return ferry_connector.extract(h, &(struct ferry_extract){0}, &s->base, &f->err);
}

/* The driver's part of the fixture's connection string. */
static const char *driver_of(const struct fixture *f)
{
	static char driver[300];

	snprintf(driver, sizeof driver, "%.*s", (int)(strchr(f->connection, ';') - f->connection), f->connection);
	return driver;
}

struct refusal {
	const char *rest, *password;
	enum ferry_code code;
	const char *part;
};

static void expect_refusals(struct fixture *f, const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[600];
		struct ferry_open open = {.role = FERRY_SOURCE};
		snprintf(text, sizeof text, "%s;%s", driver_of(f), cases[i].rest);
		char *at = strstr(text, "FOLDER");
		if (at) {
			char tail[300];
			snprintf(tail, sizeof tail, "%s", at + 6);
			snprintf(at, sizeof text - (size_t)(at - text), "%s%s", servers_folder(), tail);
		}
		void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "connection", text,
			cases[i].password ? "password" : NULL, cases[i].password, NULL});
		assert_non_null(h);
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code, cases[i].part);
		assert_null(strstr(f->err.msg, "hunter2"));
		assert_null(strchr(f->err.msg, '\n'));
		ferry_connector.close(h);
	}
}

static void refused_connections(void **state)
{
	struct fixture *f = *state;
	static const struct refusal postgres[] = {
		{"Servername=FOLDER;Database=postgres;UID=locked", "hunter2", FERRY_E_AUTH, "password authentication failed"},
		{"Servername=FOLDER;Database=postgres;UID=nobody-here", NULL, FERRY_E_AUTH, "nobody-here"},
		{"Servername=FOLDER;Database=nowhere;UID=postgres", NULL, FERRY_E_CONFIG, "\"nowhere\" does not exist"},
		{"Servername=FOLDER;Port=1;Database=postgres;UID=postgres", NULL, FERRY_E_CONNECT, "No such file"},
		{"Servername=127.0.0.1;Port=1;Database=postgres;UID=postgres", NULL, FERRY_E_CONNECT, "refused"},
		{"Servername=no-such-host.invalid;Database=x;UID=x", NULL, FERRY_E_CONNECT, "no-such-host.invalid"},
	};
	static const struct refusal mariadb[] = {
		{"SOCKET=FOLDER/my.sock;UID=locked", "hunter2", FERRY_E_AUTH, "Access denied"},
		{"SOCKET=FOLDER/my.sock;UID=root;DATABASE=nowhere", NULL, FERRY_E_CONFIG, "nowhere"},
		{"SOCKET=FOLDER/no.sock;UID=root", NULL, FERRY_E_CONNECT, "no.sock"},
		{"SERVER=127.0.0.1;PORT=1;UID=root", NULL, FERRY_E_CONNECT, "127.0.0.1"},
		{"SERVER=no-such-host.invalid;UID=root", NULL, FERRY_E_CONNECT, "no-such-host.invalid"},
	};
	static const struct refusal sqlite[] = {
		{"Database=FOLDER/none.db", NULL, FERRY_E_CONNECT, "connect failed"},
		{"Database=FOLDER/no/none.db", NULL, FERRY_E_CONNECT, "connect failed"},
		{"Database=FOLDER/log", NULL, FERRY_E_CONFIG, "not a database"},
	};

	if (f->base == POSTGRES) {
		fixture_sql(f, "DROP ROLE IF EXISTS locked");
		fixture_sql(f, "CREATE ROLE locked LOGIN PASSWORD 'right'");
		expect_refusals(f, postgres, sizeof postgres / sizeof postgres[0]);
	} else if (f->base == MARIADB) {
		fixture_sql(f, "CREATE OR REPLACE USER locked IDENTIFIED BY 'right'");
		expect_refusals(f, mariadb, sizeof mariadb / sizeof mariadb[0]);
	} else {
		FILE *log = fopen("log", "a");
		fputs("this is some other file, which is long enough to have a header of its own, and more than that\n", log);
		fclose(log);
		expect_refusals(f, sqlite, sizeof sqlite / sizeof sqlite[0]);
		assert_int_equal(access("none.db", F_OK), -1);
	}
}

/* What has a meaning in connection strings is put in braces, and arrives. */
static void odd_passwords(void **state)
{
	struct fixture *f = *state;
	static const char *const passwords[] = {"p@s!(w)", "a;b}c{d", "=", " x "};

	if (f->base == SQLITE)
		return;
	if (f->base == POSTGRES) {
		fixture_sql(f, "DROP ROLE IF EXISTS locked");
		fixture_sql(f, "CREATE ROLE locked LOGIN");
	}
	/* MariaDB's driver takes the blanks off all the same */
	for (size_t i = 0; i < (f->base == MARIADB ? 3 : 4); i++) {
		char sql[200], text[600];
		struct ferry_open open = {.role = FERRY_SOURCE};
		snprintf(sql, sizeof sql, f->base == POSTGRES ? "ALTER ROLE locked PASSWORD '%s'" :
			 "CREATE OR REPLACE USER locked IDENTIFIED BY '%s'", passwords[i]);
		fixture_sql(f, sql);
		snprintf(text, sizeof text, f->base == POSTGRES ? "%s;Servername=%s;Database=postgres" : "%s;SOCKET=%s/my.sock",
			 driver_of(f), servers_folder());
		void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "connection", text,
			"user", "locked", "password", passwords[i], NULL});
		assert_success(f, ferry_connector.validate_setup(h, &f->err));
		ferry_connector.close(h);
	}
}

/* Behind a name that tells nothing of the driver, its settings are found out all the same. */
static void data_source(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};
	char path[200];

	snprintf(path, sizeof path, "%s/odbc.ini", servers_folder());
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "[my own %d]\n", f->base);
	char *rest, *text = strdup(f->connection);
	for (char *p = strtok_r(text, ";", &rest); p; p = strtok_r(NULL, ";", &rest))
		fprintf(out, "%s%s\n", strncmp(p, "UID=", 4) == 0 && f->base == POSTGRES ? "UserName=" : "",
			strncmp(p, "UID=", 4) == 0 && f->base == POSTGRES ? p + 4 : p);
	free(text);
	fclose(out);
	setenv("ODBCINI", path, 1);
	char name[20];
	snprintf(name, sizeof name, "my own %d", f->base);
	void *h = fixture_open(f, &open, (const char *const[]){"query", pick(f, "SELECT true AS a", "SELECT 'x' AS a", "SELECT 0.1 + 0.2 AS a"),
		"connection", "Description=x", "dsn", name, NULL});
	assert_non_null(h);
	struct keeping *s = keeping(f);
	assert_success(f, extract(f, h, s));
	assert_string_equal(s->text, pick(f, "bool 1\n", "text x\n", "dec 0.30000000000000004\n"));
	ferry_connector.close(h);
	unsetenv("ODBCINI");
}

static void drivers_that_are_none(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[] = {"Driver=/nowhere/lib.so;X=1", "Driver=No such driver", "DSN=no-such-source"};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_open open = {.role = FERRY_SOURCE};
		void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "connection", cases[i], NULL});
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONFIG, "cannot connect");
		ferry_connector.close(h);
	}
}

/* A server that takes the call and says nothing. */
static void silent_server(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[600];

	if (f->base == SQLITE) {
		close(fd);
		return;
	}
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(text, sizeof text, f->base == POSTGRES ? "%s;Servername=127.0.0.1;Port=%d;Database=x;UID=x" : "%s;SERVER=127.0.0.1;PORT=%d;UID=x",
		 driver_of(f), ntohs(address.sin_port));
	f->common.connect_timeout_ms = 2000;
	struct ferry_open open = {.role = FERRY_SOURCE};
	void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "connection", text, NULL});
	int64_t start = now_ms();
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), f->base == MARIADB ? FERRY_E_NETWORK : FERRY_E_CONNECT, "");
	assert_true(now_ms() - start < 8000);
	ferry_connector.close(h);
	close(fd);
}

/* ------------------------------------------------------------------ reading */

static void kill_others(struct fixture *f)
{
	if (f->base == POSTGRES) {
		fixture_sql(f, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
	} else if (f->base == MARIADB) {
		char ids[2000], sql[40];
		snprintf(ids, sizeof ids, "%s", fixture_dump(f, "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND user = 'root'"));
		for (char *rest, *p = strtok_r(ids, "\n", &rest); p; p = strtok_r(NULL, "\n", &rest)) {
			SQLHSTMT stmt;
			snprintf(sql, sizeof sql, "KILL %s", p);
			SQLAllocHandle(SQL_HANDLE_STMT, f->dbc, &stmt);
			SQLExecDirect(stmt, (SQLCHAR *)sql, SQL_NTS);	/* it may have gone by itself */
			SQLFreeHandle(SQL_HANDLE_STMT, stmt);
		}
	}
}

static void killed_while_reading(void **state)
{
	struct fixture *f = *state;
	struct keeping *s = keeping(f);
	const char *sql = "SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 100000) i";

	/* MariaDB's driver has the whole result before it gives a row; a file does not hang up */
	if (f->base != POSTGRES)
		return;
	void *h = fixture_source(f, sql);
	s->at_first = kill_others;
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(extract(f, h, s), -1);
	if (f->err.code != FERRY_E_NETWORK && f->err.code != FERRY_E_UNAVAILABLE)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	assert_true(s->rows < 100000);
	/* and again, as if nothing had been */
	s = keeping(f);
	assert_success(f, extract(f, h, s));
	assert_int_equal(s->rows, 100000);
	ferry_connector.close(h);
}

/* A connection that was lost while it was idle costs nothing. */
static void killed_while_idle(void **state)
{
	struct fixture *f = *state;
	struct keeping *s = keeping(f);

	if (f->base == SQLITE)
		return;
	void *h = fixture_source(f, "SELECT 1 AS a");
	assert_success(f, extract(f, h, s));
	kill_others(f);
	usleep(200000);
	s = keeping(f);
	assert_success(f, extract(f, h, s));
	assert_int_equal(s->rows, 1);
	ferry_connector.close(h);
}

static void killed_while_it_runs(void **state)
{
	struct fixture *f = *state;

	if (f->base == SQLITE)
		return;
	fixture_sql(f, "CREATE TABLE one (a int)");
	fixture_sql(f, "INSERT INTO one VALUES (1)");
	void *h = fixture_source(f, pick(f, "SELECT a, pg_sleep(20) FROM one", "SELECT a, sleep(20) FROM one", ""));
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	pid_t pid = fork();
	if (!pid) {
		struct fixture own = *f;
		usleep(500000);
		SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &own.env);
		SQLSetEnvAttr(own.env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
		SQLAllocHandle(SQL_HANDLE_DBC, own.env, &own.dbc);
		SQLDriverConnect(own.dbc, NULL, (SQLCHAR *)own.connection, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
		kill_others(&own);
		_exit(0);
	}
	int64_t start = now_ms();
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(extract(f, h, keeping(f)), -1);
	assert_true(now_ms() - start < 10000);
	if (f->err.code != FERRY_E_NETWORK && f->err.code != FERRY_E_UNAVAILABLE)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	ferry_connector.close(h);
}

static void query_too_slow(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};

	if (f->base == SQLITE)
		return;
	fixture_sql(f, "CREATE TABLE one (a int)");
	fixture_sql(f, "INSERT INTO one VALUES (1)");
	void *h = fixture_open(f, &open, (const char *const[]){
			       "query", pick(f, "SELECT a, pg_sleep(20) FROM one", "SELECT a, sleep(20) FROM one", ""),
			       "query_timeout", "1000", NULL});
	int64_t start = now_ms();
	struct keeping *s = keeping(f);
	int status = extract(f, h, s);
	assert_true(now_ms() - start < 8000);
	/* MariaDB's sleep ends early and says so by its value */
	if (f->base == POSTGRES || status)
		assert_int_equal(f->err.code, FERRY_E_TIMEOUT);
	ferry_connector.close(h);
}

static void fails_at_a_row(void **state)
{
	struct fixture *f = *state;

	if (f->base != POSTGRES)
		return;		/* the others make NULL of it */
	void *h = fixture_source(f, "SELECT 1 / (i - 5000) AS a FROM generate_series(1, 10000) i");
	assert_failure(f, extract(f, h, keeping(f)), FERRY_E_DATA, "division by zero");
	ferry_connector.close(h);
}

static void cancelled_while_reading(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "CREATE TABLE t (k int)");
	for (int i = 0; i < 50; i++)
		fixture_sql(f, "INSERT INTO t VALUES (1)");
	void *h = fixture_source(f, "SELECT a.k, repeat_me FROM t a, t b, t c, (SELECT 1 AS repeat_me) d");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	f->cancel_after = 3;
	struct keeping *s = keeping(f);
	assert_failure(f, extract(f, h, s), FERRY_E_CANCELLED, "cancelled");
	assert_true(s->rows < 125000);
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ writing */

static const struct ferry_value row[] = {INT(1), TEXT("Ann"), DECIMAL("1.00"), INT(2), TEXT("Bo"), DECIMAL("2.00")};

static void killed_between_batches(void **state)
{
	struct fixture *f = *state;

	if (f->base == SQLITE)
		return;
	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	kill_others(f);
	usleep(200000);
	/* nothing of it was written, and the next time it is */
	memset(&f->err, 0, sizeof f->err);
	int status = apply(f, h, FERRY_CREATE, row, 2);
	if (status) {
		assert_true(f->err.code == FERRY_E_NETWORK || f->err.code == FERRY_E_UNAVAILABLE);
		assert_int_equal(outcomes[1].ack, FERRY_ACK_UNSENT);
		expect_rows(f, "SELECT id FROM people", "1\n");
		assert_success(f, apply(f, h, FERRY_CREATE, row, 2));
	}
	expect_rows(f, "SELECT id FROM people ORDER BY id", "1\n2\n");
	ferry_connector.close(h);
}

#define TRIGGER(when, body) \
	"CREATE OR REPLACE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 2 THEN " body \
	" END IF; RETURN NEW; END $$; CREATE CONSTRAINT TRIGGER act AFTER INSERT OR UPDATE ON people " when \
	" FOR EACH ROW EXECUTE FUNCTION act()"

static void dies_in_the_middle(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *trigger; enum ferry_ack ack; } cases[] = {
		/* while it writes: nothing was written; while it commits: nobody knows */
		{TRIGGER("NOT DEFERRABLE", "PERFORM pg_terminate_backend(pg_backend_pid());"), FERRY_ACK_UNSENT},
		{TRIGGER("DEFERRABLE INITIALLY DEFERRED", "PERFORM pg_terminate_backend(pg_backend_pid());"), FERRY_ACK_UNKNOWN},
	};

	if (f->base != POSTGRES)
		return;
	for (size_t i = 0; i < 2; i++) {
		fixture_sql(f, "DROP TABLE IF EXISTS people");
		make_people(f);
		fixture_sql(f, cases[i].trigger);
		void *h = open_people(f);
		memset(&f->err, 0, sizeof f->err);
		assert_int_equal(apply(f, h, FERRY_CREATE, row, 2), -1);
		assert_int_equal(f->err.code, FERRY_E_NETWORK);
		assert_int_equal(outcomes[0].ack, cases[i].ack);
		assert_int_equal(outcomes[1].ack, cases[i].ack);
		expect_rows(f, "SELECT count(*) FROM people", "0\n");
		fixture_sql(f, "DROP TRIGGER act ON people");
		assert_success(f, apply(f, h, FERRY_CREATE, row, 2));
		assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
		ferry_connector.close(h);
	}
}

/* What is checked at the end does not tell the row: the engine narrows it down. */
static void refused_at_commit(void **state)
{
	struct fixture *f = *state;

	if (f->base != POSTGRES)
		return;
	make_people(f);
	fixture_sql(f, TRIGGER("DEFERRABLE INITIALLY DEFERRED", "RAISE EXCEPTION 'not this one' USING ERRCODE = '23514';"));
	void *h = open_people(f);
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 2), FERRY_E_REJECTED, "not this one");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	assert_success(f, apply(f, h, FERRY_CREATE, row + 3, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_REJECTED);
	assert_string_equal(outcomes[0].code, "check_violation");
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);
}

/* Each row by itself: those before a failure stay. */
static void no_transactions(void **state)
{
	struct fixture *f = *state;
	static const struct ferry_value rows[] = {
		INT(1), TEXT("Ann"), DECIMAL("1.00"), INT(2), NOTHING, DECIMAL("2.00"), INT(3), TEXT("Cy"), DECIMAL("3.00"),
	};

	make_people(f);
	void *h = open_people(f);
	struct database *d = h;
	d->transactions = false;
	SQLSetConnectAttr(d->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 3));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_REJECTED);
	assert_int_equal(outcomes[2].ack, FERRY_ACK_DONE);
	expect_rows(f, "SELECT id, name FROM people ORDER BY id", "1|Ann\n3|Cy\n");
	if (f->base == POSTGRES) {
		fixture_sql(f, TRIGGER("NOT DEFERRABLE", "PERFORM pg_terminate_backend(pg_backend_pid());"));
		static const struct ferry_value more[] = {INT(1), TEXT("An"), NOTHING, INT(2), TEXT("Bo"), NOTHING, INT(3), TEXT("C"), NOTHING};
		memset(&f->err, 0, sizeof f->err);
		assert_int_equal(apply(f, h, FERRY_CREATE, more, 3), -1);
		assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
		assert_int_equal(outcomes[1].ack, FERRY_ACK_UNKNOWN);
		assert_int_equal(outcomes[2].ack, FERRY_ACK_UNSENT);
		expect_rows(f, "SELECT id, name FROM people ORDER BY id", "1|An\n3|Cy\n");
	}
	ferry_connector.close(h);
}

static void waits_for_a_lock(void **state)
{
	struct fixture *f = *state;

	make_people(f);
	fixture_sql(f, "INSERT INTO people (id, name) VALUES (1, 'old')");
	f->common.timeout_ms = 1500;
	void *h = open_people(f);
	SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
	fixture_sql(f, "UPDATE people SET name = 'mine' WHERE id = 1");
	int64_t start = now_ms();
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(apply(f, h, FERRY_UPDATE, row, 2), -1);
	assert_true(now_ms() - start < 8000);
	if (f->err.code != FERRY_E_TIMEOUT && f->err.code != FERRY_E_UNAVAILABLE)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_UNSENT);
	SQLEndTran(SQL_HANDLE_DBC, f->dbc, SQL_ROLLBACK);
	SQLSetConnectAttr(f->dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
	assert_success(f, apply(f, h, FERRY_UPDATE, row, 2));
	expect_rows(f, "SELECT id, name FROM people ORDER BY id", "1|Ann\n2|Bo\n");
	ferry_connector.close(h);
}

static void restarted_server(void **state)
{
	struct fixture *f = *state;

	if (f->base == SQLITE)
		return;
	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	server_restart(f->base);
	if (apply(f, h, FERRY_CREATE, row, 2))
		assert_success(f, apply(f, h, FERRY_CREATE, row, 2));
	assert_int_equal(outcomes[1].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);
}

static void may_not(void **state)
{
	struct fixture *f = *state;
	char connection[512];

	if (f->base == SQLITE)
		return;
	make_people(f);
	if (f->base == POSTGRES) {
		fixture_sql(f, "DROP ROLE IF EXISTS reader");
		fixture_sql(f, "CREATE ROLE reader LOGIN");
		fixture_sql(f, "GRANT USAGE ON SCHEMA public TO reader");
		fixture_sql(f, "GRANT SELECT ON people TO reader");
	} else {
		fixture_sql(f, "CREATE OR REPLACE USER reader");
		fixture_sql(f, "GRANT SELECT ON test.* TO reader");
	}
	snprintf(connection, sizeof connection, "%s", f->connection);
	char *at = strstr(connection, "UID="), tail[200];
	snprintf(tail, sizeof tail, "%s", at + strcspn(at, ";"));
	snprintf(at, sizeof connection - (size_t)(at - connection), "UID=reader%s", tail);
	void *h = open_mode(f, FERRY_MODE_MIRROR, key_id, (const char *const[]){"table", "people", "connection", connection, NULL});
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 2), FERRY_E_FORBIDDEN, "denied");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(h);
	if (f->base == POSTGRES) {
		fixture_sql(f, "DROP OWNED BY reader");
		fixture_sql(f, "DROP ROLE reader");
	}
}

/* The table is another one than at the first batch. */
static void table_changes(void **state)
{
	struct fixture *f = *state;

	make_people(f);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	fixture_sql(f, "DROP TABLE people");
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(apply(f, h, FERRY_CREATE, row, 2), -1);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ a test of the connection */

static char told[2000];

static void on_step(struct ferry_trial *trial, const char *name)
{
	(void)trial;
	snprintf(told + strlen(told), 100, "[%s]", name);
}

static void __attribute__((format(printf, 2, 3))) on_found(struct ferry_trial *trial, const char *fmt, ...)
{
	va_list ap;

	(void)trial;
	va_start(ap, fmt);
	vsnprintf(told + strlen(told), 300, fmt, ap);
	va_end(ap);
}

static void tests_of_a_connection(void **state)
{
	struct fixture *f = *state;
	struct ferry_trial trial = {NULL, on_step, on_found, on_found};
	struct ferry_setting setting = {"connection", {.s = f->connection, .len = 1, .type = FERRY_TEXT}};
	struct ferry_open open = {.host = &f->host, .connection = "data", .settings = &setting, .n_settings = 1, .common = f->common};

	told[0] = '\0';
	assert_success(f, ferry_connector.test(&open, &trial, &f->err));
	assert_non_null(strstr(told, "[address]"));
	assert_non_null(strstr(told, "[credentials]"));
	assert_non_null(strstr(told, pick(f, "[version]PostgreSQL ", "[version]MariaDB ", "[version]SQLite 3")));
	assert_non_null(strstr(told, "[permissions]"));
	setting.value.s = "Driver=/nowhere.so";
	told[0] = '\0';
	assert_failure(f, ferry_connector.test(&open, &trial, &f->err), FERRY_E_CONFIG, "nowhere.so");
	assert_string_equal(told, "[address]");
}

#define T(x) cmocka_unit_test_setup_teardown(x, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(refused_connections), T(odd_passwords), T(data_source), T(drivers_that_are_none), T(silent_server), T(killed_while_reading),
		T(killed_while_idle), T(killed_while_it_runs), T(query_too_slow), T(fails_at_a_row),
		T(cancelled_while_reading), T(killed_between_batches), T(dies_in_the_middle), T(refused_at_commit),
		T(no_transactions), T(waits_for_a_lock), T(restarted_server),
		T(may_not), T(table_changes), T(tests_of_a_connection),
	};

	return run_everywhere("odbc faults", tests, sizeof tests / sizeof tests[0]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-mysql-faults.c - what the mysql connector makes of a server that is not there, refuses, is slow, or
 * goes away in the middle.
 */
#include "mysql-fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int no_columns(struct ferry_sink *s, const struct ferry_column *columns, size_t n, bool ordered,
		      struct ferry_error *err)
{
	(void)s, (void)columns, (void)n, (void)ordered, (void)err;
	return 0;
}

struct counting {
	struct ferry_sink base;
	size_t rows;
	void (*at_first)(struct fixture *f);
	struct fixture *f;
};

static int count_rows(struct ferry_sink *base, const struct ferry_value *values, size_t n, struct ferry_error *err)
{
	struct counting *s = (struct counting *)base;

	(void)values, (void)err;
	if (!s->rows && s->at_first)
		s->at_first(s->f);
	s->rows += n;
	return 0;
}

static void no_page(struct ferry_sink *s, const char *kind, size_t bytes)
{
	(void)s, (void)kind, (void)bytes;
}

static struct counting counting(struct fixture *f, void (*at_first)(struct fixture *))
{
	return (struct counting){{NULL, no_columns, count_rows, no_page, NULL}, 0, at_first, f};
}

static int extract(struct fixture *f, void *h, struct counting *s)
{
	struct ferry_extract want = {0};

	return ferry_connector.extract(h, &want, &s->base, &f->err);
}

/* ------------------------------------------------------------------ connecting */

static void refused_connections(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *user, *password, *database, *setting, *value;
		enum ferry_code code;
		const char *part;
	} cases[] = {
		{"locked", "wrong", "test", NULL, NULL, FERRY_E_AUTH, "Access denied for user 'locked'@'localhost' (using password: YES)"},
		{"locked", NULL, "test", NULL, NULL, FERRY_E_AUTH, "using password: NO"},
		{"nobody-here", NULL, "test", NULL, NULL, FERRY_E_AUTH, "nobody-here"},
		{"root", NULL, "nowhere", NULL, NULL, FERRY_E_CONFIG, "Unknown database 'nowhere'"},
		{"locked", "right", "mysql", NULL, NULL, FERRY_E_FORBIDDEN, "to database 'mysql'"},
		{"shut", NULL, "test", NULL, NULL, FERRY_E_AUTH, "locked"},
		{"root", NULL, "test", "host", "no-such-host.invalid", FERRY_E_CONNECT, "no-such-host.invalid"},
		{"root", NULL, "test", "tls_mode", "required", FERRY_E_CONNECT, "TLS"},
	};

	fixture_sql(f, "CREATE OR REPLACE USER locked IDENTIFIED BY 'right'; GRANT ALL ON test.* TO locked;"
		    " CREATE OR REPLACE USER shut ACCOUNT LOCK");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_open open = {.role = FERRY_SOURCE};
		f->user = cases[i].user;
		f->password = cases[i].password;
		f->database = cases[i].database;
		void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", cases[i].setting, cases[i].value, NULL});
		assert_non_null(h);
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code, cases[i].part);
		assert_null(strstr(f->err.msg, "wrong"));
		ferry_connector.close(h);
	}
	f->user = "locked";
	f->password = "right";
	f->database = "test";
	void *h = fixture_source(f, "SELECT 1 AS a");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	ferry_connector.close(h);
	/* nobody listens there */
	struct ferry_open open = {.role = FERRY_SOURCE};
	h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "host", "127.0.0.1", "port", "1", NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONNECT, "127.0.0.1");
	ferry_connector.close(h);
}

static void settings_that_are_none(void **state)
{
	struct fixture *f = *state;
	struct ferry_open open = {.role = FERRY_SOURCE};

	assert_null(fixture_open(f, &open, (const char *const[]){"query", "SELECT 1", "table", "t", NULL}));
	assert_int_equal(f->err.code, FERRY_E_CONFIG);
	assert_non_null(strstr(f->err.msg, "not both"));
	assert_null(fixture_open(f, &open, (const char *const[]){"table", "t", "host", "x", "socket", "/y", NULL}));
	assert_non_null(strstr(f->err.msg, "either 'host' or 'socket'"));
	f->database = "";
	assert_null(fixture_open(f, &open, (const char *const[]){"table", "t", NULL}));
	assert_non_null(strstr(f->err.msg, "needs 'database'"));
}

/* A port that takes the connection and says nothing. */
static void a_server_that_says_nothing(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	struct ferry_open open = {.role = FERRY_SOURCE};
	char port[8];

	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&address, &len);
	snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
	f->common.connect_timeout_ms = 300;
	void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "host", "127.0.0.1", "port", port, NULL});
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CONNECT, "no connection within 300 ms");
	f->cancel_after = 2;
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_CANCELLED, "cancelled");
	f->cancel_after = -1;
	ferry_connector.close(h);
	close(fd);
}

static void too_many_connections(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "CREATE OR REPLACE USER plain WITH MAX_USER_CONNECTIONS 1; GRANT ALL ON test.* TO plain");
	f->user = "plain";
	void *first = fixture_source(f, "SELECT 1 AS a"), *h = fixture_source(f, "SELECT 1 AS a");
	assert_success(f, ferry_connector.validate_setup(first, &f->err));
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_UNAVAILABLE, "max_user_connections");
	ferry_connector.close(first);
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ testing a connection */

struct steps {
	struct ferry_trial base;
	char text[1000];
};

static void take_step(struct ferry_trial *trial, const char *name)
{
	struct steps *s = (struct steps *)trial;
	size_t at = strlen(s->text);

	snprintf(s->text + at, sizeof s->text - at, "[%s]", name);
}

static void __attribute__((format(printf, 2, 3))) take_found(struct ferry_trial *trial, const char *fmt, ...)
{
	struct steps *s = (struct steps *)trial;
	size_t at = strlen(s->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->text + at, sizeof s->text - at, fmt, ap);
	va_end(ap);
}

static int try_connection(struct fixture *f, struct steps *s)
{
	const struct ferry_setting settings[] = {
		{"socket", {.s = server_socket(), .len = (uint32_t)strlen(server_socket()), .type = FERRY_TEXT}},
		{"user", {.s = f->user, .len = (uint32_t)strlen(f->user), .type = FERRY_TEXT}},
		{"database", {.s = f->database, .len = (uint32_t)strlen(f->database), .type = FERRY_TEXT}},
	};
	const struct ferry_open open = {.host = &f->host, .connection = "shop", .settings = settings, .n_settings = 3};

	*s = (struct steps){{NULL, take_step, take_found, take_found}, ""};
	return ferry_connector.test(&open, &s->base, &f->err);
}

static void tests_of_connections(void **state)
{
	struct fixture *f = *state;
	struct steps s;

	fixture_sql(f, PEOPLE);
	assert_success(f, try_connection(f, &s));
	assert_non_null(strstr(s.text, "[address]"));
	assert_non_null(strstr(s.text, "[credentials]root@"));
	assert_non_null(strstr(s.text, "[version]MariaDB "));
	assert_non_null(strstr(s.text, "[permissions]1 tables and views can be seen"));
	f->user = "nobody-here";
	assert_failure(f, try_connection(f, &s), FERRY_E_AUTH, "Access denied");
	assert_string_equal(s.text, "[address][credentials]");
	f->user = "root";
	f->database = "nowhere";
	assert_failure(f, try_connection(f, &s), FERRY_E_CONFIG, "Unknown database");
}

/* ------------------------------------------------------------------ reading */

static void killed_while_reading(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, fixture_kill_others);
	void *h = fixture_source(f, "SELECT seq, REPEAT('x', 1000) AS t FROM seq_1_to_200000");

	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(extract(f, h, &s), -1);
	if (f->err.code != FERRY_E_UNAVAILABLE && f->err.code != FERRY_E_NETWORK)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	assert_true(s.rows < 200000);
	/* and again, as if nothing had been */
	s = counting(f, NULL);
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.rows, 200000);
	/* a connection that was lost while it was idle costs nothing */
	fixture_kill_others(f);
	s = counting(f, NULL);
	assert_success(f, extract(f, h, &s));
	ferry_connector.close(h);
}

static void fails_at_a_row(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, NULL);
	void *h = fixture_source(f, "SELECT IF(seq < 5000, 1, (SELECT 1 UNION ALL SELECT seq)) AS a FROM seq_1_to_10000");

	assert_failure(f, extract(f, h, &s), FERRY_E_DATA, "more than 1 row [1242]");
	assert_int_equal(s.rows % 512, 0);
	ferry_connector.close(h);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_until_nothing_runs(struct fixture *f)
{
	for (int i = 0; i < 500; i++) {
		if (strcmp(fixture_dump(f, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE id <> CONNECTION_ID()"
					" AND command NOT IN ('Daemon', 'Sleep')"), "0\n") == 0)
			return;
		usleep(10000);
	}
	fail_msg("the server is still at it");
}

static void cancelled_while_waiting(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, NULL);
	int64_t start = now_ms();

	/* nothing comes for a minute; the run ends after some looks */
	void *h = fixture_source(f, "SELECT SLEEP(60) AS a");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	f->cancel_after = 12;
	assert_failure(f, extract(f, h, &s), FERRY_E_CANCELLED, "cancelled");
	assert_true(now_ms() - start < 10000);
	wait_until_nothing_runs(f);
	f->cancel_after = -1;
	ferry_connector.close(h);
	/* in the middle of rows */
	h = fixture_source(f, "SELECT seq, REPEAT('x', 1000) AS t FROM seq_1_to_1000000");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	f->cancel_after = 80;
	s = counting(f, NULL);
	assert_failure(f, extract(f, h, &s), FERRY_E_CANCELLED, "cancelled");
	assert_true(s.rows < 1000000);
	wait_until_nothing_runs(f);
	ferry_connector.close(h);
}

static void a_query_that_says_nothing(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, NULL);
	struct ferry_open open = {.role = FERRY_SOURCE};

	void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT SLEEP(60) AS a", "query_timeout", "300", NULL});
	assert_failure(f, extract(f, h, &s), FERRY_E_TIMEOUT, "no answer in time");
	wait_until_nothing_runs(f);
	ferry_connector.close(h);
}

/* What was found out about the table holds until the next run. */
static void columns_that_change(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, NULL);

	fixture_sql(f, PEOPLE);
	void *h = fixture_source(f, "SELECT id, name FROM people");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	fixture_sql(f, "ALTER TABLE people DROP name");
	assert_failure(f, extract(f, h, &s), FERRY_E_CONFIG, "Unknown column 'name'");
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ writing */

static const struct ferry_value row[] = {INT(1), TEXT("a"), NOTHING};

static void *slow_people(struct fixture *f, const char *const *settings)
{
	fixture_sql(f, PEOPLE "CREATE TRIGGER slow BEFORE INSERT ON people FOR EACH ROW SET new.other = SLEEP(20)");
	return open_mode(f, FERRY_MODE_UPSERT, key_id, settings);
}

static void *kill_soon(void *arg)
{
	const char *condition = arg;
	MYSQL *conn = fixture_connect();
	char sql[400];

	snprintf(sql, sizeof sql, "SELECT id FROM information_schema.PROCESSLIST WHERE id <> CONNECTION_ID() AND %s", condition);
	for (int i = 0; i < 1000; i++) {
		mysql_query(conn, sql);
		MYSQL_RES *res = mysql_store_result(conn);
		MYSQL_ROW found = res ? mysql_fetch_row(res) : NULL;
		char kill[64] = "";
		if (found)
			snprintf(kill, sizeof kill, "KILL %s", found[0]);
		mysql_free_result(res);
		if (*kill) {
			mysql_query(conn, kill);
			break;
		}
		usleep(10000);
	}
	mysql_close(conn);
	return NULL;
}

static void killed_while_writing(void **state)
{
	struct fixture *f = *state;
	pthread_t killer;

	void *h = slow_people(f, (const char *const[]){"table", "people", NULL});
	pthread_create(&killer, NULL, kill_soon, "state = 'User sleep'");
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(apply(f, h, FERRY_CREATE, row, 1), -1);
	pthread_join(killer, NULL);
	assert_int_equal(f->err.code, FERRY_E_NETWORK);
	/* nothing was committed, so it may go again as it is */
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	fixture_sql(f, "DROP TRIGGER slow");
	expect_rows(f, ALL, "");
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	ferry_connector.close(h);
}

/* What is not answered for at COMMIT may be there, or not. */
static void killed_while_committing(void **state)
{
	struct fixture *f = *state;
	pthread_t killer;

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	/* a backup holds all commits up */
	MYSQL *other = fixture_connect();
	assert_int_equal(mysql_query(other, "BACKUP STAGE START"), 0);
	assert_int_equal(mysql_query(other, "BACKUP STAGE BLOCK_COMMIT"), 0);
	pthread_create(&killer, NULL, kill_soon, "info = 'COMMIT'");
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(apply(f, h, FERRY_CREATE, row, 1), -1);
	pthread_join(killer, NULL);
	mysql_close(other);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNKNOWN);
	/* it may be repeated without doubling anything */
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	expect_rows(f, "SELECT COUNT(*) FROM people", "1\n");
	ferry_connector.close(h);
}

static void slower_than_the_timeout(void **state)
{
	struct fixture *f = *state;

	void *h = slow_people(f, (const char *const[]){"table", "people", "statement_timeout", "1000", NULL});
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_TIMEOUT, "max_statement_time");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
	/* a run that ends waits some seconds for what it is writing, and then takes it back */
	int64_t start = now_ms();
	h = open_mode(f, FERRY_MODE_UPSERT, key_id, (const char *const[]){"table", "people", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	f->cancel_after = 15;
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_CANCELLED, "cancelled");
	f->cancel_after = -1;
	assert_true(now_ms() - start < 15000);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
}

static void *lock_soon(void *arg)
{
	struct fixture *f = arg;
	MYSQL *conn = fixture_connect();

	(void)f;
	mysql_select_db(conn, "test");
	mysql_query(conn, "BEGIN");
	mysql_query(conn, "UPDATE people SET name = 'theirs' WHERE id = 2");
	usleep(300000);
	/* each waits for the other now: the server ends the one that has done less */
	mysql_query(conn, "UPDATE people SET name = 'theirs' WHERE id = 1");
	mysql_query(conn, "COMMIT");
	mysql_close(conn);
	return NULL;
}

static void deadlocks(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("ours"), NOTHING, INT(2), TEXT("ours"), NOTHING};
	pthread_t other;
	int failed = 0;

	/* who is ended is the server's choice: one of some tries hits us */
	for (int i = 0; i < 10 && !failed; i++) {
		fixture_sql(f, "DROP TABLE IF EXISTS people; " PEOPLE "INSERT INTO people (id, name) VALUES (1, 'a'), (2, 'b')");
		void *h = open_people(f);
		pthread_create(&other, NULL, lock_soon, f);
		usleep(150000);
		memset(&f->err, 0, sizeof f->err);
		failed = apply(f, h, FERRY_UPDATE, rows, 2);
		pthread_join(other, NULL);
		if (failed) {
			assert_int_equal(f->err.code, FERRY_E_UNAVAILABLE);
			assert_non_null(strstr(f->err.msg, "Deadlock"));
			assert_int_equal(outcomes[1].ack, FERRY_ACK_UNSENT);
			expect_rows(f, "SELECT name FROM people ORDER BY id", "theirs\ntheirs\n");
			assert_success(f, apply(f, h, FERRY_UPDATE, rows, 2));
		}
		expect_rows(f, "SELECT name FROM people ORDER BY id", "ours\nours\n");
		ferry_connector.close(h);
	}
}

static void a_lock_that_stays(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, PEOPLE "INSERT INTO people (id, name) VALUES (1, 'a')");
	void *h = open_mode(f, FERRY_MODE_UPSERT, key_id,
			    (const char *const[]){"table", "people", "statement_timeout", "2000", NULL});
	fixture_sql(f, "BEGIN; UPDATE people SET name = 'b'");
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(apply(f, h, FERRY_CREATE, row, 1), -1);
	if (f->err.code != FERRY_E_UNAVAILABLE && f->err.code != FERRY_E_TIMEOUT)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	fixture_sql(f, "ROLLBACK");
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	ferry_connector.close(h);
}

static void a_server_that_only_reads(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, PEOPLE "CREATE OR REPLACE USER plain; GRANT ALL ON test.* TO plain; SET GLOBAL read_only = 1");
	f->user = "plain";
	void *h = open_mode(f, FERRY_MODE_UPSERT, key_id, (const char *const[]){"table", "people", NULL});
	memset(&f->err, 0, sizeof f->err);
	int status = apply(f, h, FERRY_CREATE, row, 1);
	fixture_sql(f, "SET GLOBAL read_only = 0");
	assert_int_equal(status, -1);
	assert_int_equal(f->err.code, FERRY_E_UNAVAILABLE);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(h);
}

static void the_server_is_restarted(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, NULL);

	fixture_sql(f, PEOPLE);
	void *h = open_people(f), *source = fixture_source(f, "SELECT * FROM people");
	assert_success(f, ferry_connector.validate_setup(source, &f->err));
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	server_restart();
	assert_success(f, apply(f, h, FERRY_UPDATE, row, 1));
	assert_int_equal(outcomes[0].ack, FERRY_ACK_DONE);
	assert_success(f, extract(f, source, &s));
	assert_int_equal(s.rows, 1);
	ferry_connector.close(source);
	ferry_connector.close(h);
}

static void a_table_that_changes(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	fixture_sql(f, "ALTER TABLE people RENAME COLUMN name TO title");
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_SETUP, "name");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_SETUP, "no column to write for 'name'");
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused_connections), TEST(settings_that_are_none), TEST(a_server_that_says_nothing), TEST(too_many_connections),
		TEST(tests_of_connections), TEST(killed_while_reading), TEST(fails_at_a_row), TEST(cancelled_while_waiting),
		TEST(a_query_that_says_nothing), TEST(columns_that_change), TEST(killed_while_writing), TEST(killed_while_committing),
		TEST(slower_than_the_timeout), TEST(deadlocks), TEST(a_lock_that_stays), TEST(a_server_that_only_reads),
		TEST(the_server_is_restarted), TEST(a_table_that_changes),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}

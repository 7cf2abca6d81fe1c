/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-postgres-faults.c - what the postgres connector makes of a server that is not there, refuses,
 * is slow, or goes away in the middle.
 */
#include "postgres-fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	static const struct { const char *dsn, *password; enum ferry_code code; const char *part; } cases[] = {
		{"user=locked dbname=postgres", "wrong", FERRY_E_AUTH, "password authentication failed"},
		{"user=locked dbname=postgres", NULL, FERRY_E_AUTH, "password"},
		{"user=nobody-here dbname=postgres", NULL, FERRY_E_AUTH, "nobody-here"},
		{"user=shut dbname=postgres", NULL, FERRY_E_AUTH, "pg_hba.conf rejects"},
		{"user=postgres dbname=nowhere", NULL, FERRY_E_CONFIG, "database \"nowhere\" does not exist"},
		{"user=plain dbname=template0", NULL, FERRY_E_CONNECT, "not currently accepting"},
		{"user=postgres port=1", NULL, FERRY_E_CONNECT, "No such file"},
		{"user=postgres host=127.0.0.1 port=1", NULL, FERRY_E_CONNECT, "refused"},
		{"user=postgres host=no-such-host.invalid", NULL, FERRY_E_CONNECT, "no-such-host.invalid"},
		{"user=postgres sslmode=require host=127.0.0.1 port=1", NULL, FERRY_E_CONNECT, "refused"},
	};

	fixture_sql(f, "DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'right'; DROP ROLE IF EXISTS shut;"
		    " CREATE ROLE shut LOGIN; DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(f->dsn, sizeof f->dsn, "host=%s %s", server_folder(), cases[i].dsn);
		struct ferry_open open = {.role = FERRY_SOURCE};
		void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a",
			cases[i].password ? "password" : NULL, cases[i].password, NULL});
		assert_non_null(h);
		assert_failure(f, ferry_connector.validate_setup(h, &f->err), cases[i].code, cases[i].part);
		assert_null(strstr(f->err.msg, "LOCATION"));
		assert_null(strstr(f->err.msg, "wrong"));
		ferry_connector.close(h);
	}
	struct ferry_open open = {.role = FERRY_SOURCE};
	snprintf(f->dsn, sizeof f->dsn, "host=%s user=locked dbname=postgres", server_folder());
	void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", "password", "right", NULL});
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	ferry_connector.close(h);
}

static void dsns_that_are_none(void **state)
{
	struct fixture *f = *state;
	static const struct { const char *dsn, *part; } cases[] = {
		{"host=x password=hunter2", "move it to the setting 'password'"},
		{"postgresql://me:hunter2@db/x", "move it to the setting 'password'"},
		{"hosst=x", "hosst"},
		{"password=hunter2 hunter2", "cannot be read"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ferry_open open = {.role = FERRY_SOURCE};
		snprintf(f->dsn, sizeof f->dsn, "%s", cases[i].dsn);
		assert_null(fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a", NULL}));
		assert_int_equal(f->err.code, FERRY_E_CONFIG);
		assert_non_null(strstr(f->err.msg, cases[i].part));
		assert_null(strstr(f->err.msg, "hunter2"));
	}
}

static void too_many_connections(void **state)
{
	struct fixture *f = *state;
	char dsn[sizeof f->dsn];

	fixture_sql(f, "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN CONNECTION LIMIT 0");
	memcpy(dsn, f->dsn, sizeof dsn);
	snprintf(f->dsn, sizeof f->dsn, "host=%s user=plain dbname=postgres", server_folder());
	void *h = fixture_source(f, "SELECT 1 AS a");
	assert_failure(f, ferry_connector.validate_setup(h, &f->err), FERRY_E_UNAVAILABLE, "too many connections");
	ferry_connector.close(h);
	memcpy(f->dsn, dsn, sizeof dsn);
}

/* ------------------------------------------------------------------ reading */

static void terminate_others(struct fixture *f)
{
	fixture_sql(f, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ferry'");
}

static void killed_while_reading(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, terminate_others);
	void *h = fixture_source(f, "SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 200000) i");

	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(extract(f, h, &s), -1);
	/* a server that is busy sending says no last word */
	if (f->err.code != FERRY_E_UNAVAILABLE && f->err.code != FERRY_E_NETWORK)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	assert_true(s.rows < 200000);
	/* and again, as if nothing had been */
	s = counting(f, NULL);
	assert_success(f, extract(f, h, &s));
	assert_int_equal(s.rows, 200000);
	/* a connection that was lost while it was idle costs nothing */
	terminate_others(f);
	s = counting(f, NULL);
	assert_success(f, extract(f, h, &s));
	ferry_connector.close(h);
}

static void fails_at_a_row(void **state)
{
	struct fixture *f = *state;
	struct counting s = counting(f, NULL);
	void *h = fixture_source(f, "SELECT 1 / (i - 5000) AS a FROM generate_series(1, 10000) i");

	assert_failure(f, extract(f, h, &s), FERRY_E_DATA, "division by zero [22012]");
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
		if (strcmp(fixture_dump(f, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ferry' AND state = 'active'"),
			   "0\n") == 0)
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
	void *h = fixture_source(f, "SELECT 1 AS a FROM pg_sleep(60)");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	f->cancel_after = 5;
	assert_failure(f, extract(f, h, &s), FERRY_E_CANCELLED, "cancelled");
	assert_true(now_ms() - start < 10000);
	wait_until_nothing_runs(f);
	f->cancel_after = -1;
	ferry_connector.close(h);
	/* in the middle of rows */
	h = fixture_source(f, "SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 1000000) i");
	assert_success(f, ferry_connector.validate_setup(h, &f->err));
	f->cancel_after = 50;
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

	void *h = fixture_open(f, &open, (const char *const[]){"query", "SELECT 1 AS a FROM pg_sleep(60)",
		"query_timeout", "300", NULL});
	assert_failure(f, extract(f, h, &s), FERRY_E_TIMEOUT, "no answer within");
	wait_until_nothing_runs(f);
	ferry_connector.close(h);
}

/* ------------------------------------------------------------------ writing */

static const struct ferry_value row[] = {INT(1), TEXT("a"), NOTHING};

static void *slow_people(struct fixture *f, const char *const *settings)
{
	fixture_sql(f, PEOPLE "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20);"
		    " RETURN new; END $$; CREATE TRIGGER slow BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION slow()");
	return open_mode(f, FERRY_MODE_UPSERT, key_id, settings);
}

static void *terminate_soon(void *arg)
{
	const char *condition = arg;
	char dsn[200], sql[400];

	snprintf(dsn, sizeof dsn, "host=%s user=postgres dbname=postgres", server_folder());
	PGconn *conn = PQconnectdb(dsn);
	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ferry'"
		 " AND state = 'active' AND %s", condition);
	for (int i = 0; i < 1000; i++) {
		PGresult *res = PQexec(conn, sql);
		bool done = PQntuples(res) > 0;
		PQclear(res);
		if (done)
			break;
		usleep(10000);
	}
	PQfinish(conn);
	return NULL;
}

static void killed_while_writing(void **state)
{
	struct fixture *f = *state;
	pthread_t killer;

	void *h = slow_people(f, (const char *const[]){"table", "people", NULL});
	pthread_create(&killer, NULL, terminate_soon, "wait_event = 'PgSleep'");
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_UNAVAILABLE, "terminating connection");
	pthread_join(killer, NULL);
	/* nothing was committed, so it may go again as it is */
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	fixture_sql(f, "DROP TRIGGER slow ON people");
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

	fixture_sql(f, PEOPLE "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20);"
		    " RETURN new; END $$; CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON people DEFERRABLE INITIALLY DEFERRED"
		    " FOR EACH ROW EXECUTE FUNCTION slow()");
	void *h = open_people(f);
	pthread_create(&killer, NULL, terminate_soon, "query = 'COMMIT' AND wait_event = 'PgSleep'");
	memset(&f->err, 0, sizeof f->err);
	assert_int_equal(apply(f, h, FERRY_CREATE, row, 1), -1);
	pthread_join(killer, NULL);
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNKNOWN);
	ferry_connector.close(h);
}

static void slower_than_the_timeout(void **state)
{
	struct fixture *f = *state;

	void *h = slow_people(f, (const char *const[]){"table", "people", "statement_timeout", "300", NULL});
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_TIMEOUT, "statement timeout");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	expect_rows(f, ALL, "");
	ferry_connector.close(h);
}

static void *lock_soon(void *arg)
{
	struct fixture *f = arg;
	PGconn *conn = PQconnectdb(f->dsn);

	PQclear(PQexec(conn, "BEGIN; UPDATE people SET name = 'theirs' WHERE id = 2"));
	f->cancel_after = -1;
	usleep(300000);
	/* each waits for the other now: the server ends one of them */
	PQclear(PQexec(conn, "SET deadlock_timeout = '10s'; UPDATE people SET name = 'theirs' WHERE id = 1; COMMIT"));
	PQfinish(conn);
	return NULL;
}

static void deadlocks(void **state)
{
	struct fixture *f = *state;
	const struct ferry_value rows[] = {INT(1), TEXT("ours"), NOTHING, INT(2), TEXT("ours"), NOTHING};
	pthread_t other;

	fixture_sql(f, PEOPLE "INSERT INTO people VALUES (1, 'a'), (2, 'b')");
	void *h = open_people(f);
	pthread_create(&other, NULL, lock_soon, f);
	usleep(150000);
	assert_failure(f, apply(f, h, FERRY_CREATE, rows, 2), FERRY_E_UNAVAILABLE, "deadlock");
	pthread_join(other, NULL);
	assert_int_equal(outcomes[1].ack, FERRY_ACK_UNSENT);
	expect_rows(f, "SELECT name FROM people ORDER BY id", "theirs\ntheirs\n");
	assert_success(f, apply(f, h, FERRY_CREATE, rows, 2));
	expect_rows(f, "SELECT name FROM people ORDER BY id", "ours\nours\n");
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

static void a_table_that_goes_away(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, PEOPLE);
	void *h = open_people(f);
	assert_success(f, apply(f, h, FERRY_CREATE, row, 1));
	fixture_sql(f, "ALTER TABLE people RENAME name TO title");
	assert_failure(f, apply(f, h, FERRY_CREATE, row, 1), FERRY_E_SETUP, "name");
	assert_int_equal(outcomes[0].ack, FERRY_ACK_UNSENT);
	ferry_connector.close(h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused_connections), TEST(dsns_that_are_none), TEST(too_many_connections), TEST(killed_while_reading),
		TEST(fails_at_a_row), TEST(cancelled_while_waiting), TEST(a_query_that_says_nothing), TEST(killed_while_writing),
		TEST(killed_while_committing), TEST(slower_than_the_timeout), TEST(deadlocks), TEST(the_server_is_restarted),
		TEST(a_table_that_goes_away),
	};
	int status = server_start();

	if (status)
		return status;
	status = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop();
	return status;
}

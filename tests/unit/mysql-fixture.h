/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mysql-fixture.h - what the tests of the mysql connector share: a MariaDB server of their own in a
 * temporary folder, a host that keeps what it is told, and words to write rows and expect them.
 */
#ifndef FERRY_TESTS_MYSQL_FIXTURE_H
#define FERRY_TESTS_MYSQL_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ferry/connector.h>
#include <mysql.h>

#define NOW 1767225600000000LL		/* what the host's clock says: 2026-01-01T00:00:00Z */

struct fixture {
	MYSQL *conn;			/* to look and to prepare with, as root in the database test */
	const char *user, *password, *database; /* of the handles that are opened */
	struct ferry_common common;
	struct ferry_host host;
	int cancel_after;		/* `cancelled` turns true after so many calls; -1: never */
	char log[512];			/* the last line */
	struct ferry_error err;
};

/*
 * Start the server, before all tests of a program. Without MariaDB, say so and return the exit status of
 * a test that was skipped; 0 when it runs. It stops with this process.
 */
int server_start(void);
void server_stop(void);
/* As a server that is restarted: all connections are gone. */
void server_restart(void);
const char *server_socket(void);

/* cmocka setup and teardown; *state is the fixture, in a fresh database `test`. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* A connection of its own, as root. */
MYSQL *fixture_connect(void);
/* Run statements; fails the test when the server does. */
void fixture_sql(struct fixture *f, const char *sql);
/* Rows of a query as "a|b\n", NULL as "NULL"; valid until the next call. */
const char *fixture_dump(struct fixture *f, const char *sql);
#define expect_rows(f, sql, rows) assert_string_equal(fixture_dump(f, sql), rows)
/* End all connections but this one. */
void fixture_kill_others(struct fixture *f);

/* Open a handle. settings: name, value pairs after those of the connection, ends with NULL; "true" is a boolean. */
void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings);
void *fixture_source(struct fixture *f, const char *query);

/* ------------------------------------------------- a destination with the fields id, name, amount */

#define FIELDS 3
extern const struct ferry_layout layout;
extern const char *const key_id[];	/* the key is id */

#define PEOPLE "CREATE TABLE people (id bigint PRIMARY KEY, name longtext NOT NULL, amount decimal(10,2)," \
	" other text DEFAULT 'kept');"
#define ALL "SELECT * FROM people ORDER BY id"

/* Open with fixture_open's settings; fails the test when that fails. */
void *open_mode(struct fixture *f, enum ferry_mode mode, const char *const *keys,
		const char *const *settings);
/* Table people in mode mirror, its setup validated. */
void *open_people(struct fixture *f);

#define OUTCOMES 2000
extern struct ferry_outcome outcomes[OUTCOMES];	/* of the last apply */

/* Apply n rows of FIELDS values each; or a single one with what else may be known of it. */
int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n);
int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before);

/* Expect a failure: the code and a part of the message. */
#define assert_failure(f, call, wanted, part) do { \
	memset(&(f)->err, 0, sizeof (f)->err); \
	assert_int_equal(call, -1); \
	if (!strstr((f)->err.msg, part)) \
		fail_msg("'%s' is not in '%s'", part, (f)->err.msg); \
	if ((f)->err.code != (int)(wanted)) \
		fail_msg("code %d: %s", (f)->err.code, (f)->err.msg); \
} while (0)

#define assert_success(f, call) do { \
	(f)->err.msg[0] = '\0'; \
	if ((call) != 0) \
		fail_msg("failed: %s", (f)->err.msg); \
} while (0)

/* Values in short. */
#define INT(x) {.i = (x), .type = FERRY_INT}
#define BOOLEAN(x) {.i = (x), .type = FERRY_BOOL}
#define TIME(x) {.i = (x), .type = FERRY_TIME}
#define NOTHING {.type = FERRY_NULL}
#define STRING(t, x) {.s = (x), .len = sizeof (x) - 1, .type = (t)}
#define TEXT(x) STRING(FERRY_TEXT, x)
#define DECIMAL(x) STRING(FERRY_DECIMAL, x)
#define BYTES(x) STRING(FERRY_BYTES, x)
#define JSON(x) STRING(FERRY_JSON, x)

#endif

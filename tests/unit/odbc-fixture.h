/* SPDX-License-Identifier: Apache-2.0 */
/*
 * odbc-fixture.h - what the tests of the odbc connector share: a PostgreSQL and a MariaDB of their own
 * and an SQLite file, each reached through its driver; a host that keeps what it is told; and words to
 * write rows and expect them. Every test runs with every database that is there.
 */
#ifndef FERRY_TESTS_ODBC_FIXTURE_H
#define FERRY_TESTS_ODBC_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ferry/connector.h>
#include <sql.h>
#include <sqlext.h>

#define NOW 1767225600000000LL		/* what the host's clock says: 2026-01-01T00:00:00Z */

enum base { POSTGRES, MARIADB, SQLITE, BASES };

struct fixture {
	enum base base;
	SQLHENV env;
	SQLHDBC dbc;			/* to look and to prepare with */
	char connection[512];
	struct ferry_host host;
	struct ferry_common common;
	int cancel_after;		/* `cancelled` turns true after so many calls; -1: never */
	char log[512];			/* the last line */
	struct ferry_error err;
};

/* The folder of servers and files. */
const char *servers_folder(void);
/* As a server that is restarted: all connections are gone. */
void server_restart(enum base base);
/*
 * Run these tests with every database: starts the servers and stops them. What is not installed is
 * skipped, and said. Returns main's status; 77 when there was none at all.
 */
int run_everywhere(const char *name, const struct CMUnitTest *tests, size_t n);

/* cmocka setup and teardown; *state is the fixture, in an empty database. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Run SQL; fails the test when the database does. */
void fixture_sql(struct fixture *f, const char *sql);
/* Rows of a query as "a|b\n", NULL as "NULL"; valid until the next call. */
const char *fixture_dump(struct fixture *f, const char *sql);
#define expect_rows(f, sql, rows) assert_string_equal(fixture_dump(f, sql), rows)
/* The one that is meant for this database. */
const char *pick(const struct fixture *f, const char *postgres, const char *mariadb, const char *sqlite);

/* Open a handle. settings: name, value pairs after `connection`, ends with NULL; "true" is a boolean. */
void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings);
void *fixture_source(struct fixture *f, const char *query);

/* ------------------------------------------------- a destination with the fields id, name, amount */

#define FIELDS 3
extern const struct ferry_layout layout;
extern const char *const key_id[];	/* the key is id */

/* Table people (id, name, amount, other), where amount has two places, exactly. */
void make_people(struct fixture *f);
#define ALL "SELECT id, name, amount, other FROM people ORDER BY id"

void *open_mode(struct fixture *f, enum ferry_mode mode, const char *const *keys,
		const char *const *settings);
/* Table people in mode mirror, its setup validated. */
void *open_people(struct fixture *f);

#define OUTCOMES 3000
extern struct ferry_outcome outcomes[OUTCOMES];	/* of the last apply */

/* Apply n rows of FIELDS values each; or a single one with what else may be known of it. */
int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n);
int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before);

/* ------------------------------------------------------------------ a sink that keeps what it gets */

struct keeping {
	struct ferry_sink base;
	size_t columns, rows;
	bool ordered;
	enum ferry_type types[32];
	char text[65536];		/* "int 1|text a\n" */
	void (*at_first)(struct fixture *f);
	struct fixture *f;
};
struct keeping *keeping(struct fixture *f);
/* Read all; the text of the rows. Fails the test when reading does. */
const char *read_all(struct fixture *f, const char *query);
const char *read_ordered(struct fixture *f, const char *query, const char *const *keys);

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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite-fixture.h - what the tests of the sqlite connector share: a database file in a temporary
 * folder, a host that keeps what it is told, and a sink that turns rows into text.
 */
#ifndef FERRY_TESTS_SQLITE_FIXTURE_H
#define FERRY_TESTS_SQLITE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ferry/connector.h>
#include <sqlite3.h>

#define NOW 1767225600000000LL		/* what the host's clock says: 2026-01-01T00:00:00Z */

struct fixture {
	char dir[64], path[96];
	struct ferry_host host;
	int cancel_after;		/* `cancelled` turns true after so many calls; -1: never */
	char log[512];			/* the last line */
	struct ferry_error err;
};

/* cmocka setup and teardown; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Run SQL on the file with a connection of its own; fails the test when SQLite does. */
void fixture_sql(struct fixture *f, const char *sql);
/* Rows of a query as "a|b\n", NULL as "NULL", texts in quotes; valid until the next call. */
const char *fixture_dump(struct fixture *f, const char *sql);

/* Open a handle. settings: name, value pairs after `path`, ends with NULL; "true" is a boolean. */
void *fixture_open(struct fixture *f, struct ferry_open *open, const char *const *settings);

/* ------------------------------------------------- a destination with the fields id, name, amount */

#define FIELDS 3
extern const struct ferry_layout layout;
extern const struct ferry_field *const no_field_table[FIELDS];
extern const char *const key_id[];	/* the key is id */

#define PEOPLE "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount TEXT," \
	" other DEFAULT 'kept');"
#define ALL "SELECT * FROM people ORDER BY id"

/* Open with fixture_open's settings; fails the test when that fails. */
void *open_mode(struct fixture *f, enum ferry_mode mode, const char *const *keys,
		const char *const *settings);
/* Table people in mode mirror, its setup validated. */
void *open_people(struct fixture *f);

extern struct ferry_outcome outcomes[8];	/* of the last apply */

/* Apply n rows of FIELDS values each; or a single one with what else may be known of it. */
int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n);
int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before);
void expect_rows(struct fixture *f, const char *sql, const char *rows);

/* Expect a failure: the code and a part of the message. */
#define assert_failure(f, call, wanted, part) do { \
	memset(&(f)->err, 0, sizeof (f)->err); \
	assert_int_equal(call, -1); \
	if (!strstr((f)->err.msg, part)) \
		fail_msg("'%s' is not in '%s'", part, (f)->err.msg); \
	assert_int_equal((f)->err.code, wanted); \
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file-fixture.h - what the tests of the file connector share: a temporary folder, a host that keeps what
 * it is told, a sink that turns rows into text, and a destination with the fields id, name, amount.
 */
#ifndef FERRY_TESTS_FILE_FIXTURE_H
#define FERRY_TESTS_FILE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <ferry/connector.h>

#define NOW 1767225600000000LL		/* what the host's clock says: 2026-01-01T00:00:00Z */

struct fixture {
	char dir[64];
	struct ferry_host host;
	int cancel_after;		/* `cancelled` turns true after so many calls; -1: never */
	char log[1024];			/* the last line */
	struct ferry_error err;
	struct ferry_setting settings[16];
	struct ferry_open open;

	/* what a sink has been given */
	char *rows;			/* "a|b\n" each; texts in quotes, NULL as NULL */
	size_t len, cap;
	size_t n_columns;
	int64_t n_rows;
	bool ordered;
	char columns[256];
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A file in the folder: write it, and what it holds ("(none)" when it is not there). */
void file_write(struct fixture *f, const char *name, const void *text, size_t len);
void file_text(struct fixture *f, const char *name, const char *text);
const char *file_read(struct fixture *f, const char *name);
/* Files in the folder, those beginning with a dot included, "a b c" in byte order. */
const char *file_names(struct fixture *f);

/* Settings are pairs of name and value, ending with NULL; true, false and sizes are what they look like. */
void *open_source(struct fixture *f, const char *const *settings, const char *const *keys);
void *open_destination(struct fixture *f, enum ferry_mode mode, const char *const *settings);
#define S(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Extract; the rows are in f->rows afterwards. */
int extract(struct fixture *f, void *h, int64_t limit);
/* Open, extract and close: the rows, or the error's message. */
const char *rows_of(struct fixture *f, const char *const *settings);

#define FIELDS 3
extern struct ferry_outcome outcomes[8];	/* of the last apply */
int apply(struct fixture *f, void *h, enum ferry_decision decision, const struct ferry_value *rows,
	  size_t n);
int apply_id(struct fixture *f, void *h, enum ferry_decision decision, const char *dest_id,
	     const struct ferry_value *fields, const struct ferry_value *before);
/* What list gives, as rows; with the destination id first. */
const char *listed(struct fixture *f, void *h);
/* One look-up by fields: "absent", "several", or the row as list gives it. */
const char *looked_up(struct fixture *f, void *h, const struct ferry_value *fields);

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

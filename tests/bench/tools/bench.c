/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.c - a connector for measuring the engine alone: a source that makes up rows with next to no
 * work, always the same ones, and a destination that takes whatever it is given. Never installed.
 *
 * A thousand rows are made once. From one thousand to the next only the leading digits of the key
 * and of the texts that hold it change, so that a row costs some ten instructions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ferry/connector.h>

#define BLOCK 1000			/* rows made at once: the last three digits of a key */
#define HEAD_DIGITS 8			/* the digits before those */
#define TEXT 64				/* room for one text */
#define START INT64_C(1700000000000000)	/* of the times: 2023-11-14 */

/* What stands in the columns, over and over; the key is before them. */
enum kind { EMAIL, NAME, COUNTRY, AMOUNT, VISITS, CREATED, NOTE, KINDS };

static const struct {
	const char *name;
	enum ferry_type type;
} kinds[KINDS] = {
	[EMAIL] = {"email", FERRY_TEXT},
	[NAME] = {"name", FERRY_TEXT},
	[COUNTRY] = {"country", FERRY_TEXT},
	[AMOUNT] = {"amount", FERRY_DECIMAL},
	[VISITS] = {"visits", FERRY_INT},
	[CREATED] = {"created", FERRY_TIME},
	[NOTE] = {"note", FERRY_TEXT},
};

struct bench {
	const struct ferry_host *host;
	int64_t n_rows;
	size_t n_columns;
	int64_t changed;		/* of a hundred rows */
	struct ferry_column *columns;
	char (*names)[TEXT];
	struct ferry_value *values;	/* BLOCK rows */
	char (*texts)[TEXT];		/* one for each value */
};

static int no_memory(const struct ferry_host *host, struct ferry_error *err)
{
	return host->fail(err, FERRY_E_NOMEM, "out of memory");
}

/* ---- a thousand rows */

static struct ferry_value text_value(char *text, enum ferry_type type, int len)
{
	return (struct ferry_value){.s = text, .len = (uint32_t)len, .type = (uint8_t)type};
}

/* Where the leading digits stand in a text; 0: it has none. */
static size_t head_at(enum kind kind)
{
	return kind == EMAIL ? strlen("user") : kind == NAME ? strlen("Person Number ") : 0;
}

static struct ferry_value make_value(const struct bench *b, enum kind kind, int row, char *text)
{
	static const char *const countries[] = {"DE", "FR", "US", "GB", "NL"};
	static const char filler[] = "............................................................";
	bool changed = row % 100 < b->changed;

	switch (kind) {
	case EMAIL:
		return text_value(text, FERRY_TEXT, snprintf(text, TEXT, "user%0*d%03d@example.com", HEAD_DIGITS, 0, row));
	case NAME:
		return text_value(text, FERRY_TEXT, snprintf(text, TEXT, "Person Number %0*d%03d", HEAD_DIGITS, 0, row));
	case COUNTRY:
		return text_value(text, FERRY_TEXT, snprintf(text, TEXT, "%s", countries[row % 5]));
	case AMOUNT:
		return text_value(text, FERRY_DECIMAL, snprintf(text, TEXT, "%d.%02d", row * 7 + 1, row % 99 + 1));
	case VISITS:
		return (struct ferry_value){.i = row + (changed ? BLOCK : 0), .type = FERRY_INT};
	case NOTE:
		if (row % 10 == 0)
			return (struct ferry_value){.type = FERRY_NULL};
		return text_value(text, FERRY_TEXT, snprintf(text, TEXT, "note %.*s", 15 + row % 40, filler));
	default:			/* CREATED changes from block to block */
		return (struct ferry_value){.type = FERRY_TIME};
	}
}

static void make_block(struct bench *b)
{
	for (int row = 0; row < BLOCK; row++)
		for (size_t c = 0; c < b->n_columns; c++) {
			size_t at = (size_t)row * b->n_columns + c;
			b->values[at] = c == 0 ? (struct ferry_value){.type = FERRY_INT}
				: make_value(b, (enum kind)((c - 1) % KINDS), row, b->texts[at]);
		}
}

/* Turn the rows into those of another thousand. */
static void number_block(struct bench *b, int64_t block)
{
	char head[HEAD_DIGITS + 1];

	snprintf(head, sizeof head, "%0*" PRId64, HEAD_DIGITS, block % 100000000);
	for (int row = 0; row < BLOCK; row++) {
		struct ferry_value *v = b->values + (size_t)row * b->n_columns;
		char (*texts)[TEXT] = b->texts + (size_t)row * b->n_columns;
		int64_t id = block * BLOCK + row;
		v[0].i = id;
		for (size_t c = 1; c < b->n_columns; c += KINDS) {
			memcpy(texts[c + EMAIL] + head_at(EMAIL), head, HEAD_DIGITS);
			if (c + NAME < b->n_columns)
				memcpy(texts[c + NAME] + head_at(NAME), head, HEAD_DIGITS);
			if (c + CREATED < b->n_columns)
				v[c + CREATED].i = START + id * 13000000;
		}
	}
}

/* The first seven columns have the plain names, the next ones a number behind them. */
static void name_columns(struct bench *b)
{
	b->columns[0] = (struct ferry_column){"id", FERRY_INT};
	for (size_t c = 1; c < b->n_columns; c++) {
		size_t kind = (c - 1) % KINDS, round = (c - 1) / KINDS;
		if (round)
			snprintf(b->names[c], TEXT, "%s%zu", kinds[kind].name, round + 1);
		else
			snprintf(b->names[c], TEXT, "%s", kinds[kind].name);
		b->columns[c] = (struct ferry_column){b->names[c], kinds[kind].type};
	}
}

/* ---- open and close */

static void bench_close(void *handle)
{
	struct bench *b = handle;

	if (!b)
		return;
	free(b->columns);
	free(b->names);
	free(b->values);
	free(b->texts);
	free(b);
}

static int bench_open(const struct ferry_open *open, void **ret_handle, struct ferry_error *err)
{
	struct bench *b = calloc(1, sizeof *b);

	if (!b)
		return no_memory(open->host, err);
	b->host = open->host;
	b->n_rows = ferry_setting_int(open, "rows", 0);
	b->n_columns = (size_t)ferry_setting_int(open, "columns", 2);
	b->changed = ferry_setting_int(open, "changed", 0);
	*ret_handle = b;
	return 0;
}

/* ---- source */

static int make_room(struct bench *b, struct ferry_error *err)
{
	b->columns = calloc(b->n_columns, sizeof *b->columns);
	b->names = calloc(b->n_columns, sizeof *b->names);
	b->values = calloc(BLOCK * b->n_columns, sizeof *b->values);
	b->texts = calloc(BLOCK * b->n_columns, sizeof *b->texts);
	if (!b->columns || !b->names || !b->values || !b->texts)
		return no_memory(b->host, err);
	return 0;
}

static int bench_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
			 struct ferry_error *err)
{
	struct bench *b = handle;
	int64_t n = want->limit && want->limit < b->n_rows ? want->limit : b->n_rows;

	if (make_room(b, err) < 0)
		return -1;
	name_columns(b);
	make_block(b);
	if (sink->columns(sink, b->columns, b->n_columns, true, err) < 0)
		return -1;
	for (int64_t block = 0; block * BLOCK < n; block++) {
		int64_t left = n - block * BLOCK;
		number_block(b, block);
		if (sink->rows(sink, b->values, (size_t)(left < BLOCK ? left : BLOCK), err) < 0)
			return -1;
	}
	return 0;
}

/* ---- destination */

static int bench_apply(void *handle, const struct ferry_action *actions, size_t n,
		       struct ferry_outcome *outcomes, struct ferry_error *err)
{
	(void)handle, (void)actions, (void)err;
	for (size_t i = 0; i < n; i++)
		outcomes[i].ack = FERRY_ACK_DONE;
	return 0;
}

/* ---- what the loader sees */

static const struct ferry_option source_options[] = {
	{.name = "rows", .type = FERRY_OPT_INT, .flags = FERRY_OPTION_REQUIRED, .min = 0, .max = 99999999000,
	 .help = "how many"},
	{.name = "columns", .type = FERRY_OPT_INT, .fallback = "8", .min = 2, .max = 64,
	 .help = "the key among them"},
	{.name = "changed", .type = FERRY_OPT_INT, .fallback = "0", .min = 0, .max = 100,
	 .help = "of a hundred rows, how many have another number of visits"},
	{0},
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "bench",
	.family = "bench",
	.summary = "made-up rows, and a place where rows may go",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR | FERRY_MODE_APPEND,
	.caps = FERRY_CAP_ORDERED | FERRY_CAP_IDEMPOTENT | FERRY_CAP_DELETE | FERRY_CAP_LOCAL,
	.batch = 1000,
	.source_options = source_options,
	.open = bench_open,
	.close = bench_close,
	.extract = bench_extract,
	.apply = bench_apply,
};

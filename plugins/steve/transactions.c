/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transactions.c - steve-transactions: charging sessions out of SteVe.
 *
 * SteVe gives no pages and filters by the start of a session only, so recent sessions are read in
 * windows of start time, then the open ones, then those the engine asks for again because it met
 * them open before: a session that began long ago and ends now is not missed.
 */
#include "steve/ids.h"
#include "steve/steve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 512
#define CHUNK 50			/* keys asked for in one request */
#define DAY_US (INT64_C(86400) * 1000000)
#define DAY_MS 86400000

static const char *const types[] = {"all", "stopped", NULL};

static const struct ferry_option source_options[] = {
	{.name = "lookback",
	 .type = FERRY_OPT_DURATION,
	 .fallback = "30d",
	 .min = 60000,
	 .max = INT64_C(3660) * DAY_MS,
	 .help = "sessions that began so long ago are read"},
	{.name = "window",
	 .type = FERRY_OPT_DURATION,
	 .fallback = "30d",
	 .min = 3600000,
	 .max = INT64_C(3660) * DAY_MS,
	 .help = "span of start times read in one request"},
	{.name = "type",
	 .type = FERRY_OPT_CHOICE,
	 .fallback = "all",
	 .choices = types,
	 .help = "all, or stopped ones only"},
	{0},
};

static const struct rest_column raw_columns[] = {
	{"id", "id", FERRY_INT, true},
	{"connectorId", "connectorId", FERRY_INT, false},
	{"chargeBoxPk", "chargeBoxPk", FERRY_INT, false},
	{"ocppTagPk", "ocppTagPk", FERRY_INT, false},
	{"chargeBoxId", "chargeBoxId", FERRY_TEXT, false},
	{"ocppIdTag", "ocppIdTag", FERRY_TEXT, false},
	{"userId", "userId", FERRY_INT, false},
	{"startValue", "startValue", FERRY_TEXT, false},
	{"startTimestamp", "startTimestamp", FERRY_TIME, false},
	{"stopValue", "stopValue", FERRY_TEXT, false},
	{"stopReason", "stopReason", FERRY_TEXT, false},
	{"stopTimestamp", "stopTimestamp", FERRY_TIME, false},
	{"stopEventActor", "stopEventActor", FERRY_TEXT, false},
	/* computed: the same as integers */
	{"start_wh", "startValue", FERRY_INT, false},
	{"stop_wh", "stopValue", FERRY_INT, false},
};
enum { ID = 0, START_VALUE = 7, STOP_VALUE = 9, STOP_TIME = 11, RAW = 13, COLUMNS = 15 };
_Static_assert(sizeof raw_columns / sizeof *raw_columns == COLUMNS, "columns");

struct transactions {
	struct rest_api api;
	bool legacy;
	bool stopped_only;
	int64_t lookback_us, window_us;
	struct rest_tree tree;		/* of the columns that are read */
	struct rest_buf path;
	struct rest_pool pool;		/* texts of the rows that are gathered */
};

/* One extract. */
struct scan {
	struct transactions *h;
	struct ferry_sink *sink;
	struct ferry_value *rows;
	size_t n_rows;
	int64_t delivered, limit;
	struct steve_ids seen;		/* ids delivered */
	int64_t known[2];		/* the first two of them */
	int n_known;
	bool cut;
};

/* -------------------------------------------------------------- open, close */

static void close_handle(void *handle)
{
	struct transactions *h = handle;

	if (!h)
		return;
	rest_close(&h->api);
	rest_tree_release(&h->tree);
	rest_buf_release(&h->path);
	rest_pool_release(&h->pool);
	free(h);
}

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct transactions *h = rest_alloc(1, sizeof *h);
	const char *type = ferry_setting_text(open, "type");
	int64_t lookback = ferry_setting_int(open, "lookback", INT64_C(30) * DAY_MS);
	int64_t window = ferry_setting_int(open, "window", INT64_C(30) * DAY_MS);

	if (steve_open(&h->api, open, &h->legacy, err)) {
		close_handle(h);
		return -1;
	}
	if (lookback <= 0 || window <= 0 || lookback > INT64_C(36600) * DAY_MS ||
	    window > INT64_C(36600) * DAY_MS) {
		open->host->fail(err, FERRY_E_CONFIG,
				 "lookback and window must be positive, and less than 100 years");
		close_handle(h);
		return -1;
	}
	h->stopped_only = type && !strcmp(type, "stopped");
	h->lookback_us = lookback * 1000;
	h->window_us = window * 1000;
	rest_columns_tree(&h->tree, raw_columns, RAW);
	*ret = h;
	return 0;
}

/* Sessions met open are asked for again by their id, so the id must be the key. */
static void check_source(const struct ferry_open *open, struct ferry_check *check)
{
	const char *const *keys = open->keys;

	steve_check_connection(open, check);
	if (keys && (!keys[0] || strcmp(keys[0], "id") || keys[1]))
		check->mistake(check, NULL,
			       "steve-transactions needs `key: id`: by it SteVe is asked again for "
			       "sessions that were open, or could not be sent, in an earlier run");
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	struct transactions *h = handle;
	return steve_validate(&h->api, err);
}

/* --------------------------------------------------------------------- rows */

static int flush(struct scan *s, struct ferry_error *err)
{
	int rc = s->n_rows ? s->sink->rows(s->sink, s->rows, s->n_rows, err) : 0;

	s->delivered += (int64_t)s->n_rows;
	s->n_rows = 0;
	rest_pool_reset(&s->h->pool);
	return rc;
}

/* Integer Wh as stations send it; NULL for anything else. */
static struct ferry_value watt_hours(const struct ferry_value *text)
{
	struct ferry_value v = {.type = FERRY_NULL};

	if (text->type == FERRY_TEXT && rest_read_int(text->s, text->len, &v.i))
		v.type = FERRY_INT;
	return v;
}

/* Which ids of an answer are wanted. */
struct chunk {
	int64_t id[CHUNK];
	bool here[CHUNK];
	size_t n;
};

static const char list_what[] = "GET /transactions";

/* One answer of SteVe's. */
struct answer {
	struct scan *scan;
	struct chunk *chunk;		/* NULL: all of it is wanted */
};

static bool is_asked(struct chunk *chunk, int64_t id)
{
	for (size_t i = 0; chunk && i < chunk->n; i++)
		if (chunk->id[i] == id)
			return chunk->here[i] = true;
	return !chunk;
}

/*
 * Told before anything of it is copied: an answer that broke off brings all it had brought before.
 * An id that is none is left to reading the row, which says so.
 */
static bool is_wanted(struct answer *answer, const struct rest_piece *id)
{
	int64_t i;

	if (id->kind != REST_INT || !rest_read_int(id->s, id->len, &i))
		return true;
	return is_asked(answer->chunk, i) && !steve_ids_has(&answer->scan->seen, i);
}

static void note_id(struct scan *s, int64_t id)
{
	steve_ids_add(&s->seen, id);
	if (s->n_known < 2)
		s->known[s->n_known++] = id;
}

static int take(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		struct ferry_error *err)
{
	struct answer *answer = ctx;
	struct scan *s = answer->scan;
	const struct ferry_host *host = s->h->api.host;
	struct ferry_value *row = &s->rows[s->n_rows * COLUMNS];

	if (!is_wanted(answer, &found[ID]) ||
	    (s->h->stopped_only && found[STOP_TIME].kind == REST_NULL))
		return 0;
	if (rest_row_pieces(&s->h->api, list_what, raw_columns, RAW, element, found, &s->h->pool,
			    row, err))
		return -1;
	note_id(s, row[ID].i);
	row[RAW] = watt_hours(&row[START_VALUE]);
	row[RAW + 1] = watt_hours(&row[STOP_VALUE]);
	s->n_rows++;
	s->cut = s->limit && s->delivered + (int64_t)s->n_rows >= s->limit;
	if (s->cut)
		return host->fail(err, FERRY_E_CANCELLED, "enough was read");
	if (s->n_rows < ROWS)
		return 0;
	if (host->cancelled(host))
		return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
	return flush(s, err);
}

/* ----------------------------------------------------------------- requests */

/* GET h->path and take the sessions in it, while they come. */
static int read_list(struct scan *s, const char *kind, struct chunk *chunk, struct ferry_error *err)
{
	struct transactions *h = s->h;
	struct answer answer = {.scan = s, .chunk = chunk};
	struct rest_list list = {
		.what = list_what, .tree = &h->tree, .element = take, .ctx = &answer,
	};
	struct ferry_error failed = {0};
	uint64_t bytes = 0;

	if (h->api.host->cancelled(h->api.host))
		return h->api.host->fail(err, FERRY_E_CANCELLED, "the run is ending");
	int rc = steve_list(&h->api, rest_str(&h->path), &list, &bytes, &failed);
	if (rc && !s->cut) {
		*err = failed;
		return -1;
	}
	s->sink->page(s->sink, kind, bytes);
	return 0;
}

static void add_time(struct transactions *h, const char *name, int64_t us)
{
	char text[REST_TIME];
	/* the older API takes a local date-time, which is UTC as SteVe wants its server to be */
	size_t n = rest_time_format(us, 3, !h->legacy, text);

	rest_addf(&h->path, "&%s=", name);
	rest_add_encoded(&h->path, text, n);
}

/* Windows of start time, their borders in both: ids seen are not taken twice. */
static int read_windows(struct scan *s, struct ferry_error *err)
{
	struct transactions *h = s->h;
	int64_t now = h->api.host->now(h->api.host);
	int64_t from = now > h->lookback_us ? now - h->lookback_us : 0;
	int64_t end = now + DAY_US;	/* clocks of stations run ahead */

	for (; from < end && !s->cut; from += h->window_us) {
		rest_buf_reset(&h->path);
		rest_adds(&h->path, "/transactions?type=ALL&periodType=FROM_TO");
		add_time(h, "from", from);
		add_time(h, "to", from + h->window_us < end ? from + h->window_us : end);
		if (read_list(s, "window", NULL, err))
			return -1;
	}
	return 0;
}

static int read_active(struct scan *s, struct ferry_error *err)
{
	rest_buf_reset(&s->h->path);
	rest_adds(&s->h->path, "/transactions?type=ACTIVE&periodType=ALL");
	return read_list(s, "active", NULL, err);
}

/* ------------------------------------------------------------------ revisit */

static int read_chunk(struct scan *s, struct chunk *chunk, struct ferry_error *err)
{
	rest_buf_reset(&s->h->path);
	rest_adds(&s->h->path, "/transactions?type=ALL&periodType=ALL");
	for (size_t i = 0; i < chunk->n; i++)
		rest_addf(&s->h->path, "&transactionPk=%" PRId64, chunk->id[i]);
	return read_list(s, "revisit", chunk, err);
}

/* Ids that SteVe does not have any more; a session id is no secret. */
static void report_gone(struct scan *s, const struct chunk *chunk)
{
	const struct ferry_host *host = s->h->api.host;
	struct rest_buf list = {0};

	for (size_t i = 0; i < chunk->n; i++)
		if (!chunk->here[i])
			rest_addf(&list, "%s%" PRId64, list.len ? ", " : "", chunk->id[i]);
	if (list.len)
		host->log(host, FERRY_LOG_INFO,
			  "transactions that SteVe does not have any more: %s", rest_str(&list));
	rest_buf_release(&list);
}

/* Whether the server looks at more than the first of several keys: from 3.11 on. */
enum several { UNKNOWN, YES, NO };

/* Ask for two sessions that are there, to know what it means when others are not. */
static int try_several(struct scan *s, enum several *several, struct ferry_error *err)
{
	struct chunk two = {.id = {s->known[0], s->known[1]}, .n = 2};
	struct ferry_error failed = {0};

	if (s->n_known < 2)
		return 0;
	if (read_chunk(s, &two, &failed) && failed.code != FERRY_E_REJECTED) {
		*err = failed;
		return -1;
	}
	if (two.here[0] && two.here[1])
		*several = YES;
	else if (two.here[0] || two.here[1] || failed.code)
		*several = NO;
	return 0;
}

static int read_singly(struct scan *s, struct chunk *chunk, enum several *several,
		       struct ferry_error *err)
{
	for (size_t i = 0; i < chunk->n && !s->cut; i++) {
		struct chunk one = {.id = {chunk->id[i]}, .n = 1};
		if (chunk->here[i])
			continue;
		if (read_chunk(s, &one, err))
			return -1;
		chunk->here[i] = one.here[0];
		if (one.here[0])
			*several = NO;
	}
	return 0;
}

/* All in one request where the server can do that, else one by one. */
static int read_together(struct scan *s, struct chunk *chunk, enum several *several,
			 struct ferry_error *err)
{
	struct ferry_error failed = {0};
	size_t here = 0;

	if (*several == NO)
		return read_singly(s, chunk, several, err);
	if (read_chunk(s, chunk, &failed)) {
		if (failed.code == FERRY_E_REJECTED && chunk->n > 1) {
			*several = NO;
			return read_singly(s, chunk, several, err);
		}
		*err = failed;
		return -1;
	}
	for (size_t i = 0; i < chunk->n; i++)
		here += chunk->here[i];
	if (here > 1 || (here && !chunk->here[0]))
		*several = YES;
	if (here == chunk->n || chunk->n == 1)
		return 0;
	if (*several == UNKNOWN && try_several(s, several, err))
		return -1;
	return *several == YES ? 0 : read_singly(s, chunk, several, err);
}

static int revisit_chunk(struct scan *s, struct chunk *chunk, enum several *several,
			 struct ferry_error *err)
{
	if (read_together(s, chunk, several, err))
		return -1;
	if (!s->cut)
		report_gone(s, chunk);
	*chunk = (struct chunk){.n = 0};
	return 0;
}

static int read_revisits(struct scan *s, struct ferry_revisit *revisit, struct ferry_error *err)
{
	const struct ferry_host *host = s->h->api.host;
	struct chunk chunk = {.n = 0};
	enum several several = UNKNOWN;
	size_t len, odd = 0;
	const char *key;
	int64_t id;

	while (revisit && !s->cut && revisit->next(revisit, &key, &len)) {
		if (!rest_read_int(key, len, &id)) {
			odd++;
			continue;
		}
		if (steve_ids_has(&s->seen, id))
			continue;
		chunk.id[chunk.n++] = id;
		if (chunk.n == CHUNK && revisit_chunk(s, &chunk, &several, err))
			return -1;
	}
	if (odd)
		host->log(host, FERRY_LOG_WARN,
			  "%zu records to look at again have a key that is no transaction id; only "
			  "`key: id` lets SteVe be asked for them",
			  odd);
	return chunk.n && !s->cut ? revisit_chunk(s, &chunk, &several, err) : 0;
}

/* ------------------------------------------------------------------ extract */

static int extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct transactions *h = handle;
	struct scan s = {.h = h, .sink = sink, .limit = want->limit};
	int rc = rest_columns(sink, raw_columns, COLUMNS, err);

	s.rows = rest_alloc(ROWS * COLUMNS, sizeof *s.rows);
	rest_pool_reset(&h->pool);
	rc = rc || read_windows(&s, err);
	if (!h->stopped_only && !s.cut)
		rc = rc || read_active(&s, err);
	rc = rc || read_revisits(&s, want->revisit, err);
	rc = rc || flush(&s, err);
	if (!rc && s.cut)
		sink->truncated(sink, "limit");
	steve_ids_release(&s.seen);
	free(s.rows);
	return rc ? -1 : 0;
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "steve-transactions",
	.family = "steve",
	.resource = "transactions",
	.summary = "charging sessions of SteVe",
	.version = STEVE_VERSION,
	.roles = FERRY_SOURCE,
	.caps = FERRY_CAP_WINDOWED,
	.connection_options = steve_connection_options,
	.source_options = source_options,
	.check = check_source,
	.test = steve_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = extract,
};

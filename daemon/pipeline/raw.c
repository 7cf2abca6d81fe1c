/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.c - a run that does nothing but extract: the source's records as they come, stored beside the
 * plan for people to look at. The destination, the snapshot and problems are not touched.
 */
#include "pipeline/setup.h"
#include "wire/json.h"

struct raw {
	struct segment *seg;
	const char **names;
	size_t n_columns;
	bool enough;
};

static int raw_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
		       struct ferry_error *err)
{
	struct raw *r = sink->ctx;

	(void)ordered, (void)err;
	r->names = arena_alloc0(&r->seg->arena, n, sizeof *r->names);
	for (size_t i = 0; i < n; i++)
		r->names[i] = arena_strdup(&r->seg->arena, columns[i].name);
	r->n_columns = n;
	return 0;
}

static int raw_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct raw *r = sink->ctx;
	struct segment *seg = r->seg;
	struct buf json = BUF_INIT;
	int rc = 0;

	for (size_t i = 0; i < n_rows && rc == 0; i++) {
		if (seg->options->limit && seg->counters.extracted == seg->options->limit) {
			r->enough = true;
			rc = ferry_fail(err, FERRY_E_CANCELLED, "that is enough");
			break;
		}
		seg->counters.extracted++;
		buf_reset(&json);
		jw_open(&json, NULL, '{');
		for (size_t c = 0; c < r->n_columns; c++)
			value_json(&values[i * r->n_columns + c], r->names[c], &json);
		jw_close(&json, '}');
		rc = plan_add_raw(seg->plan, seg->def->name, json.s, json.len, err);
	}
	buf_release(&json);
	segment_progress(seg);
	if (rc == 0 && report_cancelled(seg->report))
		return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
	return rc;
}

static void raw_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	struct raw *r = sink->ctx;

	r->seg->page_kind = kind;
	r->seg->pages++;
	r->seg->bytes += (int64_t)bytes;
	report_tick(r->seg->report);
}

static void raw_truncated(struct ferry_sink *sink, const char *reason)
{
	struct raw *r = sink->ctx;

	r->seg->truncated = true;
	r->seg->truncation_reason = arena_strdup(&r->seg->arena, reason);
}

int raw_validate(struct segment *seg, struct ferry_error *err)
{
	const struct connection_def *from;

	seg->stage = STAGE_VALIDATE_SETUP;
	setup_keys(seg);
	if (setup_load(seg, &seg->def->source, &seg->source_plug, &from, err) != 0 ||
	    setup_open_handle(seg, FERRY_SOURCE, &seg->source, err) != 0)
		return -1;
	if (seg->source->api->validate_setup && seg->source->api->validate_setup(seg->source->handle, err) != 0)
		return ferry_within(err, "source '%s'", from->name);
	return 0;
}

int raw_extract(struct segment *seg, struct ferry_error *err)
{
	struct raw r = {.seg = seg};
	struct ferry_sink sink = {&r, raw_columns, raw_rows, raw_page, raw_truncated};
	struct ferry_extract want = {.key_columns = seg->key_columns, .limit = seg->options->limit};

	seg->stage = STAGE_EXTRACT;
	int rc = seg->source->api->extract(seg->source->handle, &want, &sink, err);
	if (rc != 0 && !r.enough)
		return -1;
	return plan_settle(seg->plan, err);
}

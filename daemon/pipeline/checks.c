/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks.c - a segment of checks: queries that should give no rows. Each row that one gives is a
 * problem, or a warning in the log; its first column says which row it is. Nothing is written.
 */
#include <string.h>

#include "pipeline/setup.h"

enum { FORM_MAX = 480, WARNINGS_MAX = 100, PROBLEMS_LOGGED = 25 };

struct checking {
	struct segment *seg;
	const struct check_def *def;
	const struct ferry_column *columns;
	size_t n_columns;
	int64_t rows;
};

static int check_columns(struct ferry_sink *sink, const struct ferry_column *columns, size_t n, bool ordered,
			 struct ferry_error *err)
{
	struct checking *c = sink->ctx;
	struct ferry_column *copy = arena_alloc0(&c->seg->arena, n, sizeof *copy);

	(void)ordered, (void)err;
	for (size_t i = 0; i < n; i++)
		copy[i] = (struct ferry_column){arena_strdup(&c->seg->arena, columns[i].name), columns[i].type};
	c->columns = copy;
	c->n_columns = n;
	return 0;
}

/* "message: name=value, name=value" */
static void describe(const struct checking *c, const struct ferry_value *row, struct buf *out)
{
	buf_adds(out, c->def->message);
	for (size_t i = 0; i < c->n_columns && out->len < 800; i++) {
		buf_addf(out, "%s%s=", i ? ", " : ": ", c->columns[i].name);
		value_show(&row[i], 80, out);
	}
}

static void failed(struct checking *c, const struct ferry_value *row)
{
	struct segment *seg = c->seg;
	struct buf message = BUF_INIT, form = BUF_INIT;
	bool warning = c->def->severity == CHECK_WARNING;

	describe(c, row, &message);
	segment_count_reason(seg, "CHECK_FAILED", 1);
	if (warning) {
		seg->counters.skipped++;
		if (c->rows <= WARNINGS_MAX)
			report_log(seg->report, seg->def->name, STAGE_EXTRACT, FERRY_LOG_WARN, "check '%s': %s", c->def->name,
				   buf_str(&message));
	} else {
		seg->counters.conflicts++;
		buf_addf(&form, "%s/", c->def->name);
		if (c->n_columns)
			value_show(&row[0], 200, &form);
		if (c->rows <= PROBLEMS_LOGGED)
			report_log(seg->report, seg->def->name, STAGE_EXTRACT, FERRY_LOG_WARN, "check '%s': %s", c->def->name,
				   buf_str(&message));
		struct kv_bytes key = {buf_str(&form), form.len < FORM_MAX ? form.len : FORM_MAX};
		problem_pass(seg, key);
		problem_report(seg, &(struct problem){
			.form = key, .group = "check_failed", .code = "CHECK_FAILED", .message = buf_str(&message)});
	}
	buf_release(&message);
	buf_release(&form);
}

static int check_rows(struct ferry_sink *sink, const struct ferry_value *values, size_t n_rows, struct ferry_error *err)
{
	struct checking *c = sink->ctx;

	for (size_t i = 0; i < n_rows; i++) {
		c->rows++;
		c->seg->counters.extracted++;
		failed(c, values + i * c->n_columns);
	}
	segment_progress(c->seg);
	if (report_cancelled(c->seg->report))
		return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
	return 0;
}

static void check_page(struct ferry_sink *sink, const char *kind, size_t bytes)
{
	struct checking *c = sink->ctx;

	/* the connector is gone when this is told */
	if (!c->seg->page_kind)
		c->seg->page_kind = arena_strdup(&c->seg->arena, kind);
	c->seg->pages++;
	c->seg->bytes += (int64_t)bytes;
	report_tick(c->seg->report);
}

static void check_truncated(struct ferry_sink *sink, const char *reason)
{
	struct checking *c = sink->ctx;

	c->seg->truncated = true;
	c->seg->truncation_reason = arena_strdup(&c->seg->arena, reason);
}

static int ask(struct segment *seg, const struct check_def *def, struct plug *plug, const struct connection_def *connection,
	       bool only_validate, struct ferry_error *err)
{
	struct plug_open open = {.role = FERRY_SOURCE, .connection = connection, .endpoint = &def->source,
		.state_dir = seg->options->state_dir, .watch = segment_watch(seg)};
	struct checking c = {.seg = seg, .def = def};
	struct ferry_sink sink = {&c, check_columns, check_rows, check_page, check_truncated};
	struct ferry_extract want = {0};
	struct plug_handle *h;

	if (!(plug->api->roles & FERRY_SOURCE) || !plug->api->extract)
		return ferry_fail(err, FERRY_E_UNSUPPORTED, "connector %s is no source", plug->api->name);
	if (plug_handle_open(plug, &open, &h, err) != 0)
		return -1;
	int rc = !only_validate ? plug->api->extract(h->handle, &want, &sink, err)
		: plug->api->validate_setup ? plug->api->validate_setup(h->handle, err) : 0;
	plug_handle_close(h);
	seg->check_rows[def - seg->def->checks] = c.rows;
	if (rc == 0 && !only_validate)
		report_log(seg->report, seg->def->name, STAGE_EXTRACT, FERRY_LOG_INFO, "check '%s': %lld rows", def->name,
			   (long long)c.rows);
	return rc;
}

static int each(struct segment *seg, bool only_validate, struct ferry_error *err)
{
	for (size_t i = 0; i < seg->def->n_checks; i++) {
		const struct check_def *def = &seg->def->checks[i];
		const struct connection_def *connection;
		struct plug *plug;
		if (setup_load(seg, &def->source, &plug, &connection, err) != 0)
			return -1;
		int rc = ask(seg, def, plug, connection, only_validate, err);
		plug_unload(plug);
		if (rc != 0)
			return ferry_within(err, "check '%s'", def->name);
	}
	return 0;
}

int checks_validate(struct segment *seg, struct ferry_error *err)
{
	seg->stage = STAGE_VALIDATE_SETUP;
	problems_start(seg);
	seg->check_rows = arena_alloc0(&seg->arena, seg->def->n_checks, sizeof *seg->check_rows);
	return each(seg, true, err);
}

int checks_run(struct segment *seg, struct ferry_error *err)
{
	seg->stage = STAGE_EXTRACT;
	if (each(seg, false, err) != 0)
		return -1;
	problems_finish(seg);
	return 0;
}

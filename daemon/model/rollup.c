/* SPDX-License-Identifier: Apache-2.0 */
/* rollup.c - adding up, rates, JSON. */
#include "model/rollup.h"

#include <stddef.h>

#include "wire/json.h"

#define SUM(x) {offsetof(struct rollup, x), ROLLUP_SUM}
const struct rollup_member rollup_members[ROLLUP_MEMBERS] = {
	SUM(completed), SUM(with_errors), SUM(failed), SUM(cancelled), SUM(previews), SUM(extracts),
	SUM(processed), SUM(created), SUM(updated), SUM(deleted), SUM(disabled), SUM(rows_failed), SUM(skipped), SUM(unchanged),
	SUM(completed_rows),
	SUM(ms), {offsetof(struct rollup, ms_min), ROLLUP_LEAST}, {offsetof(struct rollup, ms_max), ROLLUP_MOST},
	SUM(started), SUM(waited_ms), {offsetof(struct rollup, waited_max), ROLLUP_MOST},
	SUM(problems),
};

void rollup_add(struct rollup *sum, const struct rollup *one)
{
	bool first = !rollup_done(sum), none = !rollup_done(one);

	for (size_t i = 0; i < ROLLUP_MEMBERS; i++) {
		const struct rollup_member *m = &rollup_members[i];
		int64_t *to = (int64_t *)(void *)((char *)sum + m->offset);
		int64_t v = *(const int64_t *)(const void *)((const char *)one + m->offset);
		if (m->how == ROLLUP_SUM)
			*to += v;
		else if (m->how == ROLLUP_MOST)
			*to = v > *to ? v : *to;
		else if (!none)
			*to = first || v < *to ? v : *to;
	}
}

int64_t rollup_done(const struct rollup *r)
{
	return r->completed + r->with_errors;
}

int64_t rollup_tried(const struct rollup *r)
{
	return rollup_done(r) + r->failed;
}

/* No int64 is left behind: counts of rows times a million would not fit from nine thousand billions on. */
static int64_t share(int64_t part, int64_t whole)
{
	if (whole <= 0)
		return -1;
	return whole > INT64_MAX / 1000000 ? part / (whole / 1000000) : part * 1000000 / whole;
}

int64_t rollup_success_rate(const struct rollup *r)
{
	return share(rollup_done(r), rollup_tried(r));
}

int64_t rollup_error_rate(const struct rollup *r)
{
	return share(r->rows_failed < r->processed ? r->rows_failed : r->processed, r->processed);
}

int64_t rollup_mean_ms(const struct rollup *r)
{
	return rollup_done(r) ? r->ms / rollup_done(r) : -1;
}

void rate_json(const char *key, int64_t ppm, struct buf *out)
{
	struct buf text = BUF_INIT;

	if (ppm < 0) {
		jw_null(out, key);
		return;
	}
	buf_addf(&text, "%lld.%06lld", (long long)(ppm / 1000000), (long long)(ppm % 1000000));
	jw_raw(out, key, text.s, text.len);
	buf_release(&text);
}

void seconds_json(const char *key, int64_t ms, struct buf *out)
{
	struct buf text = BUF_INIT;

	if (ms < 0) {
		jw_null(out, key);
		return;
	}
	buf_addf(&text, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
	jw_raw(out, key, text.s, text.len);
	buf_release(&text);
}

void rollup_json(const struct rollup *r, struct buf *out)
{
	bool done = rollup_done(r);

	jw_open(out, "runs", '{');
	jw_int(out, "total", rollup_tried(r) + r->cancelled);
	jw_int(out, "completed", r->completed);
	jw_int(out, "completed_with_errors", r->with_errors);
	jw_int(out, "failed", r->failed);
	jw_int(out, "cancelled", r->cancelled);
	jw_int(out, "previews", r->previews);
	jw_int(out, "extract_only", r->extracts);
	jw_close(out, '}');
	rate_json("success_rate", rollup_success_rate(r), out);
	jw_int(out, "rows_processed", r->processed);
	jw_int(out, "rows_created", r->created);
	jw_int(out, "rows_updated", r->updated);
	jw_int(out, "rows_deleted", r->deleted);
	jw_int(out, "rows_disabled", r->disabled);
	jw_int(out, "rows_failed", r->rows_failed);
	jw_int(out, "rows_skipped", r->skipped);
	jw_int(out, "rows_unchanged", r->unchanged);
	rate_json("error_rate", rollup_error_rate(r), out);
	jw_open(out, "duration_seconds", '{');
	seconds_json("mean", rollup_mean_ms(r), out);
	seconds_json("least", done ? r->ms_min : -1, out);
	seconds_json("most", done ? r->ms_max : -1, out);
	jw_close(out, '}');
	jw_open(out, "queued_seconds", '{');
	seconds_json("mean", r->started ? r->waited_ms / r->started : -1, out);
	seconds_json("most", r->started ? r->waited_max : -1, out);
	jw_close(out, '}');
	jw_int(out, "problems_opened", r->problems);
}

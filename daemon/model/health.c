/* SPDX-License-Identifier: Apache-2.0 */
/* health.c - the four parts of a sync's score. */
#include "model/health.h"

#include <stdarg.h>
#include <stdio.h>

#include "model/trends.h"

#define SECOND ((int64_t)1000000)
#define MINUTE (60 * SECOND)

enum { RUNS_ENOUGH = 5, RECENT_DAYS = 7, HISTORY_LEAST = 3 };
enum { ERRORS_NONE = 1000, ERRORS_MANY = 50000, ERRORS_MOST = 100000 };	/* parts per million */

static const struct {
	const char *name;
	int most;
} parts[HEALTH_PARTS] = {
	[HEALTH_SUCCESS] = {"success", 40}, [HEALTH_ERRORS] = {"error_trend", 20},
	[HEALTH_LATENCY] = {"latency", 20}, [HEALTH_FRESHNESS] = {"freshness", 20},
};

const char *health_part_name(enum health_part p)
{
	return parts[p].name;
}

int health_part_most(enum health_part p)
{
	return parts[p].most;
}

const char *health_band_name(enum health_band b)
{
	static const char *const names[HEALTH_BANDS] = {"unknown", "critical", "unhealthy", "degraded", "healthy"};
	return names[b];
}

enum health_band health_band_of(int score)
{
	if (score < 0)
		return HEALTH_UNKNOWN;
	return score >= 80 ? HEALTH_HEALTHY : score >= 60 ? HEALTH_DEGRADED : score >= 40 ? HEALTH_UNHEALTHY : HEALTH_CRITICAL;
}

/* ------------------------------------------------------------------------- helpers */

__attribute__((format(printf, 4, 5)))
static void give(struct health *h, enum health_part p, int points, const char *fmt, ...)
{
	va_list ap;

	h->parts[p].points = points;
	va_start(ap, fmt);
	vsnprintf(h->parts[p].why, sizeof h->parts[p].why, fmt, ap);
	va_end(ap);
}

/* All of `most` up to `good`, nothing from `bad` on, evenly in between. */
static int slope(int64_t value, int64_t good, int64_t bad, int most)
{
	if (value <= good)
		return most;
	return value >= bad ? 0 : (int)((bad - value) * most / (bad - good));
}

/* The last days together, as many as it takes to have enough runs of a kind; *ret_first: the first that has any. */
static struct rollup recent(const struct health_facts *f, int64_t (*runs)(const struct rollup *), size_t most,
			    size_t *ret_first)
{
	struct rollup sum = {0};
	size_t newest = 0;

	*ret_first = HEALTH_DAYS - 1;
	for (size_t i = HEALTH_DAYS; i > 0 && runs(&sum) < RUNS_ENOUGH && (!newest || newest - i < most); i--) {
		rollup_add(&sum, &f->days[i - 1]);
		if (!runs(&f->days[i - 1]))
			continue;
		*ret_first = i - 1;
		newest = newest ? newest : i;
	}
	return sum;
}

/* "today", "since 2026-01-31" */
static void since_text(const struct health_facts *f, size_t first, struct buf *out)
{
	int64_t day = f->now / ROLLUP_DAY - (int64_t)(HEALTH_DAYS - 1 - first);

	buf_adds(out, first == HEALTH_DAYS - 1 ? "today" : "since ");
	if (first < HEALTH_DAYS - 1)
		trend_day_text(day, out);
}

static void span_text(int64_t us, struct buf *out)
{
	long long s = (long long)(us / SECOND);

	if (s < 60)
		buf_addf(out, "%lld s", s);
	else if (s < 7200)
		buf_addf(out, "%lld min", s / 60);
	else if (s < 2 * 86400)
		buf_addf(out, "%lld h", s / 3600);
	else
		buf_addf(out, "%lld days", s / 86400);
}

/* -------------------------------------------------------------------------- parts */

static void score_success(const struct health_facts *f, struct health *h)
{
	struct buf since = BUF_INIT;
	size_t first;
	struct rollup r = recent(f, rollup_tried, HEALTH_DAYS, &first);
	long long done = (long long)rollup_done(&r), tried = (long long)rollup_tried(&r);

	since_text(f, first, &since);
	if (!tried)
		give(h, HEALTH_SUCCESS, 40, "no run has ended in %d days, so none has failed", HEALTH_DAYS - 1);
	else
		/* of a sync that fails every other time nobody would say that it is half well */
		give(h, HEALTH_SUCCESS, 2 * done > tried ? (int)((2 * done - tried) * 40 / tried) : 0,
		     "%lld of %lld run%s %s completed", done, tried, tried == 1 ? "" : "s", buf_str(&since));
	buf_release(&since);
}

/* Nothing can be said of rows and times while runs only fail: that is no point in favour. */
static bool only_failures(const struct health_facts *f, struct health *h)
{
	size_t first;
	struct rollup r = recent(f, rollup_tried, HEALTH_DAYS, &first);

	if (!rollup_tried(&r) || rollup_done(&r))
		return false;
	give(h, HEALTH_ERRORS, 0, "no run has completed lately, so no rows could be judged");
	give(h, HEALTH_LATENCY, 0, "no run has completed lately, so no times could be judged");
	return true;
}

static void score_errors(const struct health_facts *f, struct health *h)
{
	struct buf since = BUF_INIT, usual_text = BUF_INIT;
	size_t first, n;
	struct rollup r = recent(f, rollup_done, RECENT_DAYS, &first);
	int64_t rate = rollup_error_rate(&r), usual = trend_usual(f->days, first, TREND_ERROR_RATE, TREND_BEFORE, &n, NULL);
	long long failed = (long long)r.rows_failed, rows = (long long)r.processed;

	since_text(f, first, &since);
	if (rate < ERRORS_NONE) {
		give(h, HEALTH_ERRORS, 20, "%lld of %lld row%s %s failed", failed, rows, rows == 1 ? "" : "s", buf_str(&since));
	} else if (n < HISTORY_LEAST) {
		give(h, HEALTH_ERRORS, slope(rate, 0, ERRORS_MOST, 20), "%lld of %lld rows %s failed; nothing to compare it with yet",
		     failed, rows, buf_str(&since));
	} else {
		int64_t base = usual > ERRORS_NONE ? usual : ERRORS_NONE;
		int points = slope(rate, base + base / 4, 4 * base, 20), most = rate >= ERRORS_MANY ? 10 : 20;
		trend_value_text(TREND_ERROR_RATE, usual, &usual_text);
		give(h, HEALTH_ERRORS, points < most ? points : most, "%lld of %lld rows %s failed; on usual days %s", failed,
		     rows, buf_str(&since), buf_str(&usual_text));
	}
	buf_release(&since);
	buf_release(&usual_text);
}

static void score_latency(const struct health_facts *f, struct health *h)
{
	struct buf text = BUF_INIT;
	size_t first, n;
	struct rollup r = recent(f, rollup_done, RECENT_DAYS, &first);
	int64_t ms = rollup_mean_ms(&r), usual = trend_usual(f->days, first, TREND_DURATION, TREND_BEFORE, &n, NULL);

	if (ms < 0) {
		give(h, HEALTH_LATENCY, 20, "no run has completed in %d days", HEALTH_DAYS - 1);
		return;
	}
	buf_adds(&text, "runs take ");
	trend_value_text(TREND_DURATION, ms, &text);
	if (n < HISTORY_LEAST) {
		give(h, HEALTH_LATENCY, 20, "%s; nothing to compare it with yet", buf_str(&text));
	} else {
		/* less than a second more is noise, not slowness */
		int64_t base = usual > 2000 ? usual : 2000;
		buf_adds(&text, "; usual are ");
		trend_value_text(TREND_DURATION, usual, &text);
		give(h, HEALTH_LATENCY, slope(ms, base + base / 2, 4 * base, 20), "%s", buf_str(&text));
	}
	buf_release(&text);
}

/* "; the next one is due in 5 min", "was due 5 min ago", "; one is under way" */
static void due_text(const struct health_facts *f, struct buf *out)
{
	bool past = f->now >= f->due_at;

	if (f->under_way) {
		buf_adds(out, "one is under way");
		return;
	}
	buf_addf(out, "the next one %s ", past ? "was due" : "is due in");
	span_text(past ? f->now - f->due_at : f->due_at - f->now, out);
	buf_adds(out, past ? " ago" : "");
}

static void score_freshness(const struct health_facts *f, struct health *h)
{
	struct buf age = BUF_INIT, due = BUF_INIT;
	size_t first;
	struct rollup r = recent(f, rollup_done, RECENT_DAYS, &first);
	int64_t took = rollup_mean_ms(&r) > 0 ? rollup_mean_ms(&r) * 1000 : 0, late = f->now - f->due_at - took;
	int64_t slack = f->gap_us / 4 > MINUTE ? f->gap_us / 4 : MINUTE;

	span_text(f->now - f->completed_at, &age);
	due_text(f, &due);
	if (f->paused)
		give(h, HEALTH_FRESHNESS, 20, "it is paused, so it is not late");
	else if (!f->completed_at)
		give(h, HEALTH_FRESHNESS, 0, "no run has completed yet");
	else if (!f->due_at)
		give(h, HEALTH_FRESHNESS, 20, "last completed %s ago; it runs on request only", buf_str(&age));
	else
		give(h, HEALTH_FRESHNESS, slope(late, slack, 8 * slack, 20), "last completed %s ago; %s", buf_str(&age),
		     buf_str(&due));
	buf_release(&age);
	buf_release(&due);
}

static bool never_ran(const struct health_facts *f)
{
	size_t first;
	struct rollup r = recent(f, rollup_tried, HEALTH_DAYS, &first);

	return !f->completed_at && !rollup_tried(&r);
}

void health_score(const struct health_facts *f, struct health *ret)
{
	int worst = HEALTH_SUCCESS, lost = -1;

	*ret = (struct health){.score = -1, .band = HEALTH_UNKNOWN};
	if (never_ran(f)) {
		for (int i = 0; i < HEALTH_PARTS; i++)
			give(ret, (enum health_part)i, 0, "no run has ended yet");
		snprintf(ret->why, sizeof ret->why, "no run has ended yet");
		return;
	}
	score_success(f, ret);
	if (!only_failures(f, ret)) {
		score_errors(f, ret);
		score_latency(f, ret);
	}
	score_freshness(f, ret);
	ret->score = 0;
	for (int i = 0; i < HEALTH_PARTS; i++) {
		int part = parts[i].most - ret->parts[i].points;
		ret->score += ret->parts[i].points;
		if (part > lost) {
			lost = part;
			worst = i;
		}
	}
	ret->band = health_band_of(ret->score);
	snprintf(ret->why, sizeof ret->why, "%s", ret->parts[worst].why);
}

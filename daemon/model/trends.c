/* SPDX-License-Identifier: Apache-2.0 */
/* trends.c - medians of days, and days that lie far from them. */
#include "model/trends.h"

#include <stdlib.h>

#include "base/clock.h"

/* What is never worth a word, however regular the days before were. */
static const int64_t least_difference[TREND_METRICS] = {
	[TREND_ROWS] = 3, [TREND_ERROR_RATE] = 5000, [TREND_DURATION] = 1000,
};

const char *trend_metric_name(enum trend_metric m)
{
	static const char *const names[TREND_METRICS] = {
		[TREND_ROWS] = "rows", [TREND_ERROR_RATE] = "error_rate", [TREND_DURATION] = "duration",
	};
	return names[m];
}

const char *trend_way_name(enum trend_way w)
{
	static const char *const names[] = {"unknown", "steady", "rising", "falling"};
	return names[w];
}

int64_t trend_value(const struct rollup *day, enum trend_metric m)
{
	switch (m) {
	case TREND_ROWS: return rollup_done(day) ? day->completed_rows / rollup_done(day) : -1;
	case TREND_ERROR_RATE: return rollup_error_rate(day);
	default: return rollup_mean_ms(day);
	}
}

/* ----------------------------------------------------------------------- medians */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Sorts them. */
static int64_t median(int64_t *v, size_t n)
{
	qsort(v, n, sizeof *v, by_size);
	return n % 2 ? v[n / 2] : v[n / 2 - 1] + (v[n / 2] - v[n / 2 - 1]) / 2;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

int64_t trend_usual(const struct rollup *days, size_t i, enum trend_metric m, size_t most, size_t *ret_n,
		    int64_t *ret_mad)
{
	int64_t v[TREND_BEFORE], usual;
	size_t n = 0;

	while (i-- > 0 && n < most) {
		v[n] = trend_value(&days[i], m);
		n += v[n] >= 0;
	}
	*ret_n = n;
	usual = n ? median(v, n) : -1;
	if (ret_mad) {
		for (size_t k = 0; k < n; k++)
			v[k] = distance(v[k], usual);
		*ret_mad = n ? median(v, n) : 0;
	}
	return usual;
}

/* ---------------------------------------------------------------------- findings */

/* Four times 1.4826 MAD, which for common noise is four standard deviations; and half of the usual at least. */
static int64_t far_from(enum trend_metric m, int64_t usual, int64_t mad)
{
	int64_t far = mad > INT64_MAX / 6 ? INT64_MAX : mad * 593 / 100;

	far = far > usual / 2 ? far : usual / 2;
	return far > least_difference[m] ? far : least_difference[m];
}

static void judge(const struct rollup *days, size_t i, enum trend_metric m, struct trends *ret)
{
	int64_t value = trend_value(&days[i], m), mad;
	size_t n;

	if (value < 0)
		return;
	int64_t usual = trend_usual(days, i, m, TREND_BEFORE, &n, &mad);
	if (n < TREND_BEFORE_LEAST || distance(value, usual) < far_from(m, usual, mad))
		return;
	ret->findings[ret->n_findings++] = (struct trend_finding){m, value > usual, i, value, usual};
}

/* A day under way is judged once it has had half of the runs of a usual day. */
static bool today_counts(const struct rollup *days)
{
	int64_t v[TREND_BEFORE];
	size_t n = 0;

	for (size_t i = TREND_DAYS - 1; i-- > 0 && n < TREND_BEFORE;)
		if (rollup_done(&days[i]))
			v[n++] = rollup_done(&days[i]);
	return n && rollup_done(&days[TREND_DAYS - 1]) * 2 >= median(v, n);
}

static void compare(const struct rollup *days, enum trend_metric m, struct trend *ret)
{
	size_t n_recent, n_before, first = TREND_DAYS - 1 - TREND_RECENT;
	int64_t mad;

	/* the days of the last week, whichever of them have data */
	ret->recent = trend_usual(days + first, TREND_RECENT, m, TREND_RECENT, &n_recent, NULL);
	ret->before = trend_usual(days, first, m, TREND_BEFORE, &n_before, &mad);
	ret->way = TREND_UNKNOWN;
	if (!n_recent || n_before < TREND_BEFORE_LEAST)
		return;
	int64_t far = mad * 3, difference = ret->recent - ret->before;
	far = far > ret->before / 5 ? far : ret->before / 5;
	far = far > least_difference[m] ? far : least_difference[m];
	ret->way = difference >= far ? TREND_RISING : -difference >= far ? TREND_FALLING : TREND_STEADY;
}

void trends_find(const struct rollup *days, struct trends *ret)
{
	size_t last = today_counts(days) ? TREND_DAYS : TREND_DAYS - 1;

	ret->n_findings = 0;
	for (size_t i = last; i-- > TREND_DAYS - 1 - TREND_RECENT;)
		for (int m = 0; m < TREND_METRICS; m++)
			judge(days, i, (enum trend_metric)m, ret);
	for (int m = 0; m < TREND_METRICS; m++)
		compare(days, (enum trend_metric)m, &ret->of[m]);
}

/* -------------------------------------------------------------------------- words */

void trend_value_text(enum trend_metric m, int64_t value, struct buf *out)
{
	if (m == TREND_ROWS)
		buf_addf(out, "%lld row%s a run", (long long)value, value == 1 ? "" : "s");
	else if (m == TREND_ERROR_RATE)
		buf_addf(out, "%lld.%02lld %% of rows failed", (long long)(value / 10000), (long long)(value / 100 % 100));
	else
		buf_addf(out, "%lld.%02lld s", (long long)(value / 1000), (long long)(value / 10 % 100));
}

void trend_day_text(int64_t day, struct buf *out)
{
	int64_t y;
	int m, d;

	clock_date_from_days(day, &y, &m, &d);
	buf_addf(out, "%04lld-%02d-%02d", (long long)y, m, d);
}

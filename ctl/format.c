/* SPDX-License-Identifier: Apache-2.0 */
/* format.c - numbers, spans and points in time as people read them. */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

void format_count(struct buf *out, int64_t n)
{
	char digits[24];
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;
	int len = snprintf(digits, sizeof digits, "%" PRIu64, u);

	if (n < 0)
		buf_addc(out, '-');
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}

void format_span(struct buf *out, double seconds)
{
	/* a NaN fails every comparison, so it is sent to zero by asking the other way round */
	if (!(seconds > 0))
		buf_adds(out, "0 s");
	else if (seconds < 0.001)
		buf_adds(out, "<1 ms");
	else if (seconds < 0.9995)
		buf_addf(out, "%.0f ms", seconds * 1000);
	else if (seconds < 9.95)
		buf_addf(out, "%.1f s", seconds);
	else if (seconds < 59.5)
		buf_addf(out, "%.0f s", seconds);
	else if (seconds >= 1e12)
		buf_adds(out, "ages");
	else {
		int64_t s = (int64_t)(seconds + 0.5);
		if (s < 3600)
			buf_addf(out, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
		else if (s < 86400)
			buf_addf(out, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
		else
			buf_addf(out, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	}
}

void format_span_short(struct buf *out, double seconds)
{
	if (!(seconds >= 0.0005))
		buf_adds(out, "0ms");
	else if (seconds < 0.9995)
		buf_addf(out, "%.0fms", seconds * 1000);
	else if (seconds < 9.95)
		buf_addf(out, "%.1fs", seconds);
	else if (seconds < 59.5)
		buf_addf(out, "%.0fs", seconds);
	else if (seconds >= 1e10)
		buf_adds(out, "ages");
	else {
		int64_t s = (int64_t)(seconds + 0.5);
		if (s < 3600)
			buf_addf(out, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
		else if (s < 86400)
			buf_addf(out, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
		else
			buf_addf(out, "%" PRId64 "d%" PRId64 "h", s / 86400, s / 3600 % 24);
	}
}

void format_local(struct buf *out, int64_t at)
{
	time_t t = (time_t)(at / 1000000);
	struct tm tm;
	char text[64];

	if (localtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm))
		buf_adds(out, text);
	else
		buf_addc(out, '?');
}

void format_moment(struct buf *out, int64_t at, int64_t now)
{
	int64_t span = (now - at) / 1000000, s = span < 0 ? -span : span;
	int64_t n = s < 60 ? s : s < 3600 ? s / 60 : s / 3600;
	const char *unit = s < 60 ? "s" : s < 3600 ? "min" : "h";

	if (s >= 2 * 86400)
		format_local(out, at);
	else if (s < 2)
		buf_adds(out, span < 0 ? "now" : "just now");
	else if (span < 0)
		buf_addf(out, "in %" PRId64 " %s", n, unit);
	else
		buf_addf(out, "%" PRId64 " %s ago", n, unit);
}

void format_plural(struct buf *out, int64_t n, const char *one, const char *many)
{
	format_count(out, n);
	buf_addc(out, ' ');
	buf_adds(out, n == 1 ? one : many);
}

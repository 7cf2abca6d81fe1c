/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.c - time zone files (RFC 8536): a table of past changes, and behind it a rule in POSIX form
 * for all years to come, which new files lean on almost alone.
 */
#include "base/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define DAY 86400
#define FILE_MAX (1024 * 1024)
/* No change is farther away: old files begin with one at the beginning of the world. */
#define FARTHEST (INT64_C(1) << 60)

/* "M10.5.0/3": when in the year clocks are changed. */
struct rule_date {
	char kind;			/* M month.week.weekday, J day 1..365, or 0: day 0..365 */
	int month, week, day;
	int64_t time;			/* of the local day, may be negative or beyond it */
};

struct rule {
	int64_t standard, summer;	/* offsets */
	bool changes;			/* has the two dates */
	struct rule_date to_summer, to_standard;
};

struct zone {
	int64_t first;			/* offset before the first change */
	const int64_t *times;		/* of changes, ascending */
	const int64_t *offsets;		/* after them */
	size_t n;
	bool has_rule;
	struct rule rule;
};

/* -------------------------------------------------------------------- the rule */

static bool digits(const char **p, int most, int *ret)
{
	int v = 0;

	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		v = v * 10 + (**p - '0');
		if (v > most)
			return false;
	}
	*ret = v;
	return true;
}

/* [+-]h[:m[:s]] in seconds */
static bool span(const char **p, int64_t *ret)
{
	int h, m = 0, s = 0, sign = 1;

	if (**p == '-' || **p == '+')
		sign = *(*p)++ == '-' ? -1 : 1;
	if (!digits(p, 167, &h))
		return false;
	if (**p == ':' && ((*p)++, !digits(p, 59, &m)))
		return false;
	if (**p == ':' && ((*p)++, !digits(p, 59, &s)))
		return false;
	*ret = sign * ((int64_t)h * 3600 + m * 60 + s);
	return true;
}

/* "CET" or "<+1030>" */
static bool abbreviation(const char **p)
{
	const char *from = *p;

	if (**p == '<') {
		*p += strcspn(*p, ">");
		return *(*p)++ == '>';
	}
	while ((**p >= 'A' && **p <= 'Z') || (**p >= 'a' && **p <= 'z'))
		(*p)++;
	return *p - from >= 3;
}

static bool date(const char **p, struct rule_date *ret)
{
	*ret = (struct rule_date){.time = 2 * 3600};
	if (**p == 'M') {
		ret->kind = *(*p)++;
		if (!digits(p, 12, &ret->month) || *(*p)++ != '.' || !digits(p, 5, &ret->week) ||
		    *(*p)++ != '.' || !digits(p, 6, &ret->day) || !ret->month || !ret->week)
			return false;
	} else {
		if (**p == 'J')
			ret->kind = *(*p)++;
		if (!digits(p, 365, &ret->day) || (ret->kind && !ret->day))
			return false;
	}
	return **p != '/' || ((*p)++, span(p, &ret->time));
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": offsets count westwards there. */
static bool parse_rule(const char *p, struct rule *ret)
{
	*ret = (struct rule){0};
	if (!abbreviation(&p) || !span(&p, &ret->standard))
		return false;
	ret->standard = -ret->standard;
	if (!*p)
		return true;
	if (!abbreviation(&p))
		return false;
	ret->summer = ret->standard + 3600;
	if (*p != ',') {
		if (!span(&p, &ret->summer))
			return false;
		ret->summer = -ret->summer;
	}
	ret->changes = true;
	return *p++ == ',' && date(&p, &ret->to_summer) && *p++ == ',' && date(&p, &ret->to_standard) && !*p;
}

static bool is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 || y % 400 == 0);
}

/* The date's day in that year, since the epoch. */
static int64_t rule_day(const struct rule_date *d, int64_t y)
{
	int64_t first = clock_days_from_date(y, 1, 1);

	if (d->kind == 0)
		return first + d->day;
	if (d->kind == 'J')
		return first + d->day - 1 + (d->day > 59 && is_leap(y));
	first = clock_days_from_date(y, d->month, 1);
	int64_t next = clock_days_from_date(d->month == 12 ? y + 1 : y, d->month == 12 ? 1 : d->month + 1, 1);
	int64_t weekday = ((first + 4) % 7 + 7) % 7;
	int64_t day = first + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
	return day < next ? day : day - 7;
}

struct change {
	int64_t at, offset;
};

static int by_time(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

/* The rule's changes around a moment are those of its year and of the years beside it. */
static struct zone_span rule_span(const struct rule *r, int64_t secs)
{
	struct zone_span ret = {INT64_MIN, INT64_MAX, r->standard};
	struct change changes[6];
	int64_t y, days = secs / DAY - (secs % DAY < 0);
	int m, d, n = 0;

	if (!r->changes)
		return ret;
	clock_date_from_days(days, &y, &m, &d);
	for (int64_t at = y - 1; at <= y + 1; at++) {
		changes[n++] = (struct change){rule_day(&r->to_summer, at) * DAY + r->to_summer.time - r->standard,
					       r->summer};
		changes[n++] = (struct change){rule_day(&r->to_standard, at) * DAY + r->to_standard.time - r->summer,
					       r->standard};
	}
	qsort(changes, (size_t)n, sizeof changes[0], by_time);
	for (int i = 0; i < n; i++)
		if (changes[i].at <= secs) {
			ret.begin = changes[i].at;
			ret.offset = changes[i].offset;
		} else {
			ret.end = changes[i].at;
			break;
		}
	return ret;
}

/* ------------------------------------------------------------------ any moment */

struct zone_span zone_span(const struct zone *z, int64_t secs)
{
	struct zone_span ret = {INT64_MIN, INT64_MAX, z ? z->first : 0};
	size_t lo = 0, hi = z ? z->n : 0;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (z->times[mid] <= secs)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!z)
		return ret;
	if (lo) {
		ret.begin = z->times[lo - 1];
		ret.offset = z->offsets[lo - 1];
	}
	if (lo < z->n) {
		ret.end = z->times[lo];
	} else if (z->has_rule) {
		struct zone_span by_rule = rule_span(&z->rule, secs);
		ret.offset = by_rule.offset;
		ret.end = by_rule.end;
		if (by_rule.begin > ret.begin)
			ret.begin = by_rule.begin;
	}
	return ret;
}

/* --------------------------------------------------------------------- the file */

enum { HEADER = 44 };

struct counts {
	uint32_t is_ut, is_std, leaps, times, types, chars;
};

static uint64_t big_endian(const uint8_t *p, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static bool read_header(const uint8_t *p, const uint8_t *end, struct counts *ret)
{
	uint32_t *counts[] = {&ret->is_ut, &ret->is_std, &ret->leaps, &ret->times, &ret->types, &ret->chars};

	if (end - p < HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	for (int i = 0; i < 6; i++) {
		*counts[i] = (uint32_t)big_endian(p + 20 + 4 * i, 4);
		if (*counts[i] > FILE_MAX)
			return false;
	}
	return ret->types > 0;
}

static size_t body_size(const struct counts *c, size_t time)
{
	return c->times * (time + 1) + c->types * 6 + c->chars + c->leaps * (time + 4) + c->is_std + c->is_ut;
}

static bool read_table(struct arena *arena, const uint8_t *p, const struct counts *c, size_t time, struct zone *z)
{
	const uint8_t *kinds = p + c->times * time, *types = kinds + c->times;
	int64_t *times = arena_alloc0(arena, c->times + 1, sizeof *times);
	int64_t *offsets = arena_alloc0(arena, c->times + 1, sizeof *offsets);

	for (size_t i = 0; i < c->times; i++) {
		times[i] = time == 8 ? (int64_t)big_endian(p + i * 8, 8) : (int32_t)big_endian(p + i * 4, 4);
		if (kinds[i] >= c->types || times[i] < -FARTHEST || times[i] > FARTHEST ||
		    (i && times[i] < times[i - 1]))
			return false;
		offsets[i] = (int32_t)big_endian(types + kinds[i] * 6, 4);
	}
	z->first = (int32_t)big_endian(types, 4);
	z->times = times;
	z->offsets = offsets;
	z->n = c->times;
	return true;
}

/* The line behind the table; empty in zones whose future nobody knows. */
static bool read_footer(const uint8_t *p, const uint8_t *end, struct zone *z)
{
	char text[128];

	if (p >= end || *p++ != '\n')
		return false;
	const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
	size_t len = nl ? (size_t)(nl - p) : sizeof text;
	if (len >= sizeof text)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	z->has_rule = len > 0;
	return !len || parse_rule(text, &z->rule);
}

int zone_parse(struct arena *arena, const void *data, size_t len, const struct zone **ret,
	       struct ferry_error *err)
{
	const uint8_t *p = data, *end = p + len;
	struct zone *z = arena_alloc0(arena, 1, sizeof *z);
	struct counts c;
	size_t time = 4;

	bool ok = read_header(p, end, &c) && (size_t)(end - p) - HEADER >= body_size(&c, time);
	bool wide = ok && p[4] >= '2';
	if (wide) {
		p += HEADER + body_size(&c, time);
		time = 8;
		ok = read_header(p, end, &c) && (size_t)(end - p) - HEADER >= body_size(&c, time);
	}
	if (!ok)
		return ferry_fail(err, FERRY_E_DATA, "this is no time zone file");
	if (c.leaps)
		return ferry_fail(err, FERRY_E_DATA, "it counts leap seconds, which no clock here does");
	p += HEADER;
	if (!read_table(arena, p, &c, time, z) || (wide && !read_footer(p + body_size(&c, time), end, z)))
		return ferry_fail(err, FERRY_E_DATA, "the time zone file is damaged");
	*ret = z;
	return 0;
}

static bool is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	size_t len = strlen(name);

	return len && len <= 64 && strspn(name, allowed) == len && name[0] != '/' && name[len - 1] != '/';
}

int zone_load(struct arena *arena, const char *name, const struct zone **ret, struct ferry_error *err)
{
	const char *dir = getenv("TZDIR");
	struct buf text = BUF_INIT;

	if (strcmp(name, "UTC") == 0) {
		*ret = NULL;
		return 0;
	}
	if (!is_name(name))
		return ferry_fail(err, FERRY_E_NOT_FOUND, "'%.64s' is no name of a time zone", name);
	char *path = ferry_asprintf("%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", name);
	int rc = buf_read_file(&text, path, FILE_MAX);
	if (rc)
		rc = ferry_fail(err, FERRY_E_NOT_FOUND, "this machine knows no time zone '%s'", name);
	else if (zone_parse(arena, buf_str(&text), text.len, ret, err) < 0)
		rc = ferry_within(err, "%s", path);
	buf_release(&text);
	free(path);
	return rc;
}

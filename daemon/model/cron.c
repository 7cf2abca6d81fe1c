/* SPDX-License-Identifier: Apache-2.0 */
/* cron.c - reading the five fields, and finding the next moment by them. */
#include "model/cron.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define DAY 86400
/* 29 February on one weekday comes back after 40 years at most. */
#define YEARS 41

/* --------------------------------------------------------------------- reading */

struct field {
	const char *name;
	int min, max;
	const char *names[13];		/* of the numbers from `first` on */
	int first;
};

static const struct field fields[] = {
	{.name = "minute", .max = 59},
	{.name = "hour", .max = 23},
	{.name = "day", .min = 1, .max = 31},
	{.name = "month", .min = 1, .max = 12, .first = 1, .names = {"jan", "feb", "mar", "apr", "may", "jun",
		"jul", "aug", "sep", "oct", "nov", "dec"}},
	{.name = "weekday", .max = 7, .names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
};
enum { MINUTE, HOUR, DATE, MONTH, WEEKDAY, FIELDS };

static const struct {
	const char *name, *fields;
} shorthands[] = {
	{"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"},
	{"@weekly", "0 0 * * 0"}, {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
};

/* A number or a name at *p. */
static int read_value(const struct field *f, const char **p, int *ret, struct ferry_error *err)
{
	size_t letters = strspn(*p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	size_t digits = strspn(*p, "0123456789");

	for (int i = 0; letters == 3 && f->names[i]; i++)
		if (strncasecmp(*p, f->names[i], 3) == 0) {
			*p += 3;
			*ret = f->first + i;
			return 0;
		}
	if (letters)
		return ferry_fail(err, FERRY_E_CONFIG, "the %s '%.*s' is none%s", f->name, (int)letters, *p,
				  f->names[0] ? " (three letters, such as jan or mon, or a number)" : "");
	int v = 0;
	for (size_t i = 0; i < digits && v <= f->max; i++)
		v = v * 10 + ((*p)[i] - '0');
	if (!digits && !**p)
		return ferry_fail(err, FERRY_E_CONFIG, "a %s is missing at the end", f->name);
	if (!digits)
		return ferry_fail(err, FERRY_E_CONFIG, "a %s is missing before '%s'", f->name, *p);
	if (v < f->min || v > f->max)
		return ferry_fail(err, FERRY_E_CONFIG, "the %s %.*s is out of range (%d to %d)", f->name, (int)digits,
				  *p, f->min, f->max);
	*p += digits;
	*ret = v;
	return 0;
}

static int read_step(const struct field *f, const char **p, bool range, int *ret, struct ferry_error *err)
{
	int v = 0;
	size_t digits;

	*ret = 1;
	if (**p != '/')
		return 0;
	if (!range)
		return ferry_fail(err, FERRY_E_CONFIG, "a step needs a range in the field %s (write */N or A-B/N)",
				  f->name);
	digits = strspn(++*p, "0123456789");
	for (size_t i = 0; i < digits && v <= f->max; i++)
		v = v * 10 + ((*p)[i] - '0');
	if (v < 1 || v > f->max)
		return ferry_fail(err, FERRY_E_CONFIG, "the step '%.*s' of the field %s is out of range (1 to %d)",
				  (int)digits, *p, f->name, f->max);
	*p += digits;
	*ret = v;
	return 0;
}

/* One entry of a list: a star, a value or a range; the first two with a step. */
static int read_entry(const struct field *f, const char **p, uint64_t *bits, struct ferry_error *err)
{
	int from = f->min, to = f->max, step;
	bool range = true;

	if (**p == '*') {
		(*p)++;
		to = f == &fields[WEEKDAY] ? 6 : to;
	} else {
		if (read_value(f, p, &from, err) < 0)
			return -1;
		to = from;
		range = **p == '-';
		if (range && ((*p)++, read_value(f, p, &to, err) < 0))
			return -1;
	}
	if (f == &fields[WEEKDAY] && to == 0 && from > 0)
		to = 7;				/* sat-sun */
	if (from > to)
		return ferry_fail(err, FERRY_E_CONFIG, "a range of the field %s runs backwards (%d-%d)", f->name,
				  from, to);
	if (read_step(f, p, range, &step, err) < 0)
		return -1;
	for (int v = from; v <= to; v += step)
		*bits |= UINT64_C(1) << v;
	return 0;
}

static int read_field(const struct field *f, const char *text, uint64_t *bits, struct ferry_error *err)
{
	const char *p = text;

	*bits = 0;
	for (;; p++) {
		if (read_entry(f, &p, bits, err) < 0)
			return -1;
		if (!*p)
			return 0;
		if (*p != ',')
			return ferry_fail(err, FERRY_E_CONFIG, "'%s' is not understood in the field %s '%s'", p, f->name,
					  text);
	}
}

static int shorthand(const char *text, const char **ret, struct ferry_error *err)
{
	for (size_t i = 0; i < sizeof shorthands / sizeof shorthands[0]; i++)
		if (strcasecmp(text, shorthands[i].name) == 0) {
			*ret = shorthands[i].fields;
			return 0;
		}
	return ferry_fail(err, FERRY_E_CONFIG, "'%.32s' is none of @hourly, @daily, @weekly, @monthly, @yearly", text);
}

static int split(const char *text, char words[FIELDS][64], struct ferry_error *err)
{
	int n = 0;

	for (const char *p = text; *(p += strspn(p, " \t")); n++) {
		size_t len = strcspn(p, " \t");
		if (len >= 64)
			return ferry_fail(err, FERRY_E_CONFIG, "a field is longer than 63 characters");
		if (n < FIELDS)
			snprintf(words[n], 64, "%.*s", (int)len, p);
		p += len;
	}
	if (n == FIELDS)
		return 0;
	return ferry_fail(err, FERRY_E_CONFIG, "it has %d field%s instead of five (minute hour day month weekday)", n,
			  n == 1 ? "" : "s");
}

static bool next_local(const struct cron *c, int64_t from, int64_t *ret);

int cron_parse(const char *text, struct cron *ret, struct ferry_error *err)
{
	char words[FIELDS][64];
	uint64_t bits[FIELDS];
	int64_t some;

	if (*text == '@' && shorthand(text, &text, err) < 0)
		return -1;
	if (split(text, words, err) < 0)
		return -1;
	for (int i = 0; i < FIELDS; i++)
		if (read_field(&fields[i], words[i], &bits[i], err) < 0)
			return -1;
	struct cron c = {
		.minutes = bits[MINUTE], .hours = (uint32_t)bits[HOUR], .days = (uint32_t)bits[DATE],
		.months = (uint16_t)bits[MONTH], .weekdays = (uint8_t)((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f),
		.any_day = words[DATE][0] == '*', .any_weekday = words[WEEKDAY][0] == '*',
	};
	if (!next_local(&c, 0, &some))
		return ferry_fail(err, FERRY_E_CONFIG, "there is no such date in any year");
	*ret = c;
	return 0;
}

/* ------------------------------------------------------------------ the calendar */

struct day {
	int64_t number, y;		/* number: since the epoch */
	int m, d, in_month;
};

static int days_in_month(int64_t y, int m)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[m - 1] + (m == 2 && y % 4 == 0 && (y % 100 || y % 400 == 0));
}

static struct day day_of(int64_t number)
{
	struct day day = {.number = number};

	clock_date_from_days(number, &day.y, &day.m, &day.d);
	day.in_month = days_in_month(day.y, day.m);
	return day;
}

static void month_after(struct day *day)
{
	day->number += day->in_month - day->d + 1;
	day->d = 1;
	day->y += day->m == 12;
	day->m = day->m % 12 + 1;
	day->in_month = days_in_month(day->y, day->m);
}

static void day_after(struct day *day)
{
	if (day->d == day->in_month) {
		month_after(day);
	} else {
		day->d++;
		day->number++;
	}
}

static bool day_fits(const struct cron *c, const struct day *day)
{
	int weekday = (int)(((day->number + 4) % 7 + 7) % 7);
	bool by_date = c->days >> day->d & 1, by_weekday = c->weekdays >> weekday & 1;

	/* a star leaves the choice to the other field; without any, either is enough */
	return c->any_day || c->any_weekday ? by_date && by_weekday : by_date || by_weekday;
}

/* Go to the first day from this one on that fits; false: none before the year `last` is over. */
static bool seek_day(const struct cron *c, struct day *day, int64_t last)
{
	while (day->y <= last) {
		if (!(c->months >> day->m & 1))
			month_after(day);
		else if (day_fits(c, day))
			return true;
		else
			day_after(day);
	}
	return false;
}

/* The first minute of a day from this one on; -1: none. */
static int seek_minute(const struct cron *c, int from)
{
	for (int h = from / 60; h < 24; h++) {
		uint64_t left = c->minutes & (h == from / 60 ? ~UINT64_C(0) << from % 60 : ~UINT64_C(0));
		if ((c->hours >> h & 1) && left)
			return h * 60 + __builtin_ctzll(left);
	}
	return -1;
}

/* The first time on the wall clock from this one on, as if it were UTC. */
static bool next_local(const struct cron *c, int64_t from, int64_t *ret)
{
	int64_t minutes = from / 60 + (from % 60 > 0);
	int64_t number = minutes / 1440 - (minutes % 1440 < 0);
	struct day day = day_of(number);
	int at = (int)(minutes - number * 1440);
	int64_t last = day.y + YEARS;

	for (;;) {
		if (!seek_day(c, &day, last))
			return false;
		int minute = seek_minute(c, day.number == number ? at : 0);
		if (minute >= 0) {
			*ret = day.number * DAY + minute * 60;
			return true;
		}
		day_after(&day);
	}
}

/* ----------------------------------------------------------------------- moments */

/* Whether it has times in every hour, so that it follows the wall clock through its changes. */
static bool every_hour(const struct cron *c)
{
	return c->hours == (1U << 24) - 1;
}

/* The first moment of a stretch without a change, from `at` on; INT64_MAX: none there. */
static int64_t next_in(const struct cron *c, const struct zone *zone, const struct zone_span *span, int64_t at)
{
	int64_t from = at + span->offset, local;

	if (span->begin != INT64_MIN && !every_hour(c)) {
		int64_t before = zone_span(zone, span->begin - 1).offset;
		int64_t shown = span->begin + before;	/* what the wall clock would have gone on with */
		if (at == span->begin && next_local(c, shown, &local) && local < at + span->offset)
			return at;			/* it was left out */
		if (from < shown)
			from = shown;			/* it has been shown already */
	}
	if (!next_local(c, from, &local) || local - span->offset >= span->end)
		return INT64_MAX;
	return local - span->offset;
}

int64_t cron_next(const struct cron *c, const struct zone *zone, int64_t after)
{
	int64_t at = after + 1, last = after + (int64_t)YEARS * 366 * DAY;

	while (at < last) {
		struct zone_span span = zone_span(zone, at);
		int64_t found = next_in(c, zone, &span, at);
		if (found != INT64_MAX || span.end == INT64_MAX)
			return found;
		at = span.end;
	}
	return INT64_MAX;
}

int64_t cron_longest_gap(const struct cron *c)
{
	/* weekdays fall on the same dates again after 400 years */
	struct day day = day_of(clock_days_from_date(2000, 1, 1));
	int64_t last = day.y + 400 + YEARS, before = 0, most = 0;
	int first = seek_minute(c, 0), at = first, next;

	while (at + 1 < 1440 && (next = seek_minute(c, at + 1)) >= 0) {
		most = next - at > most ? next - at : most;
		at = next;
	}
	for (bool some = false; seek_day(c, &day, last); some = true, day_after(&day)) {
		int64_t gap = (day.number - before) * 1440 - at + first;
		if (some && gap > most)
			most = gap;
		before = day.number;
	}
	return most * 60;
}

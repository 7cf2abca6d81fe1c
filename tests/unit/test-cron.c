/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test-cron.c - time zones and cron patterns: tables around the days on which clocks are changed, and
 * everything compared with the C library's zones, minute by minute.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "model/cron.h"

static struct arena arena = ARENA_INIT;

static const struct zone *zone_of(const char *name)
{
	struct ferry_error err = {0};
	const struct zone *z = NULL;

	if (zone_load(&arena, name, &z, &err) < 0)
		fail_msg("%s", err.msg);
	return z;
}

static int64_t secs(const char *text)
{
	int64_t us;

	if (!clock_parse(text, strlen(text), &us))
		fail_msg("'%s' is no time", text);
	return us / 1000000;
}

static struct cron cron_of(const char *text)
{
	struct ferry_error err = {0};
	struct cron c;

	if (cron_parse(text, &c, &err) < 0)
		fail_msg("'%s': %s", text, err.msg);
	return c;
}

/* ---------------------------------------------------------------------- zones */

static void c_library_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static const char *const all_kinds[] = {
	"Europe/Berlin", "Europe/Dublin", "Europe/Lisbon", "America/New_York", "America/St_Johns",
	"America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Apia",
	"Pacific/Auckland", "Asia/Kolkata", "Asia/Gaza", "Africa/Casablanca", "America/Nuuk", "Asia/Tehran",
	"Antarctica/Troll", "Etc/GMT+5", "EST5EDT", "UTC",
};

static void zones_are_the_c_librarys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof all_kinds / sizeof all_kinds[0]; i++) {
		const struct zone *z = zone_of(all_kinds[i]);
		c_library_zone(all_kinds[i]);
		/* an odd step, so that all times of the day come up */
		for (int64_t t = secs("1905-01-01"); t < secs("2140-01-01"); t += 17 * 3600 + 1237) {
			time_t at = (time_t)t;
			struct tm tm;
			localtime_r(&at, &tm);
			struct zone_span span = zone_span(z, t);
			if (span.offset != tm.tm_gmtoff || span.begin > t || span.end <= t)
				fail_msg("%s at %lld: %lld instead of %ld", all_kinds[i], (long long)t,
					 (long long)span.offset, tm.tm_gmtoff);
		}
	}
	c_library_zone("UTC");
}

/* The stretches join, and a change is exactly where it is said to be. */
static void spans_join(void **state)
{
	const struct zone *z = zone_of("Europe/Berlin");
	int64_t at = secs("2020-01-01"), changes = 0;

	(void)state;
	while (at < secs("2060-01-01")) {
		struct zone_span span = zone_span(z, at);
		assert_true(span.begin <= at && at < span.end);
		assert_int_equal(zone_span(z, span.end - 1).offset, span.offset);
		assert_int_equal(zone_span(z, span.end).begin, span.end);
		assert_int_not_equal(zone_span(z, span.end).offset, span.offset);
		at = span.end;
		changes++;
	}
	assert_int_equal(changes, 81);		/* the last one leads beyond */
	assert_int_equal(zone_span(z, secs("2026-01-01")).end, secs("2026-03-29T01:00:00Z"));
	assert_int_equal(zone_span(z, secs("2055-07-01")).end, secs("2055-10-31T01:00:00Z"));
}

/* A file as new tools write it: no table at all, one rule. */
static void zone_of_a_rule_alone(void **state)
{
	static const struct {
		const char *rule, *at;
		int64_t offset;
	} cases[] = {
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3600},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7200},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3600},
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-04T14:59:59Z", 39600},
		{"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-04-04T15:00:00Z", 37800},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600},
		{"EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10800},
		{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
		{"XXX3EDT4,0/0,J365/23", "2026-07-01T00:00:00Z", -14400},
		{"NZST-12NZDT,M9.5.0,M4.1.0/3", "2026-01-01T00:00:00Z", 46800},
		{"AAA0BBB,J60,J300", "2028-02-29T12:00:00Z", 0},
		{"AAA0BBB,J60,J300", "2028-03-01T02:00:00Z", 3600},
		{"AAA0BBB,59,300", "2028-02-29T02:00:00Z", 3600},
		{"<+0530>-5:30", "2026-07-01T00:00:00Z", 19800},
	};
	struct ferry_error err = {0};
	const struct zone *z;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf file = BUF_INIT;
		for (int block = 0; block < 2; block++) {
			buf_add(&file, "TZif2\0\0\0\0\0\0\0\0\0\0\0", 20 - 4);
			buf_add(&file, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
			buf_add(&file, "\0\0\0\0\0\0\0\1\0\0\0\4", 12);
			buf_add(&file, "\0\0\0\0\0\0LMT\0", 10);
		}
		buf_addf(&file, "\n%s\n", cases[i].rule);
		if (zone_parse(&arena, file.s, file.len, &z, &err) < 0)
			fail_msg("%s: %s", cases[i].rule, err.msg);
		int64_t offset = zone_span(z, secs(cases[i].at)).offset;
		if (offset != cases[i].offset)
			fail_msg("%s at %s: %lld", cases[i].rule, cases[i].at, (long long)offset);
		/* cut short it is refused, never misread; without the last line end too */
		for (size_t n = 0; n < file.len; n++)
			assert_int_equal(zone_parse(&arena, file.s, n, &z, &err), -1);
		buf_release(&file);
	}
}

static void no_zones(void **state)
{
	static const char *const names[] = {"", "Europe/Berln", "../../etc/passwd", "/etc/localtime", "Europe",
		"zone.tab", "leapseconds", "Europe/", "berlin"};
	struct ferry_error err;
	const struct zone *z;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		err = (struct ferry_error){0};
		if (zone_load(&arena, names[i], &z, &err) == 0)
			fail_msg("'%s' is a zone", names[i]);
		assert_true(err.code == FERRY_E_NOT_FOUND || err.code == FERRY_E_DATA);
	}
}

/* --------------------------------------------------------------------- reading */

static void patterns_that_are_none(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "it has 0 fields instead of five"},
		{"* * * *", "it has 4 fields instead of five (minute hour day month weekday)"},
		{"0 0 * * * *", "it has 6 fields"},
		{"60 * * * *", "the minute 60 is out of range (0 to 59)"},
		{"* 24 * * *", "the hour 24 is out of range (0 to 23)"},
		{"* * 0 * *", "the day 0 is out of range (1 to 31)"},
		{"* * * 13 *", "the month 13 is out of range (1 to 12)"},
		{"* * * * 8", "the weekday 8 is out of range (0 to 7)"},
		{"* * * jann *", "the month 'jann' is none (three letters"},
		{"* * * * xyz", "the weekday 'xyz' is none"},
		{"* x * * *", "the hour 'x' is none"},
		{"*/0 * * * *", "the step '0' of the field minute is out of range (1 to 59)"},
		{"*/60 * * * *", "the step '60'"},
		{"*/ * * * *", "the step ''"},
		{"5/10 * * * *", "a step needs a range in the field minute"},
		{"30-10 * * * *", "a range of the field minute runs backwards (30-10)"},
		{"1, * * * *", "a minute is missing at the end"},
		{",1 * * * *", "a minute is missing before ',1'"},
		{"1-2-3 * * * *", "'-3' is not understood in the field minute '1-2-3'"},
		{"99999999999999999999 * * * *", "out of range"},
		{"-5 * * * *", "a minute is missing before '-5'"},
		{"@reboot", "'@reboot' is none of @hourly"},
		{"0 0 31 2 *", "there is no such date in any year"},
		{"0 0 30 2 *", "there is no such date in any year"},
		{"0 0 31 4,6,9,11 *", "there is no such date in any year"},
	};
	struct ferry_error err;
	struct cron c;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		err = (struct ferry_error){0};
		if (cron_parse(cases[i].text, &c, &err) == 0)
			fail_msg("'%s' is taken", cases[i].text);
		assert_int_equal(err.code, FERRY_E_CONFIG);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("'%s': '%s'", cases[i].text, err.msg);
	}
}

/* Both mean the same. */
static void other_ways_to_write_it(void **state)
{
	static const char *const pairs[][2] = {
		{"@hourly", "0 * * * *"}, {"@Daily", "0 0 * * *"}, {"@weekly", "0 0 * * sun"},
		{"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 jan *"}, {"0 0 * * 7", "0 0 * * 0"},
		{"0 0 * * mon-fri", "0 0 * * 1,2,3,4,5"}, {"0 0 * * sat-sun", "0 0 * * 0,6"},
		{"0 0 * * 5-7", "0 0 * * fri,sat,sun"}, {"*/20 * * * *", "0,20,40 * * * *"},
		{"10-50/20 * * * *", "10,30,50 * * * *"}, {"0 0 1 JAN-mar *", "0 0 1 1-3 *"},
		{" 0\t0  * * * ", "0 0 * * *"}, {"0-59 0-23 * * *", "* * * * *"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct cron a = cron_of(pairs[i][0]), b = cron_of(pairs[i][1]);
		assert_int_equal(a.minutes, b.minutes);
		assert_int_equal(a.hours, b.hours);
		assert_int_equal(a.days, b.days);
		assert_int_equal(a.months, b.months);
		assert_int_equal(a.weekdays, b.weekdays);
	}
}

/* ---------------------------------------------------------------------- moments */

/* The next moments, as UTC, up to a bar. */
static void check_moments(const char *pattern, const char *zone, const char *from, const char *moments)
{
	struct cron c = cron_of(pattern);
	const struct zone *z = zone_of(zone);
	int64_t at = secs(from);
	char list[512], *save = NULL;

	snprintf(list, sizeof list, "%s", moments);
	for (char *word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char text[CLOCK_TEXT];
		at = cron_next(&c, z, at);
		clock_format(at * 1000000, text);
		if (strcmp(text, word) != 0)
			fail_msg("%s in %s after %s: %s instead of %s", pattern, zone, from, text, word);
	}
}

static void spring(void **state)
{
	(void)state;
	/* 02:00 to 03:00 does not happen: once, right after it */
	check_moments("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
		      "2026-03-28T01:30:00Z 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z");
	check_moments("*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
		      "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z 2026-03-30T00:15:00Z");
	check_moments("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
		      "2026-03-29T01:00:00Z 2026-03-30T00:00:00Z 2026-03-30T01:00:00Z");
	check_moments("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
		      "2026-03-29T01:00:00Z 2026-03-30T01:00:00Z");
	/* weekly, on just that Sunday */
	check_moments("0 2 * * sun", "Europe/Berlin", "2026-03-23T00:00:00Z",
		      "2026-03-29T01:00:00Z 2026-04-05T00:00:00Z");
	/* what follows the wall clock has nothing to make up for */
	check_moments("30 * * * *", "Europe/Berlin", "2026-03-28T23:45:00Z",
		      "2026-03-29T00:30:00Z 2026-03-29T01:30:00Z 2026-03-29T02:30:00Z");
	check_moments("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z",
		      "2026-03-29T00:30:00Z 2026-03-29T01:00:00Z 2026-03-29T01:30:00Z");
	check_moments("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
		      "2026-03-08T07:00:00Z 2026-03-09T06:30:00Z");
	/* half an hour is left out, 02:00 to 02:30 */
	check_moments("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
		      "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z");
	check_moments("45 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
		      "2026-10-03T15:45:00Z 2026-10-04T15:45:00Z");
	/* a whole day that never was: 2011-12-30 */
	check_moments("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
		      "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z");
}

static void autumn(void **state)
{
	(void)state;
	/* 02:00 to 03:00 happens twice: the first time */
	check_moments("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z",
		      "2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z");
	check_moments("*/30 1-3 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z",
		      "2026-10-24T23:00:00Z 2026-10-24T23:30:00Z 2026-10-25T00:00:00Z 2026-10-25T00:30:00Z "
		      "2026-10-25T02:00:00Z 2026-10-25T02:30:00Z 2026-10-26T00:00:00Z");
	/* asked from within the second one */
	check_moments("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15:00Z", "2026-10-26T01:30:00Z");
	/* every hour: so many hours have passed */
	check_moments("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
		      "2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z");
	check_moments("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
		      "2026-11-01T05:30:00Z 2026-11-02T06:30:00Z");
	check_moments("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00:00Z",
		      "2026-04-04T14:45:00Z 2026-04-05T15:15:00Z");
	check_moments("15 * * * *", "Australia/Lord_Howe", "2026-04-04T13:30:00Z",
		      "2026-04-04T14:15:00Z 2026-04-04T15:45:00Z");
	/* far ahead, where only the rule tells */
	check_moments("30 2 * * *", "Europe/Berlin", "2099-10-25T00:00:00Z",
		      "2099-10-25T00:30:00Z 2099-10-26T01:30:00Z");
}

static void dates(void **state)
{
	(void)state;
	check_moments("0 0 29 2 *", "UTC", "2026-01-01", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z");
	check_moments("0 0 29 2 *", "UTC", "2096-03-01", "2104-02-29T00:00:00Z");
	check_moments("0 0 31 * *", "UTC", "2026-01-31", "2026-03-31T00:00:00Z 2026-05-31T00:00:00Z");
	/* date or weekday: the 13th, and every Friday */
	check_moments("0 0 13 * fri", "UTC", "2026-02-01",
		      "2026-02-06T00:00:00Z 2026-02-13T00:00:00Z 2026-02-20T00:00:00Z 2026-02-27T00:00:00Z "
		      "2026-03-06T00:00:00Z 2026-03-13T00:00:00Z");
	check_moments("0 0 15 * mon", "UTC", "2026-07-10",
		      "2026-07-13T00:00:00Z 2026-07-15T00:00:00Z 2026-07-20T00:00:00Z");
	/* a star in one of them, with a step or not: both must fit */
	check_moments("0 0 */2 * mon", "UTC", "2026-07-01", "2026-07-13T00:00:00Z 2026-07-27T00:00:00Z");
	check_moments("0 0 * feb,dec wed", "UTC", "2026-02-20", "2026-02-25T00:00:00Z 2026-12-02T00:00:00Z");
	check_moments("59 23 31 12 *", "UTC", "2026-12-31T23:58:59Z", "2026-12-31T23:59:00Z 2027-12-31T23:59:00Z");
	/* strictly after, to the second */
	check_moments("0 3 * * 0", "UTC", "2026-11-22T03:00:00Z", "2026-11-29T03:00:00Z");
	check_moments("0 3 * * 0", "UTC", "2026-11-22T02:59:59Z", "2026-11-22T03:00:00Z");
	check_moments("*/15 9-17 * * mon-fri", "Asia/Kolkata", "2026-11-20T12:25:00Z",
		      "2026-11-23T03:30:00Z 2026-11-23T03:45:00Z");
}

static void longest_gaps(void **state)
{
	static const struct {
		const char *text;
		int64_t minutes;
	} cases[] = {
		{"* * * * *", 1}, {"*/15 * * * *", 15}, {"0,50 * * * *", 50}, {"0 3 * * *", 1440},
		{"0 3 * * 0", 7 * 1440}, {"0 8-18 * * *", 14 * 60}, {"0 8-18 * * mon-fri", 62 * 60},
		{"0 0 1 * *", 31 * 1440}, {"0 0 1 1 *", 366 * 1440}, {"0 3 * * 1,4", 4 * 1440},
		{"0 0 29 2 *", (8 * 365 + 1) * 1440},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cron c = cron_of(cases[i].text);
		if (cron_longest_gap(&c) != cases[i].minutes * 60)
			fail_msg("%s: %lld", cases[i].text, (long long)cron_longest_gap(&c) / 60);
	}
}

/* ------------------------------------------------------- against the C library */

static bool fits(const struct cron *c, const struct tm *tm)
{
	bool by_date = c->days >> tm->tm_mday & 1, by_weekday = c->weekdays >> tm->tm_wday & 1;

	return (c->minutes >> tm->tm_min & 1) && (c->hours >> tm->tm_hour & 1) && (c->months >> (tm->tm_mon + 1) & 1) &&
		(c->any_day || c->any_weekday ? by_date && by_weekday : by_date || by_weekday);
}

/* Local time as a number that grows by a minute each minute. */
static int64_t local_minute(const struct tm *tm)
{
	return clock_days_from_date(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday) * 1440 + tm->tm_hour * 60 +
		tm->tm_min;
}

static void minute_as_tm(int64_t minute, struct tm *ret)
{
	time_t as_utc = (time_t)(minute * 60);
	gmtime_r(&as_utc, ret);
}

/*
 * What a careful person with a wall clock would do: at each minute, everything that the clock shows for
 * the first time, and everything it has passed over since the minute before.
 */
static bool person_says(const struct cron *c, const struct tm *tm, int64_t shown)
{
	bool due = false;

	if (c->hours == 0xffffff)
		return fits(c, tm);
	for (int64_t minute = shown + 1; minute <= local_minute(tm) && !due; minute++) {
		struct tm at;
		minute_as_tm(minute, &at);
		due = fits(c, &at);
	}
	return due;
}

static const char *const patterns[] = {"*/15 * * * *", "7 * * * *", "30 2 * * *", "*/20 1-3 * * *", "0 0 * * *",
	"15 0,23 * * sun", "0 */2 * * *", "59 23 28-31 * *", "0 3 13 * fri", "5 2 29 2 *"};
enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

static void watch_a_clock(const char *name, int64_t from, int64_t to)
{
	const struct zone *z = zone_of(name);
	struct cron cron[PATTERNS];
	int64_t next[PATTERNS], shown;
	time_t at = (time_t)(from - 60);
	struct tm tm;

	c_library_zone(name);
	localtime_r(&at, &tm);
	shown = local_minute(&tm);
	for (int k = 0; k < PATTERNS; k++) {
		cron[k] = cron_of(patterns[k]);
		next[k] = cron_next(&cron[k], z, from - 1);
	}
	for (at = (time_t)from; at < to; at += 60) {
		localtime_r(&at, &tm);
		for (int k = 0; k < PATTERNS; k++) {
			bool due = person_says(&cron[k], &tm, shown);
			if (due != (next[k] == at))
				fail_msg("%s in %s at %lld: %s, next is %lld", patterns[k], name, (long long)at,
					 due ? "due" : "not due", (long long)next[k]);
			if (due)
				next[k] = cron_next(&cron[k], z, at);
		}
		if (local_minute(&tm) > shown)
			shown = local_minute(&tm);
	}
}

static void each_moment_once(void **state)
{
	static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
		"Pacific/Apia", "Africa/Casablanca", "America/Santiago", "UTC"};

	(void)state;
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
		watch_a_clock(zones[i], secs("2011-12-20"), secs("2012-12-20"));
	c_library_zone("UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_are_the_c_librarys),
		cmocka_unit_test(spans_join),
		cmocka_unit_test(zone_of_a_rule_alone),
		cmocka_unit_test(no_zones),
		cmocka_unit_test(patterns_that_are_none),
		cmocka_unit_test(other_ways_to_write_it),
		cmocka_unit_test(spring),
		cmocka_unit_test(autumn),
		cmocka_unit_test(dates),
		cmocka_unit_test(longest_gaps),
		cmocka_unit_test(each_moment_once),
	};

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
		puts("skipped: there are no time zones on this machine: apt install tzdata");
		return 77;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&arena);
	return failed;
}

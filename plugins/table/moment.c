/* SPDX-License-Identifier: Apache-2.0 */
/* moment.c - dates and times as text, for any year there is. */
#include "table/table.h"

#include <string.h>

static char *two(char *to, int v)
{
	*to++ = (char)('0' + v / 10);
	*to++ = (char)('0' + v % 10);
	return to;
}

static char *year_text(char *to, int64_t year)
{
	char digits[INTEGER_TEXT];
	size_t n = integer_text(year, digits);

	for (size_t i = n; i < 4; i++)
		*to++ = '0';
	memcpy(to, digits, n);
	return to + n;
}

/* The civil date of a day counted from 1970-01-01; *year is 0 for 1 BC, -1 for 2 BC. */
static void civil(int64_t day, int64_t *year, int *month, int *mday)
{
	int64_t z = day + 719468;		/* from 0000-03-01, so that leap days come last */
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;	/* from March */

	*mday = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

/* Returns whether the year is BC, which is said at the end. */
static bool put_date(char **to, int64_t day)
{
	int64_t year;
	int month, mday;

	civil(day, &year, &month, &mday);
	bool bc = year <= 0;
	*to = year_text(*to, bc ? 1 - year : year);
	*(*to)++ = '-';
	*to = two(*to, month);
	*(*to)++ = '-';
	*to = two(*to, mday);
	return bc;
}

static char *put_time(char *to, int64_t us)
{
	int seconds = (int)(us / 1000000), fraction = (int)(us % 1000000);

	to = two(to, seconds / 3600);
	*to++ = ':';
	to = two(to, seconds / 60 % 60);
	*to++ = ':';
	to = two(to, seconds % 60);
	if (fraction) {
		*to++ = '.';
		to = two(to, fraction / 10000);
		to = two(to, fraction / 100 % 100);
		to = two(to, fraction % 100);
	}
	return to;
}

static size_t finish(char *out, char *to, bool bc)
{
	if (bc) {
		memcpy(to, " BC", 3);
		to += 3;
	}
	return (size_t)(to - out);
}

size_t date_text(int64_t day, char out[MOMENT_TEXT])
{
	char *to = out;
	bool bc = put_date(&to, day);

	return finish(out, to, bc);
}

size_t moment_text(int64_t day, int64_t us, bool zone, char out[MOMENT_TEXT])
{
	char *to = out;
	bool bc = put_date(&to, day);

	*to++ = 'T';
	to = put_time(to, us);
	if (zone)
		*to++ = 'Z';
	return finish(out, to, bc);
}

int64_t moment_split(int64_t us, int64_t *rest)
{
	int64_t day = us / DAY_US;

	*rest = us % DAY_US;
	if (*rest < 0) {
		*rest += DAY_US;
		day--;
	}
	return day;
}

size_t time_text(int64_t us, char out[MOMENT_TEXT])
{
	int64_t rest, day = moment_split(us, &rest);

	return moment_text(day, rest, true, out);
}

bool moment_day(int year, int month, int mday, int64_t *ret)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12 || mday < 1 || mday > lengths[month - 1] + (month == 2 && leap))
		return false;
	/* from March, so that leap days come last */
	int64_t y = (int64_t)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400, of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + mday - 1;
	*ret = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return true;
}

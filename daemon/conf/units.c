/* SPDX-License-Identifier: Apache-2.0 */
/*
 * units.c - numbers, spans and sizes as people write them. Strict: what is not wholly understood is
 * refused, since a guessed number is worse than none.
 */
#include "conf/conf.h"

#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit spans[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 86400 * 1000},
	{"w", 7 * 86400 * 1000}, {NULL, 0},
};

static const struct unit sizes[] = {
	{"B", 1}, {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1LL << 40}, {NULL, 0},
};

/* Decimal digits; no leading zero, which in YAML 1.1 would make it octal. Returns what follows. */
static const char *read_digits(const char *s, int64_t *ret)
{
	int64_t v = 0;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9'))
		return NULL;
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
			return NULL;
	*ret = v;
	return s;
}

static bool read_with_unit(const char *s, const struct unit *units, int64_t *ret)
{
	int64_t v;

	s = read_digits(s, &v);
	if (!s)
		return false;
	for (; units->name; units++)
		if (strcmp(units->name, s) == 0)
			return !__builtin_mul_overflow(v, units->factor, ret);
	return false;
}

bool conf_parse_duration(const char *s, int64_t *ret_ms)
{
	return read_with_unit(s, spans, ret_ms);
}

bool conf_parse_size(const char *s, int64_t *ret_bytes)
{
	return read_with_unit(s, sizes, ret_bytes);
}

bool conf_parse_int(const char *s, int64_t *ret)
{
	int64_t v;
	bool negative = *s == '-';

	/* INT64_MIN cannot be written; nothing needs it */
	s = read_digits(s + negative, &v);
	if (!s || *s)
		return false;
	*ret = negative ? -v : v;
	return true;
}

/* A share may have a fraction ("0.5%"), a number of rows may not. */
bool conf_parse_limit(const char *s, struct limit_def *ret)
{
	int64_t whole;
	double value;

	s = read_digits(s, &whole);
	if (!s)
		return false;
	if (!*s && whole <= (int64_t)1 << 53) {
		*ret = (struct limit_def){.given = true, .value = (double)whole};
		return true;
	}
	value = (double)whole;
	if (*s == '.') {
		double digit = 0.1;
		if (*++s < '0' || *s > '9')
			return false;
		for (; *s >= '0' && *s <= '9'; s++, digit /= 10)
			value += (*s - '0') * digit;
	}
	if (strcmp(s, "%") != 0 || value > 100)
		return false;
	*ret = (struct limit_def){.given = true, .percent = true, .value = value};
	return true;
}

bool conf_parse_bool(const char *s, bool *ret)
{
	static const char *const words[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};

	for (int v = 0; v < 2; v++)
		for (int i = 0; i < 3; i++)
			if (strcmp(s, words[v][i]) == 0) {
				*ret = v;
				return true;
			}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text, time, decimals and JSON helpers of the stand-ins. Knows nothing of requests.
 */
#include "standin.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

void *standin_alloc(size_t size)
{
	return checked(calloc(1, size));
}

void *standin_grow(void *array, size_t *cap, size_t need, size_t item)
{
	if (need <= *cap)
		return array;
	size_t size = *cap ? *cap : 16;

	while (size < need)
		size *= 2;
	*cap = size;
	return checked(realloc(array, size * item));
}

char *standin_strdup(const char *s)
{
	return s ? checked(strdup(s)) : NULL;
}

void text_add(struct text *t, const char *data, size_t len)
{
	t->data = standin_grow(t->data, &t->size, t->len + len + 1, 1);
	if (len)
		memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(small, sizeof(small), fmt, ap);

	if (len >= 0 && (size_t)len < sizeof(small)) {
		text_add(t, small, (size_t)len);
	} else if (len >= 0) {
		t->data = standin_grow(t->data, &t->size, t->len + (size_t)len + 1, 1);
		vsnprintf(t->data + t->len, (size_t)len + 1, fmt, again);
		t->len += (size_t)len;
	}
	va_end(again);
	va_end(ap);
}

void text_json(struct text *t, const char *s)
{
	if (!s) {
		text_puts(t, "null");
		return;
	}
	text_add(t, "\"", 1);
	while (*s) {
		size_t plain = 0;

		while ((unsigned char)s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\')
			plain++;
		text_add(t, s, plain);
		s += plain;
		if (*s == '"' || *s == '\\')
			text_printf(t, "\\%c", *s++);
		else if (*s)
			text_printf(t, "\\u%04x", (unsigned)(unsigned char)*s++);
	}
	text_add(t, "\"", 1);
}

void text_json_time(struct text *t, int64_t ms, bool with_ms)
{
	char buf[32];

	standin_format_time(ms, with_ms, buf);
	text_printf(t, "\"%s\"", buf);
}

void text_comma(struct text *t)
{
	if (t->len && t->data[t->len - 1] != '[' && t->data[t->len - 1] != '{')
		text_add(t, ",", 1);
}

void text_release(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

int64_t standin_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void standin_format_time(int64_t ms, bool with_ms, char out[32])
{
	int64_t rest = ((ms % 1000) + 1000) % 1000;
	time_t secs = (time_t)((ms - rest) / 1000);
	struct tm tm;

	if (!gmtime_r(&secs, &tm))
		memset(&tm, 0, sizeof(tm));
	size_t len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);

	if (with_ms)
		snprintf(out + len, 32 - len, ".%03dZ", (int)rest);
	else
		snprintf(out + len, 32 - len, "Z");
}

/* Reads exactly `digits` digits; NULL in, NULL out. */
static const char *take_digits(const char *s, int digits, int *ret)
{
	int value = 0;

	if (!s)
		return NULL;
	for (int i = 0; i < digits; i++, s++) {
		if (!isdigit((unsigned char)*s))
			return NULL;
		value = value * 10 + (*s - '0');
	}
	*ret = value;
	return s;
}

static const char *take_char(const char *s, char c)
{
	return s && *s == c ? s + 1 : NULL;
}

static const char *take_fraction(const char *s, int *ret_ms)
{
	int scale = 100;

	*ret_ms = 0;
	if (*s != '.' && *s != ',')
		return s;
	s++;
	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++, scale /= 10)
		*ret_ms += (*s - '0') * scale;
	return s;
}

static const char *take_zone(const char *s, bool need_zone, int *ret_minutes)
{
	int sign = *s == '-' ? -1 : 1, hours = 0, minutes = 0;

	*ret_minutes = 0;
	if (!*s)
		return need_zone ? NULL : s;
	if (*s == 'Z')
		return s + 1;
	if (*s != '+' && *s != '-')
		return NULL;
	s = take_digits(s + 1, 2, &hours);
	if (s && *s == ':')
		s++;
	s = take_digits(s, 2, &minutes);
	*ret_minutes = sign * (hours * 60 + minutes);
	return s;
}

/* The time of the day after the 'T', and the zone. */
static const char *take_clock(const char *s, bool need_zone, struct tm *tm, int *ms, int *zone)
{
	s = take_char(take_digits(s, 2, &tm->tm_hour), ':');
	s = take_digits(s, 2, &tm->tm_min);
	if (s && *s == ':')
		s = take_digits(s + 1, 2, &tm->tm_sec);
	if (s)
		s = take_fraction(s, ms);
	if (s)
		s = take_zone(s, need_zone, zone);
	return s;
}

bool standin_parse_time(const char *s, bool need_zone, bool date_ok, int64_t *ret_ms)
{
	struct tm tm = {0};
	int ms = 0, zone = 0;

	s = take_char(take_digits(s, 4, &tm.tm_year), '-');
	s = take_char(take_digits(s, 2, &tm.tm_mon), '-');
	s = take_digits(s, 2, &tm.tm_mday);
	if (!s || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return false;
	if (!*s && date_ok)
		goto done;
	s = take_clock(take_char(s, 'T'), need_zone, &tm, &ms, &zone);
	if (!s || *s || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
done:
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_ms = ((int64_t)timegm(&tm) - (int64_t)zone * 60) * 1000 + ms;
	return true;
}

bool standin_parse_decimal(const char *s, __int128 *ret_nano)
{
	bool negative = *s == '-';
	__int128 value = 0;
	int decimals = -1, digits = 0;

	if (*s == '-' || *s == '+')
		s++;
	for (; *s; s++) {
		if (*s == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (!isdigit((unsigned char)*s) || ++digits > 27)
			return false;
		if (decimals >= 9)
			continue;
		value = value * 10 + (*s - '0');
		if (decimals >= 0)
			decimals++;
	}
	for (int i = decimals < 0 ? 0 : decimals; i < 9; i++)
		value *= 10;
	*ret_nano = negative ? -value : value;
	return digits > 0;
}

void standin_format_decimal(__int128 nano, char out[64])
{
	bool negative = nano < 0;
	unsigned __int128 milli = ((unsigned __int128)(negative ? -nano : nano) + 500000) / 1000000;
	unsigned fraction = (unsigned)(milli % 1000);
	unsigned __int128 whole = milli / 1000;
	char digits[48];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + (int)(whole % 10));
		whole /= 10;
	} while (whole && at);
	snprintf(out, 64, "%s%s.%03u", negative && milli ? "-" : "", digits + at, fraction);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void standin_unescape(char *s, bool plus)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			*out++ = (char)(hex(s[1]) * 16 + hex(s[2]));
			s += 2;
		} else {
			*out++ = plus && *s == '+' ? ' ' : *s;
		}
	}
	*out = '\0';
}

struct json_object *json_member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &v);
	return v;
}

bool json_member_present(struct json_object *o, const char *key)
{
	return json_object_is_type(o, json_type_object) &&
	       json_object_object_get_ex(o, key, NULL);
}

const char *json_member_text(struct json_object *o, const char *key)
{
	struct json_object *v = json_member(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

int64_t json_member_int(struct json_object *o, const char *key, int64_t fallback)
{
	struct json_object *v = json_member(o, key);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : fallback;
}

int64_t json_member_count(struct json_object *o, const char *key)
{
	int64_t n = json_member_int(o, key, 0);

	return n < 0 ? 0 : n > 10000000 ? 10000000 : n;
}

const char *json_text(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						 JSON_C_TO_STRING_NOSLASHESCAPE);
}

struct json_object *json_constant(const char *s)
{
	return checked(json_tokener_parse(s));
}

struct json_object *json_strict(const char *s, size_t len)
{
	struct json_tokener *tok = checked(json_tokener_new());
	struct json_object *o;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, s, (int)len);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, "", 1);
	if (json_tokener_get_error(tok) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tok);
	return o;
}

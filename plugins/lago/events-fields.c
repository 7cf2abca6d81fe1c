/* SPDX-License-Identifier: Apache-2.0 */
/* events-fields.c - the fields of a usage event, and a record's own form. Does no I/O. */
#include "lago/events.h"

#include "lago/pure.h"

#include <stdio.h>
#include <string.h>

/* Beyond this an instant is no count of seconds but one of milliseconds, or nonsense: year 5138. */
#define SECONDS_END 100000000000

const struct ferry_field event_fields[] = {
	{.name = "transaction_id",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_REQUIRED | FERRY_FIELD_IDENTIFIER,
	 .help = "the event's identity: make it of the record's key, the same each time"},
	{.name = "external_subscription_id",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_REQUIRED,
	 .help = "your id of the subscription; Lago does not check that it exists"},
	{.name = "code",
	 .type = FERRY_TEXT,
	 .flags = FERRY_FIELD_REQUIRED,
	 .help = "code of the billable metric"},
	{.name = "timestamp",
	 .type = FERRY_NULL,
	 .flags = FERRY_FIELD_REQUIRED,
	 .help = "when it happened: a time, or Unix seconds"},
	{.name = "properties.*",
	 .type = FERRY_NULL,
	 .help = "a property; numbers are sent as text, which is exact"},
	{.name = "precise_total_amount_cents",
	 .type = FERRY_DECIMAL,
	 .help = "amount of a dynamic charge"},
	{0},
};

struct ferry_value event_seconds(int64_t us, char text[32])
{
	int64_t secs = us / 1000000, frac = us % 1000000;
	int n;

	if (frac == 0)
		return (struct ferry_value){.i = secs, .type = FERRY_INT};
	n = snprintf(text, 32, "%lld.%06d", (long long)secs, (int)(frac < 0 ? -frac : frac));
	while (text[n - 1] == '0')
		n--;
	text[n] = '\0';
	return (struct ferry_value){.s = text, .len = (uint32_t)n, .type = FERRY_DECIMAL};
}

/* "1741219251.590": whole seconds to *secs; the fraction's length without zeros at its end. */
static bool read_seconds(const char *s, size_t len, int64_t *secs, size_t *fraction)
{
	const char *dot = memchr(s, '.', len);
	size_t whole = dot ? (size_t)(dot - s) : len;

	*fraction = 0;
	if (!whole || *s == '+' || *s == '-' || !rest_read_int(s, whole, secs))
		return false;
	for (size_t i = whole + 1; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		if (s[i] != '0')
			*fraction = i - whole;
	}
	return true;
}

static int own_timestamp(const struct ferry_pure *pure, struct ferry_value *v,
			 struct ferry_issue *issue)
{
	static const char name[] = "timestamp";
	int64_t secs = 0, us;
	size_t fraction = 0;

	switch ((enum ferry_type)v->type) {
	case FERRY_INT:
		secs = v->i;
		break;
	case FERRY_TIME:
		secs = v->i / 1000000 - (v->i % 1000000 < 0);
		break;
	case FERRY_TEXT:
	case FERRY_DECIMAL:
		if (read_seconds(v->s, v->len, &secs, &fraction))
			break;
		if (!rest_time_parse(v->s, v->len, &us))
			return lago_issue(issue, name, "is neither a time nor Unix seconds");
		secs = us / 1000000 - (us % 1000000 < 0);
		break;
	default:
		return lago_issue(issue, name, "is neither a time nor Unix seconds");
	}
	if (secs <= 0 || secs >= SECONDS_END)
		return lago_issue(issue, name, "%lld is no plausible number of Unix seconds%s",
				(long long)secs, secs >= SECONDS_END ? " (milliseconds?)" : "");
	if (fraction) {
		size_t whole = (size_t)((const char *)memchr(v->s, '.', v->len) - v->s);
		lago_own(pure, v, FERRY_DECIMAL, v->s, whole + 1 + fraction);
	} else {
		*v = (struct ferry_value){.i = secs, .type = FERRY_INT};
	}
	return 0;
}

static int own_property(const struct ferry_pure *pure, struct ferry_value *v, const char *name,
			struct ferry_issue *issue)
{
	char text[REST_TIME];
	rest_node *root;
	size_t len;

	switch ((enum ferry_type)v->type) {
	case FERRY_INT:
		lago_own(pure, v, FERRY_TEXT, text,
			 (size_t)snprintf(text, sizeof text, "%lld", (long long)v->i));
		return 0;
	case FERRY_DECIMAL:
		v->type = FERRY_TEXT;
		return 0;
	case FERRY_TIME:
		len = rest_time_format(v->i, -1, true, text);
		lago_own(pure, v, FERRY_TEXT, text, len);
		return 0;
	case FERRY_JSON:
		if (!rest_try_parse(v->s, v->len, &root))
			return lago_issue(issue, name, "is not valid JSON");
		const char *s = rest_dump(root, &len);
		lago_own(pure, v, FERRY_JSON, s, len);
		rest_free(root);
		return 0;
	case FERRY_BYTES:
		return lago_issue(issue, name, "is binary, which no property can hold");
	default:
		return 0;
	}
}

int events_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			struct ferry_issue *issue)
{
	if (lago_storable(pure, fields, issue))
		return -1;
	for (size_t i = 0; i < pure->layout->n; i++) {
		const char *name = pure->layout->names[i];
		struct ferry_value *v = &fields[i];
		if (!strcmp(name, "timestamp")) {
			if (own_timestamp(pure, v, issue))
				return -1;
		} else if (!strncmp(name, PROPERTIES, strlen(PROPERTIES))) {
			if (own_property(pure, v, name, issue))
				return -1;
		} else if (!strcmp(name, "transaction_id") ||
			   !strcmp(name, "external_subscription_id") || !strcmp(name, "code")) {
			if (v->type != FERRY_TEXT || !v->len)
				return lago_issue(issue, name, "is empty");
		}
	}
	return 0;
}

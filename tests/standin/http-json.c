/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of the http stand-in, scanned where it lies: no value is copied or built. */
#include "http-standin.h"

#include <string.h>

const char *http_skip_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* p is behind the opening quote. */
static const char *skip_string(const char *p, const char *end)
{
	while (p < end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	return p < end ? p + 1 : NULL;
}

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' ||
	       c == '.' || c == 'E';
}

const char *http_skip_value(const char *p, const char *end)
{
	int depth = 0;

	do {
		p = http_skip_blank(p, end);
		if (p == end)
			return NULL;
		switch (*p) {
		case '"':
			p = skip_string(p + 1, end);
			if (!p)
				return NULL;
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			if (!depth--)
				return NULL;
			p++;
			break;
		case ',':
		case ':':
			if (!depth)
				return NULL;
			p++;
			break;
		default:
			/* a number, true, false or null */
			if (!is_plain(*p))
				return NULL;
			while (p < end && is_plain(*p))
				p++;
			break;
		}
	} while (depth);
	return p;
}

bool http_span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && !memcmp(span.s, text, span.len);
}

bool http_member(struct span object, const char *name, struct span *ret)
{
	const char *p = object.s, *end = object.s + object.len;

	p = http_skip_blank(p, end);
	if (p == end || *p++ != '{')
		return false;
	for (;;) {
		p = http_skip_blank(p, end);
		if (p == end || *p != '"')
			return false;
		const char *start = p + 1, *stop = skip_string(start, end);

		if (!stop)
			return false;
		p = http_skip_blank(stop, end);
		if (p == end || *p++ != ':')
			return false;
		const char *value = http_skip_blank(p, end);

		p = http_skip_value(value, end);
		if (!p)
			return false;
		if (http_span_is((struct span){start, (size_t)(stop - 1 - start)}, name)) {
			bool quoted = *value == '"';

			*ret = (struct span){value + quoted, (size_t)(p - value) - 2 * quoted};
			return true;
		}
		p = http_skip_blank(p, end);
		if (p == end || *p++ != ',')
			return false;
	}
}

/* As http_skip_value for an object, noting members. */
static const char *scan_object(const char *p, const char *end, struct http_wanted *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wanted[i].value = (struct span){0};
	p = http_skip_blank(p + 1, end);
	if (p < end && *p == '}')
		return p + 1;
	for (;;) {
		p = http_skip_blank(p, end);
		if (p == end || *p != '"')
			return NULL;
		const char *start = p + 1, *stop = skip_string(start, end);

		p = stop ? http_skip_blank(stop, end) : end;
		if (p == end || *p != ':')
			return NULL;
		const char *value = http_skip_blank(p + 1, end);

		p = http_skip_value(value, end);
		if (!p)
			return NULL;
		size_t len = (size_t)(stop - 1 - start), quoted = *value == '"';

		for (size_t i = 0; i < n; i++)
			if (wanted[i].len == len && !memcmp(wanted[i].name, start, len))
				wanted[i].value = (struct span){
					value + quoted, (size_t)(p - value) - 2 * quoted};
		p = http_skip_blank(p, end);
		if (p == end || (*p != ',' && *p != '}'))
			return NULL;
		if (*p++ == '}')
			return p;
	}
}

int http_next_element(struct span list, size_t *at, struct span *ret, struct http_wanted *wanted,
		      size_t n_wanted)
{
	const char *p = list.s + *at, *end = list.s + list.len;
	const char *first = http_skip_blank(list.s, end);
	bool array = first < end && *first == '[';

	p = http_skip_blank(p, end);
	if (array && p == first)
		p = http_skip_blank(p + 1, end);
	else if (array && p < end && *p == ',')
		p = http_skip_blank(p + 1, end);
	if (array && p < end && *p == ']')
		return http_skip_blank(p + 1, end) == end ? 0 : -1;
	if (p == end)
		return array ? -1 : 0;
	const char *stop = *p == '{' ? scan_object(p, end, wanted, n_wanted)
				     : http_skip_value(p, end);

	if (!stop)
		return -1;
	*ret = (struct span){p, (size_t)(stop - p)};
	*at = (size_t)(stop - list.s);
	return 1;
}

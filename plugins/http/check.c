/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - is a text one JSON value? What the user's data or settings call JSON goes into bodies as
 * it is, so it must not be able to end the object it stands in. No memory, no recursion.
 */
#include "http/http.h"

#include <string.h>

#define DEPTH 128

struct scan {
	const char *p, *end;
};

static void blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool word(struct scan *s, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n))
		return false;
	s->p += n;
	return true;
}

static bool is_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static bool digits(struct scan *s)
{
	if (!is_digit(s))
		return false;
	while (is_digit(s))
		s->p++;
	return true;
}

static bool number(struct scan *s)
{
	word(s, "-");
	if (!word(s, "0") && !digits(s))
		return false;
	if (word(s, ".") && !digits(s))
		return false;
	if (word(s, "e") || word(s, "E")) {
		if (!word(s, "+"))
			word(s, "-");
		return digits(s);
	}
	return true;
}

static bool escape(struct scan *s)
{
	if (s->p == s->end)
		return false;
	if (*s->p != 'u')
		return *s->p && strchr("\"\\/bfnrt", *s->p++);
	for (int i = 0; i < 4; i++)
		if (++s->p == s->end || !*s->p || !strchr("0123456789abcdefABCDEF", *s->p))
			return false;
	s->p++;
	return true;
}

static bool string(struct scan *s)
{
	if (!word(s, "\""))
		return false;
	while (s->p < s->end && *s->p != '"') {
		if ((unsigned char)*s->p < 0x20)
			return false;
		if (*s->p++ == '\\' && !escape(s))
			return false;
	}
	return word(s, "\"");
}

static bool scalar(struct scan *s)
{
	if (s->p == s->end)
		return false;
	switch (*s->p) {
	case '"': return string(s);
	case 't': return word(s, "true");
	case 'f': return word(s, "false");
	case 'n': return word(s, "null");
	default: return number(s);
	}
}

static bool member_name(struct scan *s)
{
	blanks(s);
	if (!string(s))
		return false;
	blanks(s);
	return word(s, ":");
}

/* Behind a value: the ends of what it stood in, then a comma and maybe a name. False: malformed. */
static bool after_value(struct scan *s, const char *open, int *depth, bool *more)
{
	*more = false;
	blanks(s);
	while (*depth && word(s, open[*depth - 1] == '{' ? "}" : "]")) {
		--*depth;
		blanks(s);
	}
	if (!*depth)
		return s->p == s->end;
	*more = true;
	return word(s, ",") && (open[*depth - 1] != '{' || member_name(s));
}

bool http_is_json(const char *text, size_t len)
{
	struct scan s = {text, text + len};
	char open[DEPTH];
	int depth = 0;

	for (bool more = true; more;) {
		blanks(&s);
		char c = s.p < s.end ? *s.p : '\0';
		if (c == '{' || c == '[') {
			if (depth == DEPTH)
				return false;
			open[depth++] = c;
			s.p++;
			blanks(&s);
			bool empty = s.p < s.end && *s.p == (c == '{' ? '}' : ']');
			if (!empty) {
				if (c == '{' && !member_name(&s))
					return false;
				continue;
			}
		} else if (!scalar(&s)) {
			return false;
		}
		if (!after_value(&s, open, &depth, &more))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - the next page by a Link header (RFC 8288): <https://...>; rel="next". No I/O. */
#include "http/http.h"

#include <string.h>

static const char *blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Whether "prev next" has the word, in any case. */
static bool has_word(const char *s, size_t len, const char *word)
{
	for (size_t i = 0, n; i < len; i += n + 1) {
		for (n = 0; i + n < len && s[i + n] != ' '; n++)
			;
		if (rest_equal_nocase(s + i, n, word, strlen(word)))
			return true;
	}
	return false;
}

/* One parameter's value; returns what is behind it. */
static const char *take_value(const char *s, const char **value, size_t *len)
{
	if (*s != '"') {
		*value = s;
		*len = strcspn(s, ";, \t");
		return s + *len;
	}
	*value = ++s;
	while (*s && *s != '"')
		s += *s == '\\' && s[1] ? 2 : 1;
	*len = (size_t)(s - *value);
	return s + (*s == '"');
}

/* The parameters behind a link; *next tells whether it is the one. Returns what is behind them. */
static const char *take_parameters(const char *s, bool *next)
{
	bool seen = false;

	*next = false;
	for (s = blanks(s); *s == ';'; s = blanks(s)) {
		const char *name = blanks(s + 1), *value = "";
		size_t n = strcspn(name, "=;, \t"), len = 0;
		s = blanks(name + n);
		if (*s == '=')
			s = take_value(blanks(s + 1), &value, &len);
		/* the first rel counts */
		if (!seen && rest_equal_nocase(name, n, "rel", 3)) {
			seen = true;
			*next = has_word(value, len, "next");
		}
	}
	return s;
}

bool http_link_next(const char *s, const char **ret, size_t *len)
{
	bool next;

	for (s = blanks(s); *s == '<'; s = blanks(s + strspn(s, ", \t"))) {
		const char *end = strchr(s, '>');
		if (!end)
			return false;
		*ret = s + 1;
		*len = (size_t)(end - s) - 1;
		s = take_parameters(end + 1, &next);
		if (next)
			return *len > 0;
		if (*s && *s != ',')
			return false;
	}
	return false;
}

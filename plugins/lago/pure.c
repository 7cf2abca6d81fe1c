/* SPDX-License-Identifier: Apache-2.0 */
/* pure.c - see pure.h */
#include "lago/pure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int lago_issue(struct ferry_issue *issue, const char *field, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(issue->message, sizeof issue->message, fmt, ap);
	va_end(ap);
	issue->field = field;
	return -1;
}

void lago_own(const struct ferry_pure *pure, struct ferry_value *v, enum ferry_type type,
	      const char *s, size_t len)
{
	char *copy = pure->alloc(pure, len + 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	*v = (struct ferry_value){.s = copy, .len = (uint32_t)len, .type = (uint8_t)type};
}

void lago_capitals(const struct ferry_pure *pure, struct ferry_value *v)
{
	char *copy = pure->alloc(pure, v->len + 1);

	for (size_t i = 0; i < v->len; i++)
		copy[i] = v->s[i] >= 'a' && v->s[i] <= 'z' ? (char)(v->s[i] - 32) : v->s[i];
	v->s = copy;
}

bool lago_own_codes(const struct ferry_pure *pure, struct ferry_value *v)
{
	rest_node *list = v->type == FERRY_NULL ? rest_array() : rest_sorted_strings(v->s, v->len);
	size_t len;

	if (!list)
		return false;
	const char *s = rest_dump(list, &len);
	lago_own(pure, v, FERRY_JSON, s, len);
	rest_free(list);
	return true;
}

bool lago_own_json(const struct ferry_pure *pure, struct ferry_value *v)
{
	rest_node *root;
	size_t len;

	if (!rest_try_parse(v->s, v->len, &root))
		return false;
	const char *s = rest_dump(root, &len);
	lago_own(pure, v, FERRY_JSON, s, len);
	rest_free(root);
	return true;
}

bool lago_addressable(const struct ferry_value *v)
{
	return v->type == FERRY_TEXT && v->len && !(v->len == 1 && v->s[0] == '.') &&
	       !(v->len == 2 && !memcmp(v->s, "..", 2));
}

/* JSON text that stands for the character NUL somewhere. */
static bool json_has_nul(const char *s, size_t len)
{
	for (size_t i = 0; i + 6 <= len; i++)
		if (s[i] == '\\') {
			if (memcmp(s + i, "\\u0000", 6) == 0)
				return true;
			i++;		/* what is escaped, maybe another backslash */
		}
	return false;
}

int lago_storable(const struct ferry_pure *pure, const struct ferry_value *fields, struct ferry_issue *issue)
{
	for (size_t i = 0; i < pure->layout->n; i++) {
		const struct ferry_value *v = &fields[i];
		if ((v->type == FERRY_TEXT && v->len && memchr(v->s, '\0', v->len)) ||
		    (v->type == FERRY_JSON && json_has_nul(v->s, v->len)))
			return lago_issue(issue, pure->layout->names[i], "has a NUL character in it, which Lago cannot store");
	}
	return 0;
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

void lago_strip(struct ferry_value *v)
{
	while (v->len && blank(v->s[v->len - 1]))
		v->len--;
	for (; v->len && blank(*v->s); v->s++)
		v->len--;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pointer.c - JSON pointers (RFC 6901): where in an answer something stands. No I/O. */
#include "http/http.h"

#include <stdlib.h>
#include <string.h>

/* One step without its escapes: ~1 is a slash, ~0 a tilde. NULL when an escape is none. */
static char *unescape(const char *s, size_t len)
{
	char *out = rest_alloc(len + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] != '~') {
			out[n++] = s[i];
		} else if (i + 1 < len && (s[i + 1] == '0' || s[i + 1] == '1')) {
			out[n++] = s[++i] == '0' ? '~' : '/';
		} else {
			free(out);
			return NULL;
		}
	}
	return out;
}

const char *http_pointer_parse(const char *text, struct http_pointer *ret)
{
	*ret = (struct http_pointer){.text = text};
	if (*text && *text != '/')
		return "a JSON pointer begins with '/' (or is empty: the whole answer)";
	while (*text) {
		size_t len = strcspn(++text, "/");
		char *step = unescape(text, len);
		if (!step)
			return "'~' in a JSON pointer is written '~0', and '/' in a name '~1'";
		ret->steps = rest_resize(ret->steps, ret->n + 1, sizeof *ret->steps);
		ret->steps[ret->n++] = step;
		text += len;
	}
	return NULL;
}

void http_pointer_release(struct http_pointer *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->steps[i]);
	free(p->steps);
	*p = (struct http_pointer){0};
}

/* An array's element by its place: digits only, no leading zero. */
static bool element(rest_node *array, const char *step, rest_node **ret)
{
	int64_t i;

	if (*step < '0' || *step > '9' || (*step == '0' && step[1]) ||
	    !rest_read_int(step, strlen(step), &i) || (uint64_t)i >= rest_count(array))
		return false;
	*ret = rest_at(array, (size_t)i);
	return true;
}

rest_node *http_pointer_get(const struct http_pointer *p, rest_node *root, bool *present)
{
	bool there = true;

	for (size_t i = 0; i < p->n && there; i++) {
		if (rest_kind(root) == REST_ARRAY) {
			there = element(root, p->steps[i], &root);
		} else {
			there = rest_has(root, p->steps[i]);
			root = rest_member(root, p->steps[i]);
		}
	}
	if (present)
		*present = there;
	return there ? root : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c - what of a written record Lago did not keep, though it answered with success. */
#include "lago/resource.h"

#include <string.h>

#define WARNINGS 20			/* of one field, by one handle */

/* A decimal without what does not count: its digits before and behind the dot, and its sign. */
struct digits {
	const char *whole, *part;
	size_t n_whole, n_part;
	bool negative;
};

static struct digits read_digits(const char *s, size_t len)
{
	const char *end = s + len, *dot;
	struct digits d = {.negative = len && *s == '-'};

	s += len && (*s == '-' || *s == '+');
	while (s < end && *s == '0')
		s++;
	dot = memchr(s, '.', (size_t)(end - s));
	d.whole = s;
	d.n_whole = (size_t)((dot ? dot : end) - s);
	if (dot) {
		while (end[-1] == '0')
			end--;
		d.part = dot + 1;
		d.n_part = (size_t)(end - d.part);
	}
	d.negative = d.negative && (d.n_whole || d.n_part);
	return d;
}

/* "10" is "10.00". */
static bool same_decimal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct digits x = read_digits(a, a_len), y = read_digits(b, b_len);

	return x.negative == y.negative && x.n_whole == y.n_whole && x.n_part == y.n_part &&
	       !memcmp(x.whole, y.whole, x.n_whole) &&
	       (!x.n_part || !memcmp(x.part, y.part, x.n_part));
}

/* Whether the answer holds what was sent; texts may differ in case, and "" is no text. */
static bool kept(struct lago *h, const struct ferry_value *sent, const struct rest_piece *there)
{
	struct ferry_value got;

	if (sent->type == FERRY_JSON)
		return true;
	if (there->kind == REST_NULL || sent->type == FERRY_NULL)
		return (there->kind == REST_NULL) == (sent->type == FERRY_NULL) ||
		       (sent->type == FERRY_TEXT && !sent->len) ||
		       (there->kind == REST_STRING && !there->len);
	if (!rest_piece_value(there, sent->type, &h->room, &got))
		return false;
	if (sent->type == FERRY_DECIMAL)
		return same_decimal(sent->s, sent->len, got.s, got.len);
	if (sent->type == FERRY_TEXT)
		return rest_equal_nocase(sent->s, sent->len, got.s, got.len);
	return sent->i == got.i;
}

void lago_ignored(struct lago *h, size_t i, struct ferry_outcome *outcome)
{
	static const char head[] = "Lago accepted it, but did not keep as it was sent: ",
			  last[] = " (not reported any more)";
	size_t len = strlen(outcome->message);
	struct rest_buf b = {0};

	if (++h->warned[i] > WARNINGS)
		return;
	rest_addf(&b, "%s%s%s%s", outcome->message, len ? ", " : head, h->layout->names[i],
		  h->warned[i] == WARNINGS ? last : "");
	rest_fit(outcome->message, sizeof outcome->message, b.s, b.len);
	rest_buf_release(&b);
}

void lago_warn_ignored(struct lago *h, const struct ferry_action *action,
		       struct ferry_outcome *outcome)
{
	for (size_t i = 0; i < h->tree.n; i++) {
		const struct ferry_value *v = &action->fields[i];
		if (!h->answer[i].s || (v->type == FERRY_NULL && action->decision == FERRY_CREATE))
			continue;
		if (!kept(h, v, &h->answer[i]))
			lago_ignored(h, i, outcome);
	}
}

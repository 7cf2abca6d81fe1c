/* SPDX-License-Identifier: Apache-2.0 */
/* decimal.c - decimals as text: the same number in other digits, and the one form of it. No I/O. */
#include "lago/resource.h"

#include <string.h>

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
bool lago_same_decimal(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct digits x = read_digits(a, a_len), y = read_digits(b, b_len);

	return x.negative == y.negative && x.n_whole == y.n_whole && x.n_part == y.n_part &&
	       !memcmp(x.whole, y.whole, x.n_whole) &&
	       (!x.n_part || !memcmp(x.part, y.part, x.n_part));
}

void lago_normal_decimal(const char *s, size_t len, struct rest_buf *out)
{
	struct digits d = read_digits(s, len);

	rest_buf_reset(out);
	rest_adds(out, d.negative ? "-" : "");
	rest_add(out, d.n_whole ? d.whole : "0", d.n_whole ? d.n_whole : 1);
	if (d.n_part) {
		rest_adds(out, ".");
		rest_add(out, d.part, d.n_part);
	}
}

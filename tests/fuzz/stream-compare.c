/* SPDX-License-Identifier: Apache-2.0 */
/* stream-compare.c - see stream-compare.h */
#include "stream-compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest/stream.h"

__attribute__((format(printf, 3, 4)))
static int fail_with(struct ferry_error *err, enum ferry_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	return -1;
}

static const struct ferry_host host = {.abi = FERRY_ABI(struct ferry_host), .fail = fail_with};
static const struct rest_api api = {.host = &host, .peer = "it"};

/* What came of one reading: each element with its length, and how it ended. */
struct reading {
	struct rest_list list;
	struct rest_tree tree;
	struct rest_buf elements;
	struct ferry_error err;
	bool taken;
};

static int note(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		struct ferry_error *err)
{
	struct reading *r = ctx;

	(void)err;
	rest_addf(&r->elements, "%zu:", element->len);
	rest_add(&r->elements, element->s, element->len);
	/* what is found in it stands in it */
	if (found[0].s && (found[0].s < element->s || found[0].s + found[0].len > element->s + element->len))
		abort();
	return 0;
}

static void begin(struct reading *r, const char *path)
{
	*r = (struct reading){.taken = true};
	rest_tree_add(&r->tree, "a", 0);
	r->list = (struct rest_list){
		.what = "GET", .path = path, .tree = &r->tree, .element = note, .ctx = r};
}

/* Each piece in memory of its own, so that a look beyond it is seen. */
static void feed(struct reading *r, const char *s, size_t len)
{
	char *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	if (len)
		memcpy(exact, s, len);
	if (r->taken && rest_list_feed(&api, &r->list, exact, len, &r->err))
		r->taken = false;
	free(exact);
}

static void finish(struct reading *r)
{
	if (r->taken && rest_list_end(&api, &r->list, &r->err))
		r->taken = false;
	if (!r->taken && (r->err.code != FERRY_E_PROTOCOL || !*r->err.msg))
		abort();
	rest_list_release(&r->list);
	rest_tree_release(&r->tree);
}

static const char *differ(const struct reading *x, const struct reading *y)
{
	if (x->taken != y->taken)
		return "in pieces it is taken as something else than as a whole";
	if (x->elements.len != y->elements.len ||
	    (x->elements.len && memcmp(x->elements.s, y->elements.s, x->elements.len)))
		return "in pieces it has other elements than as a whole";
	return NULL;
}

/* The scanner's own reading of the whole text. */
static const char *against_scanner(const struct reading *r, const char *text, size_t len)
{
	struct rest_buf elements = {0};
	struct rest_piece piece;
	struct rest_scan s;
	const char *why = NULL;

	rest_scan_begin(&s, text, len);
	bool list = rest_scan_enter(&s, REST_ARRAY);
	while (list && rest_scan_element(&s)) {
		const char *start = s.p;
		if (!rest_scan_value(&s, &piece))
			break;
		rest_addf(&elements, "%td:", s.p - start);
		rest_add(&elements, start, (size_t)(s.p - start));
	}
	bool taken = list && rest_scan_end(&s);
	/* the list itself is one level, which the stream does not count */
	bool deep = s.why && strstr(s.why, "deep");
	if (!deep && taken != r->taken)
		why = "the scanner takes it as something else";
	else if (!deep && taken && (elements.len != r->elements.len ||
				    (elements.len && memcmp(elements.s, r->elements.s, elements.len))))
		why = "the scanner finds other elements";
	rest_buf_release(&elements);
	return why;
}

/* What is taken as having such a list is JSON at least. */
static const char *against_any(const struct reading *r, const char *text, size_t len)
{
	struct rest_piece piece;
	struct rest_scan s;

	rest_scan_begin(&s, text, len);
	rest_scan_value(&s, &piece);
	bool good = rest_scan_end(&s);
	bool deep = s.why && strstr(s.why, "deep");
	return r->taken && !good && !deep ? "it takes what is no JSON" : NULL;
}

const char *stream_compare(const char *text, size_t len, const char *path, size_t a, size_t b,
			   bool *taken)
{
	struct reading whole, parts;

	begin(&whole, path);
	feed(&whole, text, len);
	finish(&whole);
	begin(&parts, path);
	feed(&parts, text, a);
	feed(&parts, text + a, b - a);
	feed(&parts, text + b, len - b);
	finish(&parts);
	*taken = whole.taken;
	const char *why = differ(&whole, &parts);
	if (!why)
		why = path ? against_any(&whole, text, len) : against_scanner(&whole, text, len);
	rest_buf_release(&whole.elements);
	rest_buf_release(&parts.elements);
	return why;
}

const char *stream_compare_bytes(const char *text, size_t len, const char *path)
{
	struct reading whole, parts;

	begin(&whole, path);
	feed(&whole, text, len);
	finish(&whole);
	begin(&parts, path);
	for (size_t i = 0; i < len; i++)
		feed(&parts, text + i, 1);
	finish(&parts);
	const char *why = differ(&whole, &parts);
	rest_buf_release(&whole.elements);
	rest_buf_release(&parts.elements);
	return why;
}

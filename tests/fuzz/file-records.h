/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file-records.h - what must hold for any bytes as a file of either format: records lie one behind the
 * other and cover the text, each is found wherever the text is cut, and a record that is written from
 * the values that were read reads back as the same values.
 */
#ifndef FERRY_TESTS_FUZZ_FILE_RECORDS_H
#define FERRY_TESTS_FUZZ_FILE_RECORDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x), abort()))

/* Cut anywhere, a record is not ended yet, or the same. */
static void check_cuts(const struct dialect *d, const char *p, const struct record *whole)
{
	struct record r = {0};
	struct flaw flaw;
	size_t cuts[] = {0, whole->len / 2, whole->body, whole->len};

	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
		if (record_parse(d, p, p + cuts[i], false, &r, &flaw) == PARSED)
			MUST(r.len == whole->len && r.n == whole->n && r.body == whole->body);
	record_release(&r);
}

/*
 * Of one type and one text; a whole number is an integer the second time, even if it was 1e5, and blanks
 * between the parts of a JSON value may be others.
 */
static bool same(const struct ferry_value *a, const struct ferry_value *b)
{
	bool numbers = (a->type == FERRY_DECIMAL || a->type == FERRY_INT) && b->type == FERRY_INT;
	struct rest_buf x = {0}, y = {0};
	const char *s, *t;
	size_t n, m;

	if (a->type != b->type && !numbers)
		return false;
	if (a->type == FERRY_NULL)
		return true;
	value_text(a, &x, &s, &n);
	value_text(b, &y, &t, &m);
	bool equal = n == m;
	for (size_t i = 0; i < n && equal; i++)
		equal = s[i] == t[i] || (a->type == FERRY_JSON && s[i] == '\r' && t[i] == ' ');
	rest_buf_release(&x);
	rest_buf_release(&y);
	return equal;
}

/* Values of all fields, written again and read again. */
static void check_round(const struct dialect *d, const struct record *r)
{
	struct rest_pool pool = {0};
	struct rest_buf room = {0}, out = {0}, line = {0};
	struct record again = {0};
	struct flaw flaw;
	struct ferry_value *values = rest_alloc(r->n, sizeof *values), v;
	struct field *fields = rest_alloc(r->n, sizeof *fields), *names = rest_alloc(r->n, sizeof *names);
	bool all = true;

	for (size_t i = 0; i < r->n; i++) {
		all = all && !field_value(d, &r->fields[i], FERRY_NULL, &pool, &room, &values[i]);
		if (!all)
			break;
		rest_buf_reset(&out);
		MUST(field_put(d, &values[i], &room, &out) == PUT_OK);
		fields[i] = (struct field){.s = rest_pool_copy(&pool, rest_str(&out), out.len), .len = out.len};
		if (d->form == FORM_JSONL)
			names[i] = (struct field){.s = r->fields[i].name.s - 1, .len = r->fields[i].name.len + 2};
	}
	if (all && r->n) {
		record_put(d, names, fields, r->n, &line);
		MUST(record_parse(d, line.s, line.s + line.len, false, &again, &flaw) == PARSED);
		/* of one column that is NULL a blank line is made */
		MUST(again.len == line.len && (again.n == r->n || again.body == 0));
		for (size_t i = 0; i < again.n; i++) {
			MUST(!field_value(d, &again.fields[i], FERRY_NULL, &pool, &room, &v));
			MUST(same(&values[i], &v));
		}
	}
	free(values);
	free(fields);
	free(names);
	record_release(&again);
	rest_buf_release(&room);
	rest_buf_release(&out);
	rest_buf_release(&line);
	rest_pool_release(&pool);
}

static void check_records(const struct dialect *d, const char *text, size_t size)
{
	const char *p = text, *end = text + size;
	struct record r = {0};
	struct flaw flaw;

	while (p < end) {
		if (record_parse(d, p, end, true, &r, &flaw) != PARSED) {
			MUST(flaw.why && flaw.at >= p && flaw.at <= end);
			break;
		}
		MUST(r.s == p && r.len && r.body <= r.len && r.len <= (size_t)(end - p));
		for (size_t i = 0; i < r.n; i++)
			MUST(r.fields[i].s >= p && r.fields[i].s + r.fields[i].len <= p + r.body);
		check_cuts(d, p, &r);
		if (!utf8_flaw(p, r.body, true))
			check_round(d, &r);
		p += r.len;
	}
	record_release(&r);
}

#endif

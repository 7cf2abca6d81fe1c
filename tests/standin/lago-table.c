/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lago stand-in's tables and their paged lists. Knows nothing of the single resources.
 */
#include "lago-standin.h"

#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdlib.h>
#include <string.h>

void lago_table_init(struct lago_table *t, const char *one, const char *many)
{
	*t = (struct lago_table){
		.one = one,
		.many = many,
		.by_key = lh_kchar_table_new(64, NULL),
		.by_id = lh_kchar_table_new(64, NULL),
	};
}

static void row_free(struct lago_row *row)
{
	free(row->key);
	free(row->lago_id);
	free(row->owner);
	free(row->plan);
	free(row->status);
	free(row->text);
	free(row);
}

void lago_table_release(struct lago_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		row_free(t->row[i]);
	free(t->row);
	lh_table_free(t->by_key);
	lh_table_free(t->by_id);
	*t = (struct lago_table){0};
}

struct lago_row *lago_table_find(const struct lago_table *t, const char *key)
{
	void *row = NULL;

	return key && lh_table_lookup_ex(t->by_key, key, &row) ? row : NULL;
}

struct lago_row *lago_table_find_id(const struct lago_table *t, const char *lago_id)
{
	void *row = NULL;

	return lago_id && lh_table_lookup_ex(t->by_id, lago_id, &row) ? row : NULL;
}

struct json_object *lago_row_parse(const struct lago_row *row)
{
	return json_constant(row->text);
}

static void replace(char **field, const char *value)
{
	if (*field && value && strcmp(*field, value) == 0)
		return;
	free(*field);
	*field = standin_strdup(value);
}

void lago_row_set(struct lago_row *row, struct json_object *o)
{
	replace(&row->owner, json_member_text(o, "external_customer_id"));
	replace(&row->plan, json_member_text(o, "plan_code"));
	replace(&row->status, json_member_text(o, "status"));
	free(row->text);
	row->text = standin_strdup(json_text(o));
}

struct lago_row *lago_table_add(struct lago_table *t, const char *key, struct json_object *o)
{
	struct lago_row *row = standin_alloc(sizeof(*row));
	struct lh_entry *e = lh_table_lookup_entry(t->by_key, key);

	row->key = standin_strdup(key);
	row->lago_id = standin_strdup(json_member_text(o, "lago_id"));
	row->seq = t->n;
	lago_row_set(row, o);
	t->row = standin_grow(t->row, &t->cap, t->n + 1, sizeof(row));
	t->row[t->n++] = row;
	if (e) {
		row->older = lh_entry_v(e);
		lh_entry_set_val(e, row);
	} else {
		lh_table_insert(t->by_key, row->key, row);
	}
	lh_table_insert(t->by_id, row->lago_id, row);
	return row;
}

void lago_table_remove(struct lago_table *t, struct lago_row *row)
{
	struct lago_row *newer = lago_table_find(t, row->key);

	row->dead = true;
	t->n_dead++;
	lh_table_delete(t->by_id, row->lago_id);
	if (newer == row) {
		lh_table_delete(t->by_key, row->key);
		if (row->older)
			lh_table_insert(t->by_key, row->older->key, row->older);
		return;
	}
	while (newer && newer->older != row)
		newer = newer->older;
	if (newer)
		newer->older = row->older;
}

static int by_sort(const void *a, const void *b)
{
	const struct lago_row *x = *(struct lago_row *const *)a, *y = *(struct lago_row *const *)b;

	if (x->sort != y->sort)
		return x->sort < y->sort ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void lago_row_set_sort(struct lago_table *t, struct lago_row *row, int64_t sort)
{
	row->sort = sort;
	t->unsorted = true;
}

static void table_order(struct lago_table *t)
{
	if (t->unsorted && t->n)
		qsort(t->row, t->n, sizeof(*t->row), by_sort);
	t->unsorted = false;
}

void lago_table_dump(struct lago_table *t, struct text *out)
{
	text_printf(out, "\"%s\":[", t->many);
	for (size_t i = 0; i < t->n; i++) {
		if (t->row[i]->dead)
			continue;
		text_comma(out);
		text_puts(out, t->row[i]->text);
	}
	text_puts(out, "]");
}

/* -- pages ------------------------------------- */

static size_t query_number(const struct standin_request *req, const char *name, size_t fallback)
{
	const char *v = standin_query(req, name);
	long n = v && *v ? strtol(v, NULL, 10) : (long)fallback;

	return n < 0 ? 0 : (size_t)n;
}

bool lago_page_begin(struct lago_page *p, const struct standin_request *req, const char *many,
		     struct standin_reply *reply)
{
	*p = (struct lago_page){
		.number = query_number(req, "page", 1),
		.size = query_number(req, "per_page", 100),
	};
	if (!p->number)
		p->number = 1;
	if (!p->size) {
		reply->status = 500;
		reply->type = "text/html";
		text_puts(&reply->body, "<html><body>500</body></html>\n");
		return false;
	}
	p->skip = (p->number - 1) * p->size;
	text_printf(&reply->body, "{\"%s\":[", many);
	return true;
}

bool lago_page_take(struct lago_page *p)
{
	size_t at = p->total++;

	if (at < p->skip || p->taken == p->size)
		return false;
	p->taken++;
	return true;
}

static void page_number(struct text *out, const char *name, size_t n, bool exists)
{
	if (exists)
		text_printf(out, "\"%s\":%zu,", name, n);
	else
		text_printf(out, "\"%s\":null,", name);
}

void lago_page_end(const struct lago_page *p, struct standin_reply *reply)
{
	struct text *out = &reply->body;
	size_t pages = (p->total + p->size - 1) / p->size;
	bool inside = p->number <= pages;

	text_printf(out, "],\"meta\":{\"current_page\":%zu,", p->total ? p->number : 0);
	page_number(out, "next_page", p->number + 1, p->number < pages);
	page_number(out, "prev_page", p->number - 1, inside && p->number > 1);
	text_printf(out, "\"total_pages\":%zu,\"total_count\":%zu}}", pages, p->total);
}

/* Without gaps and filter the page's rows are known without looking at the others. */
static void list_all(struct lago_table *t, struct lago_page *p,
		     void (*emit)(const struct lago_row *row, struct text *out), struct text *out)
{
	p->total = t->n;
	for (size_t i = p->skip; i < t->n && i < p->skip + p->size; i++) {
		const struct lago_row *row = t->row[t->n - 1 - i];

		text_comma(out);
		if (emit)
			emit(row, out);
		else
			text_puts(out, row->text);
	}
}

void lago_list(struct lago_table *t, const struct standin_request *req,
	       bool (*keep)(const struct lago_row *row, const void *arg), const void *arg,
	       void (*emit)(const struct lago_row *row, struct text *out),
	       struct standin_reply *reply)
{
	struct lago_page page;
	struct text *out = &reply->body;

	if (!lago_page_begin(&page, req, t->many, reply))
		return;
	table_order(t);
	if (!keep && !t->n_dead) {
		list_all(t, &page, emit, out);
		lago_page_end(&page, reply);
		return;
	}
	for (size_t i = t->n; i-- > 0;) {
		const struct lago_row *row = t->row[i];

		if (row->dead || (keep && !keep(row, arg)) || !lago_page_take(&page))
			continue;
		text_comma(out);
		if (emit)
			emit(row, out);
		else
			text_puts(out, row->text);
	}
	lago_page_end(&page, reply);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - running a statement over the rows of a batch: its columns as array parameters.
 */
#include "postgres/postgres.h"

#include <stdlib.h>

static void pack(struct array *a, const struct destination *d, size_t place, int key,
		 const struct ferry_action *actions, const struct row *rows, size_t n, bool staged)
{
	const struct table_column *c = d->fields[place];

	array_begin(a, c);
	for (size_t i = 0; i < n; i++)
		array_see(a, c, key < 0 ? &actions[rows[i].action].fields[place] : &rows[i].key[key]);
	for (size_t i = 0; i < n && !staged; i++)
		array_add(a, c, key < 0 ? &actions[rows[i].action].fields[place] : &rows[i].key[key]);
	array_end(a);
}

/* The parameters of one statement. */
struct params {
	size_t n;
	Oid *types;
	const char **values;
	int *lengths, *formats;
};

static bool params_init(struct params *p, size_t max)
{
	*p = (struct params){
		.types = calloc(max, sizeof *p->types), .values = calloc(max, sizeof *p->values),
		.lengths = calloc(max, sizeof *p->lengths), .formats = calloc(max, sizeof *p->formats),
	};
	return p->types && p->values && p->lengths && p->formats;
}

static void params_release(struct params *p)
{
	free(p->types);
	free(p->values);
	free(p->lengths);
	free(p->formats);
}

/* Fill the arrays a statement wants. In the staging table the fields are as text already. */
static bool pack_all(struct destination *d, enum statement which, const struct ferry_action *actions,
		     const struct row *rows, size_t n, bool staged, struct params *p)
{
	size_t width = d->layout->n;

	for (size_t i = 0; i < 2 * width; i++) {
		bool key = i >= width;
		struct array *a = &d->arrays[i];
		if (key ? !statement_has_keys(which) || i - width >= d->key.n :
			  !statement_has_fields(which))
			continue;
		pack(a, d, key ? d->key.places[i - width] : i, key ? (int)(i - width) : -1, actions, rows, n, staged);
		if (a->bytes.failed)
			return false;
		if (staged)
			continue;
		p->types[p->n] = array_type(a);
		p->values[p->n] = a->bytes.s;
		p->lengths[p->n] = (int)a->bytes.len;
		p->formats[p->n++] = 1;
	}
	return true;
}

PGresult *rows_query(struct destination *d, enum statement which, const struct ferry_action *actions,
		     const struct row *rows, size_t n, bool staged, const char *stamp)
{
	struct params p;
	struct text sql = {0};
	PGresult *res = NULL;
	bool ok = params_init(&p, 2 * d->layout->n + 1) &&
		  pack_all(d, which, actions, rows, n, staged, &p);

	if (ok && stamp)
		p.values[p.n++] = stamp;
	if (ok)
		statement_text(d, which, staged, &sql);
	if (ok && !sql.failed)
		res = server_query(&d->base, &(struct query){.sql = sql.s, .n = (int)p.n, .types = p.types,
			.values = p.values, .lengths = p.lengths, .formats = p.formats}, &d->patience);
	else
		server_lose(&d->base, LOST_CONNECTION, "out of memory");
	text_release(&sql);
	params_release(&p);
	return res;
}

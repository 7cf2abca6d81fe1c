/* SPDX-License-Identifier: Apache-2.0 */
/* row.c - one row of the file, or one that is to be, and what changes make of it. */
#include "file/destination.h"

#include <stdlib.h>
#include <string.h>

static bool is_csv(const struct row *row)
{
	return row->content->shape->dialect.form == FORM_CSV;
}

/* The names as JSON lines has them, once. */
static void write_names(struct row *row)
{
	const struct shape *shape = row->content->shape;
	size_t width = shape_width(shape), from = 0;

	row->own_names = rest_alloc(width, sizeof *row->own_names);
	for (size_t i = 0; i < width; i++) {
		name_put(&shape->dialect, shape->names[i], &row->text);
		row->own_names[i].len = row->text.len - from;
		from = row->text.len;
	}
	from = 0;
	for (size_t i = 0; i < width; i++) {
		row->own_names[i].s = row->text.s + from;
		from += row->own_names[i].len;
	}
}

void row_init(struct row *row, struct content *c)
{
	*row = (struct row){.content = c};
	if (!is_csv(row)) {
		write_names(row);
	} else if (!c->columns.n) {
		columns_copy(c->shape->names, shape_width(c->shape), &c->columns);
		for (size_t i = 0; i < c->columns.n; i++)
			c->places[i] = (int)i;
	}
}

void row_release(struct row *row)
{
	free(row->names);
	free(row->fields);
	free(row->own_names);
	rest_buf_release(&row->text);
}

static size_t add_field(struct row *row)
{
	if (row->n == row->cap) {
		row->cap = row->cap ? row->cap * 2 : 32;
		row->fields = rest_resize(row->fields, row->cap, sizeof *row->fields);
		row->names = rest_resize(row->names, row->cap, sizeof *row->names);
	}
	row->fields[row->n] = row->names[row->n] = (struct field){0};
	return row->n++;
}

void row_take(struct row *row, struct content *c)
{
	const struct record *r = &c->reader.record;

	row->n = 0;
	row->exists = true;
	row->changed = false;
	row->disabled = content_is_disabled(c);
	for (size_t i = 0; i < r->n; i++) {
		size_t at = add_field(row);
		row->fields[at] = r->fields[i];
		if (!is_csv(row))
			row->names[at] = (struct field){.s = r->fields[i].name.s - 1,
							.len = r->fields[i].name.len + 2};
	}
}

static struct field null_field(const struct row *row)
{
	const struct dialect *d = &row->content->shape->dialect;

	return is_csv(row) ? (struct field){.s = d->null, .len = d->null_len} :
			     (struct field){.s = "null", .len = 4};
}

void row_none(struct row *row)
{
	row->n = 0;
	row->exists = row->changed = row->disabled = false;
}

/* One that comes into being: CSV has all its columns, JSON lines those that are written. */
static void row_new(struct row *row)
{
	size_t n = is_csv(row) ? row->content->columns.n : 0;

	row_none(row);
	for (size_t i = 0; i < n; i++) {
		size_t at = add_field(row);
		row->fields[at] = null_field(row);
	}
	row->exists = true;
}

/* Where the member of that place in the shape's names is; it is added when it is absent. */
static size_t find_member(struct row *row, size_t place)
{
	const char *name = row->content->shape->names[place];
	size_t at, len = strlen(name);

	for (at = 0; at < row->n; at++) {
		struct rest_piece piece = {row->names[at].s + 1, row->names[at].len - 2,
					   REST_STRING, true};
		if (rest_piece_is(&piece, name, len))
			return at;
	}
	add_field(row);
	row->names[at] = row->own_names[place];
	return at;
}

static void set_field(struct row *row, size_t place, const char *s, size_t len)
{
	size_t at = is_csv(row) ? (size_t)row->content->places[place] : find_member(row, place);

	row->fields[at].s = s;
	row->fields[at].len = len;
	row->changed = true;
}

static void write_fields(struct row *row, struct bytes b)
{
	const struct shape *shape = row->content->shape;
	struct field null = null_field(row);
	size_t len;

	if (!row->exists)
		row_new(row);
	for (size_t i = 0; i < shape->n; i++) {
		const char *s = bytes_text(&b, &len);
		set_field(row, i, s, len);
	}
	if (shape->disables)
		set_field(row, shape->n, null.s, null.len);
	row->disabled = false;
}

static void disable(struct row *row, struct bytes b)
{
	size_t len;
	const char *s = bytes_text(&b, &len);

	if (!row->exists || row->disabled)
		return;
	set_field(row, row->content->shape->n, s, len);
	row->disabled = true;
}

void row_change(struct row *row, struct changes *changes, uint32_t first)
{
	changes->list[first].done = 1;
	for (uint32_t i = first; i != NO_CHANGE; i = changes->list[i].next) {
		enum op op;
		struct bytes b = changes_at(changes, i, &op);
		switch (op) {
		case OP_UPSERT:
			write_fields(row, b);
			break;
		case OP_INSERT:
			if (!row->exists || row->disabled)
				write_fields(row, b);
			break;
		case OP_UPDATE:
			if (row->exists)
				write_fields(row, b);
			break;
		case OP_DELETE:
			row_none(row);
			break;
		case OP_DISABLE:
			disable(row, b);
			break;
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - one file, or all whose names fit a pattern, as rows. The rows of a batch borrow from
 * the reader's memory: they are given away before that is filled again.
 */
#include "file/file.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_ROWS 256
#define TYPES "types."

struct source {
	struct handle base;
	const struct ferry_open *open;
	struct dialect dialect;
	const char *name;
	bool sorted, strict_end;
	size_t max_row;
	char **given;			/* the setting `columns` */
	size_t n_given;

	/* of an extract */
	struct columns columns;
	enum ferry_type *types;		/* by column; FERRY_NULL: its own */
	bool announced;
	struct ferry_value *values;
	size_t n_rows;
	int64_t total, limit;
	struct rest_pool pool;
	struct rest_buf room;
};

/* ------------------------------------------------------------------ open, close */

void source_check(const struct ferry_open *open, struct teller *t)
{
	const char *name = ferry_setting_text(open, "name"), *columns;
	struct dialect d = dialect_read(open, t);
	const char *flaw = name ? folder_name_flaw(name, true) : NULL;
	size_t n;

	if (flaw)
		t->tell(t, "name", "name: '%s' %s", name, flaw);
	columns = ferry_setting_text(open, "columns");
	if (!columns)
		return;
	if (d.form == FORM_CSV && d.header)
		t->tell(t, "columns", "columns: the header names the columns; name them here with "
			"'header: false' only");
	char **names = names_split(columns, &n);
	struct columns list;
	const char *why = n ? columns_copy(names, n, &list) : "names no column";
	if (n)
		columns_free(&list);
	if (why)
		t->tell(t, "columns", "columns: %s", why);
	for (const char *const *k = open->keys; k && *k; k++)
		if (names_find(names, n, *k, strlen(*k)) < 0)
			t->tell(t, "columns", "columns: the key '%s' is not among them", *k);
	names_free(names);
}

int source_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct keeper keeper = keeper_of(open, err);
	struct source *s;

	keeper.teller.ctx = &keeper;
	source_check(open, &keeper.teller);
	if (keeper.any)
		return -1;
	s = rest_alloc(1, sizeof *s);
	s->base.role = FERRY_SOURCE;
	s->open = open;
	s->name = ferry_setting_text(open, "name");
	s->dialect = dialect_read(open, &keeper.teller);
	s->sorted = ferry_setting_int(open, "sorted", 0);
	s->strict_end = ferry_setting_int(open, "strict_end", 0);
	s->max_row = (size_t)ferry_setting_int(open, "max_row", ROW_LONGEST);
	s->given = names_split(ferry_setting_text(open, "columns"), &s->n_given);
	if (folder_open(&s->base.folder, open, err)) {
		source_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static void forget_columns(struct source *s)
{
	columns_free(&s->columns);
	free(s->types);
	free(s->values);
	s->types = NULL;
	s->values = NULL;
	s->announced = false;
}

void source_close(void *handle)
{
	struct source *s = handle;

	forget_columns(s);
	names_free(s->given);
	rest_pool_release(&s->pool);
	rest_buf_release(&s->room);
	folder_close(&s->base.folder);
	free(s);
}

uint32_t source_capabilities(void *handle)
{
	const struct source *s = handle;

	return FERRY_CAP_LOCAL | (s->sorted ? FERRY_CAP_ORDERED : 0);
}

/* ------------------------------------------------------------------ columns */

static int set_types(struct source *s, const struct reader *r, struct ferry_error *err)
{
	const struct ferry_open *open = s->open;

	s->types = rest_alloc(s->columns.n, sizeof *s->types);
	for (size_t i = 0; i < open->n_settings; i++) {
		const struct ferry_setting *set = &open->settings[i];
		if (strncmp(set->name, TYPES, strlen(TYPES)) != 0)
			continue;
		const char *name = set->name + strlen(TYPES);
		int at = names_find(s->columns.names, s->columns.n, name, strlen(name));
		if (at < 0)
			return s->base.folder.host->fail(err, FERRY_E_CONFIG,
				"%s/%s: there is no column '%s' to give a type to",
				s->base.folder.path, r->name, name);
		s->types[at] = (enum ferry_type)type_named(set->value.s);
	}
	return 0;
}

static int check_keys(const struct source *s, const struct reader *r, struct ferry_error *err)
{
	for (const char *const *k = s->open->keys; k && *k; k++)
		if (names_find(s->columns.names, s->columns.n, *k, strlen(*k)) < 0)
			return s->base.folder.host->fail(err, FERRY_E_SETUP,
				"%s/%s: has no column '%s', which the key needs",
				s->base.folder.path, r->name, *k);
	return 0;
}

/* "c1", "c2" and so on, for as many fields as the first row has. */
static void number_columns(struct columns *c, size_t n)
{
	struct rest_buf name = {0};

	*c = (struct columns){.names = rest_alloc(n + 1, sizeof *c->names)};
	for (; c->n < n; c->n++) {
		rest_buf_reset(&name);
		rest_addf(&name, "c%zu", c->n + 1);
		c->names[c->n] = rest_copy(name.s, name.len);
	}
	rest_buf_release(&name);
}

/* The columns are known, from the settings or the record that is there. */
static int set_columns(struct source *s, const struct reader *r, struct ferry_error *err)
{
	const char *why = NULL;

	if (s->given)
		why = columns_copy(s->given, s->n_given, &s->columns);
	else if (s->dialect.form == FORM_CSV && !s->dialect.header)
		number_columns(&s->columns, r->record.n);
	else
		why = columns_read(&s->dialect, &r->record, &s->columns);
	if (!why && !s->columns.n)
		why = "the first object has no members: name the columns as 'columns'";
	if (why)
		return reader_fail_at(r, r->line, err, "%s", why);
	return check_keys(s, r, err) || set_types(s, r, err) ? -1 : 0;
}

static int same_columns(const struct source *s, const struct reader *r, struct ferry_error *err)
{
	struct columns other;
	const char *why = columns_read(&s->dialect, &r->record, &other);
	bool same = !why && other.n == s->columns.n;

	for (size_t i = 0; i < other.n && same; i++)
		same = strcmp(other.names[i], s->columns.names[i]) == 0;
	columns_free(&other);
	return same ? 0 : reader_fail_at(r, r->line, err, "%s", why ? why :
					 "the header is not that of the files before it");
}

/* Step over the header; the first one names the columns. */
static int read_header(struct source *s, struct reader *r, struct ferry_error *err)
{
	if (!s->dialect.header)
		return 0;
	int status = reader_next(r, err);
	if (status == READ_END)
		return reader_fail_at(r, 1, err, "the file is empty: not even a header is there");
	if (status < 0)
		return -1;
	return s->columns.n ? same_columns(s, r, err) : set_columns(s, r, err);
}

static int open_file(struct source *s, struct reader *r, const char *name, struct ferry_error *err)
{
	bool there;

	reader_init(r, &s->base.folder, &s->dialect, name, s->max_row);
	r->strict_end = s->strict_end;
	if (reader_open(r, &there, err))
		return -1;
	if (!there)
		return s->base.folder.host->fail(err, FERRY_E_SETUP, "%s/%s: there is no such file",
						 s->base.folder.path, name);
	if (s->given && !s->columns.n && set_columns(s, r, err))
		return -1;
	if (read_header(s, r, err))
		return -1;
	r->columns = s->columns.n;
	return 0;
}

/* The file, or all that fit. */
static int find_files(const struct source *s, char ***names, size_t *n, struct ferry_error *err)
{
	if (strpbrk(s->name, "*?["))
		return folder_match(&s->base.folder, s->name, names, n, err);
	*names = rest_alloc(1, sizeof **names);
	(*names)[0] = rest_copy(s->name, strlen(s->name));
	*n = 1;
	return 0;
}

int source_validate(void *handle, struct ferry_error *err)
{
	struct source *s = handle;
	struct reader r;
	char **names = NULL;
	size_t n;

	if (find_files(s, &names, &n, err))
		return -1;
	forget_columns(s);
	int status = open_file(s, &r, names[0], err);
	/* one that is to name its columns by its first row must have one, or be one of several */
	if (!status && !s->columns.n) {
		status = reader_next(&r, err);
		if (status == READ_RECORD)
			status = set_columns(s, &r, err);
	}
	reader_close(&r);
	forget_columns(s);
	folder_names_free(names, n);
	return status;
}

/* ------------------------------------------------------------------ rows */

static int announce(struct source *s, const struct ferry_extract *want, struct ferry_sink *sink,
		    struct ferry_error *err)
{
	struct ferry_column *columns = rest_alloc(s->columns.n, sizeof *columns);

	for (size_t i = 0; i < s->columns.n; i++) {
		bool text = s->dialect.form == FORM_CSV && !s->types[i];
		columns[i] = (struct ferry_column){s->columns.names[i],
						   text ? FERRY_TEXT : s->types[i]};
	}
	s->values = rest_alloc(s->columns.n * BATCH_ROWS, sizeof *s->values);
	s->announced = true;
	int status = sink->columns(sink, columns, s->columns.n, s->sorted && want->want_order, err);
	free(columns);
	return status;
}

static int flush(struct source *s, struct ferry_sink *sink, struct ferry_error *err)
{
	size_t n = s->n_rows;

	if (s->base.folder.host->cancelled(s->base.folder.host))
		return s->base.folder.host->fail(err, FERRY_E_CANCELLED, "cancelled");
	s->n_rows = 0;
	if (n && sink->rows(sink, s->values, n, err))
		return -1;
	rest_pool_reset(&s->pool);
	return 0;
}

static int bad_value(const struct source *s, const struct reader *r, size_t column,
		     const char *why, struct ferry_error *err)
{
	return reader_fail_at(r, r->line, err, "column '%s' %s", s->columns.names[column], why);
}

static int csv_row(struct source *s, const struct reader *r, struct ferry_value *row,
		   struct ferry_error *err)
{
	if (r->record.n != s->columns.n)
		return reader_fail_at(r, r->line, err, "%zu fields instead of %zu", r->record.n,
				      s->columns.n);
	for (size_t i = 0; i < s->columns.n; i++) {
		const char *why = field_value(&s->dialect, &r->record.fields[i], s->types[i],
					      &s->pool, &s->room, &row[i]);
		if (why)
			return bad_value(s, r, i, why, err);
	}
	return 0;
}

/* Where the member's column is: usually right behind the one before. */
static int column_of(const struct source *s, const struct rest_piece *name, size_t next)
{
	for (size_t k = 0; k < s->columns.n; k++) {
		size_t i = (next + k) % s->columns.n;
		if (rest_piece_is(name, s->columns.names[i], strlen(s->columns.names[i])))
			return (int)i;
	}
	return -1;
}

static int unknown_member(struct source *s, const struct reader *r, const struct rest_piece *name,
			  struct ferry_error *err)
{
	char shown[80];
	size_t len;
	const char *text = rest_piece_text(name, &s->room, &len);

	rest_fit(shown, sizeof shown, text, len);
	return reader_fail_at(r, r->line, err, "the member '%s' is not in the first row: name all "
			      "that are wanted as 'columns'", shown);
}

static int jsonl_row(struct source *s, const struct reader *r, struct ferry_value *row,
		     struct ferry_error *err)
{
	size_t next = 0;

	memset(row, 0, s->columns.n * sizeof *row);	/* what is absent is NULL */
	for (size_t i = 0; i < r->record.n; i++) {
		const struct field *f = &r->record.fields[i];
		int at = column_of(s, &f->name, next);
		if (at < 0 && s->given)
			continue;
		if (at < 0)
			return unknown_member(s, r, &f->name, err);
		next = (size_t)at + 1;
		const char *why = field_value(&s->dialect, f, s->types[at], &s->pool, &s->room,
					      &row[at]);
		if (why)
			return bad_value(s, r, (size_t)at, why, err);
	}
	return 0;
}

static int add_row(struct source *s, const struct reader *r, const struct ferry_extract *want,
		   struct ferry_sink *sink, struct ferry_error *err)
{
	if (!s->columns.n && set_columns(s, r, err))
		return -1;
	if (!s->announced && announce(s, want, sink, err))
		return -1;
	struct ferry_value *row = s->values + s->n_rows * s->columns.n;
	if (s->dialect.form == FORM_CSV ? csv_row(s, r, row, err) : jsonl_row(s, r, row, err))
		return -1;
	s->total++;
	return ++s->n_rows == BATCH_ROWS ? flush(s, sink, err) : 0;
}

static bool enough(const struct source *s)
{
	return s->limit && s->total >= s->limit;
}

static int read_rows(struct source *s, struct reader *r, const struct ferry_extract *want,
		     struct ferry_sink *sink, struct ferry_error *err)
{
	int status = READ_FILL;

	while (!enough(s) && (status = reader_step(r, err)) != READ_END) {
		if (status < 0)
			return -1;
		if (status == READ_RECORD) {
			r->columns = s->columns.n;
			if (add_row(s, r, want, sink, err))
				return -1;
			continue;
		}
		size_t before = r->len - r->at;
		if (flush(s, sink, err) || reader_fill(r, err))
			return -1;
		sink->page(sink, "page", r->len - before);
	}
	if (flush(s, sink, err))
		return -1;
	return enough(s) ? 0 : reader_unchanged(r, err);
}

static int extract_file(struct source *s, const char *name, const struct ferry_extract *want,
			struct ferry_sink *sink, struct ferry_error *err)
{
	struct reader r;
	int status = open_file(s, &r, name, err);

	if (!status && s->columns.n && !s->announced)
		status = announce(s, want, sink, err);
	if (!status)
		status = read_rows(s, &r, want, sink, err);
	/* what looks wrong may just be half of another file */
	if (status && err && err->code == FERRY_E_DATA && r.fd >= 0 && reader_was_changed(&r))
		reader_unchanged(&r, err);
	reader_close(&r);
	return status;
}

int source_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		   struct ferry_error *err)
{
	struct source *s = handle;
	char **names = NULL;
	size_t n, i;

	forget_columns(s);
	s->total = 0;
	s->n_rows = 0;
	s->limit = want->limit;
	int status = find_files(s, &names, &n, err);
	for (i = 0; !status && i < n && !enough(s); i++)
		status = extract_file(s, names[i], want, sink, err);
	if (!status && !s->announced)
		status = s->base.folder.host->fail(err, FERRY_E_DATA,
			"%s/%s: the file is empty and does not say what its columns are: name them as "
			"'columns'", s->base.folder.path, s->name);
	folder_names_free(names, n);
	return status;
}

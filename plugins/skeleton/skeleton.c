/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton.c - the smallest connector that is of use: a text file with one record a line and its
 * values between tabs, as source and as destination. Copy it to begin your own.
 *
 * The file is read and written as a whole, so it suits thousands of records, not millions. What a
 * connector must get right is all here: settings, errors, refusing what cannot be stored before
 * anything is sent, an outcome for every action, and that doing an action twice does no harm.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <ferry/connector.h>

#define ROWS_AT_ONCE 500
#define LONGEST_KEY (sizeof(((struct ferry_outcome *)0)->dest_id) - 1)

/* The file in memory: lines of cells, the first line being the names of the columns. */
struct table {
	char *text;			/* cells point into it */
	char **cells;			/* n_rows times n_columns */
	size_t n_rows, n_columns;
};

/* All state is in here, none in globals: several handles work at once, each in its own thread. */
struct skeleton {
	const struct ferry_open *open;	/* lives as long as the handle */
	const struct ferry_host *host;
	const char *path;
	size_t key;			/* destination: which of the mapped fields is the key */
	struct table looked_up;		/* what the last lookup gave out points into these */
	struct ferry_value *found;
};

static int no_memory(const struct skeleton *s, struct ferry_error *err)
{
	return s->host->fail(err, FERRY_E_NOMEM, "%s: out of memory", s->path);
}

/* ---- the file */

static void table_release(struct table *t)
{
	free(t->text);
	free(t->cells);
	*t = (struct table){0};
}

/* Cut the text into cells; each line must have as many as the first one. */
static int table_split(const struct skeleton *s, struct table *t, struct ferry_error *err)
{
	size_t lines = 1;
	char *at = t->text;

	t->n_columns = 1;
	for (const char *c = at; *c; c++) {
		lines += *c == '\n';
		t->n_columns += *c == '\t' && lines == 1;
	}
	t->cells = calloc(lines * t->n_columns, sizeof *t->cells);
	if (!t->cells)
		return no_memory(s, err);
	for (char **cell = t->cells; *at; t->n_rows++)
		for (size_t i = 1; i <= t->n_columns; i++) {
			*cell++ = at;
			at += strcspn(at, "\t\n");
			if (i < t->n_columns ? *at != '\t' : *at == '\t')
				return s->host->fail(err, FERRY_E_DATA,
						     "%s:%zu: not %zu values between tabs", s->path,
						     t->n_rows + 1, t->n_columns);
			if (*at)
				*at++ = '\0';
		}
	return 0;
}

/* A destination that is not there yet is an empty one. */
static int table_read(const struct skeleton *s, struct table *t, struct ferry_error *err)
{
	size_t cap = 0;
	FILE *f = fopen(s->path, "re");

	*t = (struct table){0};
	if (!f && (errno != ENOENT || s->open->role == FERRY_SOURCE))
		return s->host->fail(err, FERRY_E_SYSTEM, "%s: %s", s->path, strerror(errno));
	if (!f)
		return 0;
	/* a text has no NUL in it, so this reads up to the end */
	ssize_t len = getdelim(&t->text, &cap, '\0', f);
	int rc = 0;
	if (len < 0 && !feof(f))
		rc = s->host->fail(err, FERRY_E_SYSTEM, "%s: %s", s->path, strerror(errno));
	else if (len > 0 && t->text[len - 1] == '\0')
		rc = s->host->fail(err, FERRY_E_DATA, "%s: is not a text file", s->path);
	else if (len > 0)
		rc = table_split(s, t, err);
	fclose(f);
	if (rc < 0)
		table_release(t);
	return rc;
}

/* An empty text and NULL look the same in such a file: both are NULL. */
static struct ferry_value from_cell(const char *cell)
{
	if (!*cell)
		return (struct ferry_value){.type = FERRY_NULL};
	return (struct ferry_value){.s = cell, .len = (uint32_t)strlen(cell), .type = FERRY_TEXT};
}

/* ---- open and close */

/* Which mapped field is the key? The engine says its name when it is a plain column. */
static int find_key(struct skeleton *s, struct ferry_error *err)
{
	const struct ferry_layout *layout = s->open->layout;
	const char *const *keys = s->open->keys;

	if (!keys || !keys[0] || keys[1])
		return s->host->fail(err, FERRY_E_CONFIG, "the key must be one plain column");
	for (s->key = 0; s->key < layout->n; s->key++)
		if (strcmp(layout->names[s->key], keys[0]) == 0)
			return 0;
	return s->host->fail(err, FERRY_E_CONFIG, "the key '%s' must be in 'map'", keys[0]);
}

static void skeleton_close(void *handle)
{
	struct skeleton *s = handle;

	if (!s)
		return;
	table_release(&s->looked_up);
	free(s->found);
	free(s);
}

/* Called once per lane and role. Reads nothing yet: that is for the first use. */
static int skeleton_open(const struct ferry_open *open, void **ret_handle, struct ferry_error *err)
{
	struct skeleton *s = calloc(1, sizeof *s);

	if (!s)
		return open->host->fail(err, FERRY_E_NOMEM, "out of memory");
	s->open = open;
	s->host = open->host;
	s->path = ferry_setting_text(open, "path");	/* required, so it is there */
	if (open->role == FERRY_DESTINATION && find_key(s, err) < 0) {
		skeleton_close(s);
		return -1;
	}
	*ret_handle = s;
	return 0;
}

/* ---- validate_setup */

/* A file to write to that exists already must have the mapped fields, in their order. */
static int check_header(const struct skeleton *s, const struct table *t, struct ferry_error *err)
{
	const struct ferry_layout *layout = s->open->layout;
	bool same = t->n_rows == 0 || t->n_columns == layout->n;

	for (size_t i = 0; same && t->n_rows && i < layout->n; i++)
		same = strcmp(t->cells[i], layout->names[i]) == 0;
	if (!same)
		return s->host->fail(err, FERRY_E_SETUP,
				     "%s: its first line names other fields than 'map'", s->path);
	return 0;
}

/* Before anything is read: say now what would fail later. */
static int skeleton_validate_setup(void *handle, struct ferry_error *err)
{
	struct skeleton *s = handle;
	struct table t;

	if (table_read(s, &t, err) < 0)
		return -1;
	int rc = s->open->role == FERRY_DESTINATION ? check_header(s, &t, err) : 0;
	table_release(&t);
	return rc;
}

/* ---- source */

static int give_columns(const struct skeleton *s, const struct table *t, struct ferry_sink *sink,
			struct ferry_error *err)
{
	struct ferry_column *columns = calloc(t->n_columns, sizeof *columns);

	if (!columns)
		return no_memory(s, err);
	for (size_t i = 0; i < t->n_columns; i++)
		columns[i] = (struct ferry_column){t->cells[i], FERRY_TEXT};
	int rc = sink->columns(sink, columns, t->n_columns, false, err);
	free(columns);
	return rc;
}

static int give_rows(const struct skeleton *s, const struct table *t, size_t end,
		     struct ferry_sink *sink, struct ferry_error *err)
{
	struct ferry_value *values = calloc(ROWS_AT_ONCE * t->n_columns, sizeof *values);
	int rc = values ? 0 : no_memory(s, err);

	for (size_t row = 1; rc == 0 && row < end; row += ROWS_AT_ONCE) {
		size_t n = end - row < ROWS_AT_ONCE ? end - row : ROWS_AT_ONCE;
		for (size_t i = 0; i < n * t->n_columns; i++)
			values[i] = from_cell(t->cells[row * t->n_columns + i]);
		rc = sink->rows(sink, values, n, err);
		if (rc == 0 && s->host->cancelled(s->host))
			rc = s->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	}
	free(values);
	return rc;
}

/*
 * Stream all rows. Returning 0 promises that the source was read to its end: only then may the
 * engine take an absent row for a deleted one.
 */
static int skeleton_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
			    struct ferry_error *err)
{
	struct skeleton *s = handle;
	struct table t;

	if (table_read(s, &t, err) < 0)
		return -1;
	int rc = 0;
	if (t.n_rows == 0)
		rc = s->host->fail(err, FERRY_E_DATA, "%s: its first line must name the columns",
				   s->path);
	size_t end = t.n_rows;
	if (want->limit > 0 && (size_t)want->limit < end)
		end = (size_t)want->limit + 1;
	if (rc == 0)
		rc = give_columns(s, &t, sink, err);
	if (rc == 0)
		rc = give_rows(s, &t, end, sink, err);
	table_release(&t);
	return rc;
}

/* ---- canonicalize: pure, no I/O. The record in the form in which the destination will hold it */

/* Text for a value; NULL when a text file cannot hold it. */
static const char *as_text(const struct ferry_pure *pure, const struct ferry_value *v, size_t *len)
{
	if (v->type == FERRY_INT || v->type == FERRY_BOOL) {
		char *number = pure->alloc(pure, 24);
		*len = (size_t)snprintf(number, 24, "%" PRId64, v->i);
		return number;
	}
	if (v->type != FERRY_TEXT && v->type != FERRY_DECIMAL && v->type != FERRY_JSON)
		return NULL;
	*len = v->len;
	for (size_t i = 0; i < v->len; i++)
		if (v->s[i] == '\t' || v->s[i] == '\n' || v->s[i] == '\0')
			return NULL;
	return v->s;
}

/*
 * Snapshots and comparisons are made of what this gives, so it must be the same as what lookup will
 * read back: all values are texts, and an empty one is NULL.
 */
static int skeleton_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
				 struct ferry_issue *issue)
{
	for (size_t i = 0; i < pure->layout->n; i++) {
		size_t len = 0;
		if (fields[i].type == FERRY_NULL)
			continue;
		const char *text = as_text(pure, &fields[i], &len);
		if (!text) {
			issue->field = pure->layout->names[i];
			snprintf(issue->message, sizeof issue->message,
				 "must be a number, or a text without tabs and line breaks");
			return -1;
		}
		fields[i] = (struct ferry_value){.s = text, .len = (uint32_t)len,
						 .type = len ? FERRY_TEXT : FERRY_NULL};
	}
	return 0;
}

/* ---- destination */

/*
 * The key serves as the destination id too, by which a delete, which has no fields, finds its line:
 * so it must be there and fit.
 */
static bool has_key(const struct skeleton *s, const struct ferry_action *a)
{
	const struct ferry_value *key = a->fields ? &a->fields[s->key] : NULL;

	return a->dest_id[0] || (key && key->type == FERRY_TEXT && key->len <= LONGEST_KEY);
}

/* Is the line with this key the one an action is about? */
static bool is_about(const struct skeleton *s, const struct ferry_action *a, const char *cell)
{
	if (a->dest_id[0])
		return strcmp(a->dest_id, cell) == 0;
	const struct ferry_value *key = a->fields ? &a->fields[s->key] : NULL;
	return has_key(s, a) && strlen(cell) == key->len && memcmp(cell, key->s, key->len) == 0;
}

static const char *key_of_row(const struct skeleton *s, const struct table *t, size_t row)
{
	return t->cells[row * t->n_columns + s->key];
}

/* The line an action is about; 0 (which is the header) when there is none. */
static size_t find_row(const struct skeleton *s, const struct table *t,
		       const struct ferry_action *a)
{
	for (size_t row = 1; row < t->n_rows; row++)
		if (is_about(s, a, key_of_row(s, t, row)))
			return row;
	return 0;
}

/* What is there for each of the records? The answer stays valid until the handle's next call. */
static int skeleton_lookup(void *handle, const struct ferry_action *actions, size_t n,
			   struct ferry_found *found, struct ferry_error *err)
{
	struct skeleton *s = handle;
	struct table *t = &s->looked_up;
	size_t width = s->open->layout->n;

	table_release(t);
	free(s->found);
	s->found = calloc(n * width, sizeof *s->found);
	if (!s->found)
		return no_memory(s, err);
	if (table_read(s, t, err) < 0 || check_header(s, t, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t row = find_row(s, t, &actions[i]);
		struct ferry_value *fields = s->found + i * width;
		found[i] = (struct ferry_found){FERRY_ABSENT, "", NULL};
		for (size_t k = 0; row && k < width; k++)
			fields[k] = from_cell(t->cells[row * width + k]);
		if (row)
			found[i] = (struct ferry_found){FERRY_FOUND, key_of_row(s, t, row), fields};
	}
	return 0;
}

static void print_fields(FILE *f, size_t n, const struct ferry_value *fields)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%.*s%c", (int)fields[i].len, fields[i].len ? fields[i].s : "",
			i + 1 < n ? '\t' : '\n');
}

static void print_cells(FILE *f, size_t n, const char *const *cells)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%c", cells[i], i + 1 < n ? '\t' : '\n');
}

/* The old file's lines, changed or left out where an action says so, then the new ones. */
static void print_table(FILE *f, const struct skeleton *s, const struct table *t,
			const struct ferry_action *actions, size_t n)
{
	size_t width = s->open->layout->n;

	print_cells(f, width, s->open->layout->names);
	for (size_t row = 1; row < t->n_rows; row++) {
		const struct ferry_action *a = NULL;
		for (size_t i = 0; i < n && !a; i++)
			if (is_about(s, &actions[i], key_of_row(s, t, row)))
				a = &actions[i];
		if (!a)
			print_cells(f, width, (const char *const *)t->cells + row * width);
		else if (a->decision != FERRY_DELETE)
			print_fields(f, width, a->fields);
	}
	for (size_t i = 0; i < n; i++)
		if (actions[i].decision != FERRY_DELETE && has_key(s, &actions[i]) &&
		    !find_row(s, t, &actions[i]))
			print_fields(f, width, actions[i].fields);
}

/* The new file under another name, safely on the disk. */
static int write_part(const struct skeleton *s, const char *part, const struct table *t,
		      const struct ferry_action *actions, size_t n, struct ferry_error *err)
{
	FILE *f = fopen(part, "we");

	if (!f)
		return s->host->fail(err, FERRY_E_SYSTEM, "%s: %s", part, strerror(errno));
	print_table(f, s, t, actions, n);
	bool written = fflush(f) == 0 && !ferror(f) && fsync(fileno(f)) == 0;
	int sys = errno;
	fclose(f);
	if (!written)
		return s->host->fail(err, FERRY_E_SYSTEM, "%s: %s", part, strerror(sys));
	return 0;
}

/* Rename, and have the folder remember it: only then is it durable. */
static int put_in_place(const struct skeleton *s, const char *part, struct ferry_error *err)
{
	char folder[4096];

	snprintf(folder, sizeof folder, "%s", s->path);
	int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd >= 0 && rename(part, s->path) == 0 && fsync(fd) == 0 ? 0 : -1;
	if (rc < 0)
		s->host->fail(err, FERRY_E_SYSTEM, "%s: %s", s->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static void set_outcome(const struct skeleton *s, const struct ferry_action *a,
			struct ferry_outcome *o)
{
	if (!has_key(s, a)) {
		o->ack = FERRY_ACK_REJECTED;
		snprintf(o->code, sizeof o->code, "bad_key");
		snprintf(o->field, sizeof o->field, "%s", s->open->layout->names[s->key]);
		snprintf(o->message, sizeof o->message, "the key must have 1 to %zu bytes",
			 LONGEST_KEY);
		return;
	}
	o->ack = FERRY_ACK_DONE;
	if (a->dest_id[0])
		snprintf(o->dest_id, sizeof o->dest_id, "%s", a->dest_id);
	else
		memcpy(o->dest_id, a->fields[s->key].s, a->fields[s->key].len);
}

static int apply_locked(const struct skeleton *s, const struct ferry_action *actions, size_t n,
			struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct table t;
	char part[4096];

	snprintf(part, sizeof part, "%s.part", s->path);
	int rc = table_read(s, &t, err);
	if (rc == 0)
		rc = check_header(s, &t, err);
	if (rc == 0)
		rc = write_part(s, part, &t, actions, n, err);
	table_release(&t);
	/* up to here nothing has changed; saying so lets the engine send it again */
	for (size_t i = 0; rc < 0 && i < n; i++)
		outcomes[i].ack = FERRY_ACK_UNSENT;
	if (rc < 0 || put_in_place(s, part, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		set_outcome(s, &actions[i], &outcomes[i]);
	return 0;
}

/*
 * Carry out n actions of one decision. Lanes do this at the same time, and so may other workers:
 * hence the lock. Writing by key is idempotent: an action repeated after a crash changes nothing.
 */
static int skeleton_apply(void *handle, const struct ferry_action *actions, size_t n,
			  struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct skeleton *s = handle;
	char path[4096];
	int rc = -1;

	snprintf(path, sizeof path, "%s.lock", s->path);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		s->host->fail(err, FERRY_E_SYSTEM, "%s: %s", path, strerror(errno));
	else
		rc = apply_locked(s, actions, n, outcomes, err);
	if (lock >= 0)
		close(lock);
	return rc;
}

/* ---- what the loader sees */

static const struct ferry_option connection_options[] = {
	{.name = "path", .type = FERRY_OPT_TEXT, .flags = FERRY_OPTION_REQUIRED | FERRY_OPTION_ADDRESS,
	 .help = "the text file; its first line names the columns"},
	{.name = NULL},
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "skeleton",
	.family = "skeleton",
	.summary = "a text file with one record a line and its values between tabs",
	.version = "1.0",
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_DELETE | FERRY_CAP_LOCAL,
	.batch = 500,
	.connection_options = connection_options,
	.open = skeleton_open,
	.close = skeleton_close,
	.validate_setup = skeleton_validate_setup,
	.extract = skeleton_extract,
	.canonicalize = skeleton_canonicalize,
	.lookup = skeleton_lookup,
	.apply = skeleton_apply,
};

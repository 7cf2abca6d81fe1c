/* SPDX-License-Identifier: Apache-2.0 */
/* content.c - the file a destination writes, read as it is: columns, records and their keys. */
#include "file/destination.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Rows are never refused for their length here: what has been written must be readable. */
#define LONGEST ((size_t)1 << 31)
#define TELL_MS 10000

/* Which of the file's columns each name is. */
static int place_columns(struct content *c, struct ferry_error *err)
{
	const struct shape *s = c->shape;
	const struct reader *r = &c->reader;
	struct rest_buf missing = {0};

	for (size_t i = 0; i < shape_width(s); i++) {
		c->places[i] = names_find(c->columns.names, c->columns.n, s->names[i],
					  strlen(s->names[i]));
		if (c->places[i] < 0)
			rest_addf(&missing, "%s'%s'", missing.len ? ", " : "", s->names[i]);
	}
	int status = 0;
	if (missing.len)
		status = r->folder->host->fail(err, FERRY_E_SETUP,
					       "%s/%s: has no column to write for %.300s",
					       r->folder->path, r->name, missing.s);
	rest_buf_release(&missing);
	return status;
}

static int read_header(struct content *c, struct ferry_error *err)
{
	struct reader *r = &c->reader;
	int status = reader_next(r, err);

	c->there = status == READ_RECORD;
	if (status != READ_RECORD)
		return status;
	rest_add(&c->header, r->record.s, r->record.len);
	const char *why = columns_read(&c->shape->dialect, &r->record, &c->columns);
	if (why)
		return reader_fail_at(r, r->line, err, "%s", why);
	return place_columns(c, err);
}

int content_open(struct content *c, const struct folder *folder, const struct shape *shape,
		 const char *name, struct ferry_error *err)
{
	const struct dialect *d = &shape->dialect;

	*c = (struct content){.shape = shape};
	c->places = rest_alloc(shape_width(shape), sizeof *c->places);
	c->at = rest_alloc(shape_width(shape), sizeof *c->at);
	reader_init(&c->reader, folder, d, name, LONGEST);
	if (reader_open(&c->reader, &c->there, err))
		return -1;
	if (!c->there)
		return 0;
	c->bom = c->reader.at == 3;
	if (d->form == FORM_JSONL) {
		c->there = c->reader.len > 0;
		return 0;
	}
	if (d->header) {
		if (read_header(c, err))
			return -1;
	} else {
		c->there = c->reader.len > 0;
		columns_copy(shape->names, shape_width(shape), &c->columns);
		if (place_columns(c, err))
			return -1;
	}
	c->reader.columns = c->columns.n;
	return 0;
}

void content_close(struct content *c)
{
	reader_close(&c->reader);
	columns_free(&c->columns);
	rest_buf_release(&c->header);
	rest_buf_release(&c->key);
	rest_buf_release(&c->room);
	free(c->places);
	free(c->at);
	*c = (struct content){.reader.fd = -1};
}

static int locate_cells(struct content *c, struct ferry_error *err)
{
	const struct record *r = &c->reader.record;

	if (r->n != c->columns.n)
		return reader_fail_at(&c->reader, c->reader.line, err, "%zu fields instead of %zu",
				      r->n, c->columns.n);
	for (size_t i = 0; i < shape_width(c->shape); i++)
		c->at[i] = &r->fields[c->places[i]];
	return 0;
}

/* A member that comes again takes the place of the one before. */
static void locate_members(struct content *c)
{
	const struct record *r = &c->reader.record;
	size_t width = shape_width(c->shape), next = 0;

	memset(c->at, 0, width * sizeof *c->at);
	for (size_t i = 0; i < r->n; i++) {
		const struct rest_piece *name = &r->fields[i].name;
		for (size_t k = 0; k < width; k++) {
			size_t at = (next + k) % width;
			if (!rest_piece_is(name, c->shape->names[at], strlen(c->shape->names[at])))
				continue;
			c->at[at] = &r->fields[i];
			next = at + 1;
			break;
		}
	}
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A large file takes a while, in which nothing else is heard of the worker. */
static void tell_progress(struct content *c)
{
	const struct reader *r = &c->reader;
	const struct ferry_host *host = r->folder->host;
	int64_t now = now_ms();

	if (c->told_ms < 0)
		return;
	if (c->told_ms && now - c->told_ms >= TELL_MS)
		host->log(host, FERRY_LOG_INFO, "%s/%s: at %lld of %lld MB", r->folder->path, r->name,
			  (long long)(r->offset / 1000000), (long long)(r->before.st_size / 1000000));
	if (!c->told_ms || now - c->told_ms >= TELL_MS)
		c->told_ms = now;
}

int content_next(struct content *c, struct ferry_error *err)
{
	int status = c->there ? reader_next(&c->reader, err) : READ_END;

	if (status != READ_RECORD)
		return status;
	if (c->records++ % 4096 == 0)
		tell_progress(c);
	if (c->shape->dialect.form == FORM_CSV)
		return locate_cells(c, err) ? -1 : READ_RECORD;
	locate_members(c);
	return READ_RECORD;
}

bool content_key(struct content *c)
{
	rest_buf_reset(&c->key);
	for (size_t i = 0; i < c->shape->n_key; i++) {
		const struct field *f = c->at[c->shape->key[i]];
		const char *s;
		size_t len;
		if (!f || !field_text(&c->shape->dialect, f, &c->room, &s, &len))
			return false;
		bytes_put(&c->key, s, len);
	}
	return true;
}

bool content_is_disabled(struct content *c)
{
	const struct field *f = c->shape->disables ? c->at[c->shape->n] : NULL;
	const char *s;
	size_t len;

	return f && field_text(&c->shape->dialect, f, &c->room, &s, &len);
}

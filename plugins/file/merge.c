/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.c - a journal and its file into a new file, in one pass. In memory are 16 bytes and a place in an
 * index for each change; the journal itself is mapped. Records that nothing is said about are copied as
 * they stand; new ones come last, in the order in which they arrived.
 */
#include "file/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WRITE_AT (256 * 1024)

struct change {
	uint64_t pos : 63, done : 1;	/* in the journal, of its kind */
	uint32_t next, last;		/* further ones of the same key; last is right in the first */
};
#define NONE UINT32_MAX

struct merging {
	struct journal *j;
	const char *map;
	size_t size;
	struct shape shape;
	struct change *changes;
	size_t n, cap;
	struct index index;		/* keys to their first change */
	struct content content;
	int fd;
	struct rest_buf out;
	int64_t written;
	bool open_line;			/* what was written last has no end: the old file's last line */

	/* the row at hand */
	bool exists, changed, disabled;
	struct field *names, *fields;
	size_t n_fields, cap_fields;
	struct rest_buf written_names;	/* of the shape, as JSONL writes them */
	struct field *own_names;	/* in there */
};

/* ------------------------------------------------------------------ the changes */

static struct bytes change_at(const struct merging *m, uint64_t pos, enum op *op,
			      const char **key, size_t *key_len)
{
	struct bytes b = {m->map + pos, m->map + m->size};

	*op = (enum op)bytes_number(&b);
	*key = bytes_text(&b, key_len);
	return b;
}

/* The first change of a key; NONE when there is none. */
static uint32_t find_key(const struct merging *m, const char *key, size_t len, uint64_t hash)
{
	const char *other;
	size_t step = 0, other_len;
	uint64_t i;
	enum op op;

	while (index_find(&m->index, hash, &step, &i)) {
		change_at(m, m->changes[i].pos, &op, &other, &other_len);
		if (other_len == len && memcmp(other, key, len) == 0)
			return (uint32_t)i;
	}
	return NONE;
}

static void add_change(struct merging *m, uint64_t pos, const char *key, size_t len)
{
	uint64_t hash = key_hash(key, len);
	uint32_t first = find_key(m, key, len, hash), i = (uint32_t)m->n;

	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 1024;
		m->changes = rest_resize(m->changes, m->cap, sizeof *m->changes);
	}
	m->changes[m->n++] = (struct change){pos, first != NONE, NONE, i};
	if (first == NONE) {
		index_add(&m->index, hash, i);
	} else {
		m->changes[m->changes[first].last].next = i;
		m->changes[first].last = i;
	}
}

static void skip_fields(struct bytes *b, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i++)
		bytes_text(b, &len);
}

static bool read_batch(struct merging *m, struct bytes b)
{
	uint32_t n = bytes_number(&b);

	while (n-- && b.p) {
		uint64_t pos = (uint64_t)(b.p - m->map);
		const char *key;
		size_t len;
		enum op op;
		b = change_at(m, pos, &op, &key, &len);
		if (b.p)
			add_change(m, pos, key, len);
		skip_fields(&b, op == OP_DELETE ? 0 : op == OP_DISABLE ? 1 : m->shape.n);
	}
	return b.p == b.end;
}

static int read_journal(struct merging *m, struct ferry_error *err)
{
	struct journal *j = m->j;
	struct frame_head head;
	bool good = shape_get(rest_str(&j->shape), j->shape.len, &m->shape);

	for (size_t at = 0; good && at < m->size; at += sizeof head + head.len) {
		memcpy(&head, m->map + at, sizeof head);
		const char *p = m->map + at + sizeof head;
		if (head.kind == FRAME_BATCH)
			good = read_batch(m, (struct bytes){p, p + head.len});
	}
	return good ? 0 : j->folder->host->fail(err, FERRY_E_DATA, "%s/%s: is none of this version",
						j->folder->path, j->file);
}

/* ------------------------------------------------------------------ the row at hand */

static size_t add_field(struct merging *m)
{
	if (m->n_fields == m->cap_fields) {
		m->cap_fields = m->cap_fields ? m->cap_fields * 2 : 32;
		m->fields = rest_resize(m->fields, m->cap_fields, sizeof *m->fields);
		m->names = rest_resize(m->names, m->cap_fields, sizeof *m->names);
	}
	m->fields[m->n_fields] = m->names[m->n_fields] = (struct field){0};
	return m->n_fields++;
}

static bool is_csv(const struct merging *m)
{
	return m->shape.dialect.form == FORM_CSV;
}

/* As it is in the file. */
static void row_from_file(struct merging *m)
{
	const struct record *r = &m->content.reader.record;

	m->n_fields = 0;
	m->exists = true;
	m->changed = false;
	m->disabled = content_is_disabled(&m->content);
	for (size_t i = 0; i < r->n; i++) {
		size_t at = add_field(m);
		m->fields[at] = r->fields[i];
		if (!is_csv(m))
			m->names[at] = (struct field){.s = r->fields[i].name.s - 1,
						      .len = r->fields[i].name.len + 2};
	}
}

static struct field null_field(const struct merging *m)
{
	const struct dialect *d = &m->shape.dialect;

	return is_csv(m) ? (struct field){.s = d->null, .len = d->null_len} :
			   (struct field){.s = "null", .len = 4};
}

static void row_none(struct merging *m)
{
	m->n_fields = 0;
	m->exists = m->changed = m->disabled = false;
}

/* One that is to come into being: CSV has all its columns, JSON lines those that are written. */
static void row_new(struct merging *m)
{
	size_t n = is_csv(m) ? m->content.columns.n : 0;

	row_none(m);
	for (size_t i = 0; i < n; i++)
		m->fields[add_field(m)] = null_field(m);
	m->exists = true;
}

/* Put what is written for the name at that place in the shape. */
static void row_set(struct merging *m, size_t place, const char *s, size_t len)
{
	size_t at = 0;

	if (is_csv(m)) {
		at = (size_t)m->content.places[place];
	} else {
		const struct field *name = &m->own_names[place];
		struct rest_piece piece;
		for (; at < m->n_fields; at++) {
			piece = (struct rest_piece){m->names[at].s + 1, m->names[at].len - 2,
						    REST_STRING, true};
			if (rest_piece_is(&piece, m->shape.names[place],
					  strlen(m->shape.names[place])))
				break;
		}
		if (at == m->n_fields)
			m->names[add_field(m)] = *name;
	}
	m->fields[at].s = s;
	m->fields[at].len = len;
	m->changed = true;
}

static void row_write(struct merging *m, struct bytes b)
{
	size_t len;

	if (!m->exists)
		row_new(m);
	for (size_t i = 0; i < m->shape.n; i++) {
		const char *s = bytes_text(&b, &len);
		row_set(m, i, s, len);
	}
	if (m->shape.disables) {
		struct field null = null_field(m);
		row_set(m, m->shape.n, null.s, null.len);
	}
	m->disabled = false;
}

static void row_disable(struct merging *m, struct bytes b)
{
	size_t len;
	const char *s = bytes_text(&b, &len);

	if (!m->exists || m->disabled)
		return;
	row_set(m, m->shape.n, s, len);
	m->disabled = true;
}

/* All changes of one key, in the order in which they came. */
static void row_change(struct merging *m, uint32_t first)
{
	m->changes[first].done = 1;
	for (uint32_t i = first; i != NONE; i = m->changes[i].next) {
		const char *key;
		size_t len;
		enum op op;
		struct bytes b = change_at(m, m->changes[i].pos, &op, &key, &len);
		switch (op) {
		case OP_UPSERT:
			row_write(m, b);
			break;
		case OP_INSERT:
			if (!m->exists || m->disabled)
				row_write(m, b);
			break;
		case OP_UPDATE:
			if (m->exists)
				row_write(m, b);
			break;
		case OP_DELETE:
			row_none(m);
			break;
		case OP_DISABLE:
			row_disable(m, b);
			break;
		}
	}
}

/* ------------------------------------------------------------------ writing */

static int flush(struct merging *m, struct ferry_error *err)
{
	if (folder_write_all(m->j->folder, m->fd, m->j->fresh, rest_str(&m->out), m->out.len, err))
		return -1;
	m->written += (int64_t)m->out.len;
	rest_buf_reset(&m->out);
	return 0;
}

static int wrote(struct merging *m, struct ferry_error *err)
{
	return m->out.len >= WRITE_AT ? flush(m, err) : 0;
}

static void end_line(struct merging *m)
{
	if (m->open_line)
		rest_adds(&m->out, m->shape.dialect.crlf ? "\r\n" : "\n");
	m->open_line = false;
}

static void copy_line(struct merging *m, const char *s, size_t len)
{
	end_line(m);
	rest_add(&m->out, s, len);
	m->open_line = len && s[len - 1] != '\n';
}

static void write_header(struct merging *m)
{
	const struct dialect *d = &m->shape.dialect;

	if (m->content.bom)
		rest_adds(&m->out, "\xef\xbb\xbf");
	if (!is_csv(m) || !d->header)
		return;
	if (m->content.there) {
		copy_line(m, m->content.header.s, m->content.header.len);
		return;
	}
	for (size_t i = 0; i < shape_width(&m->shape); i++) {
		if (i)
			rest_add(&m->out, &d->delimiter, 1);
		name_put(d, m->shape.names[i], &m->out);
	}
	rest_adds(&m->out, d->crlf ? "\r\n" : "\n");
}

static void write_row(struct merging *m)
{
	end_line(m);
	record_put(&m->shape.dialect, m->names, m->fields, m->n_fields, &m->out);
}

static int merge_records(struct merging *m, struct ferry_error *err)
{
	int status;

	while ((status = content_next(&m->content, err)) == READ_RECORD) {
		const struct record *r = &m->content.reader.record;
		const struct rest_buf *key = &m->content.key;
		uint32_t first = NONE;
		if (content_key(&m->content))
			first = find_key(m, key->s, key->len, key_hash(key->s, key->len));
		m->changed = false;
		m->exists = true;
		if (first != NONE) {
			row_from_file(m);
			row_change(m, first);
		}
		if (m->exists && m->changed) {
			write_row(m);
		} else if (m->exists) {
			copy_line(m, r->s, r->len);
		}
		if (wrote(m, err))
			return -1;
	}
	if (status < 0)
		return -1;
	return m->content.there ? reader_unchanged(&m->content.reader, err) : 0;
}

static int add_new_rows(struct merging *m, struct ferry_error *err)
{
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->changes[i].done)
			continue;
		row_none(m);
		row_change(m, i);
		if (m->exists)
			write_row(m);
		if (wrote(m, err))
			return -1;
	}
	return 0;
}

/* The names as JSON lines writes them, once. */
static void write_names(struct merging *m)
{
	size_t width = shape_width(&m->shape), from = 0;

	m->own_names = rest_alloc(width, sizeof *m->own_names);
	for (size_t i = 0; i < width && !is_csv(m); i++) {
		name_put(&m->shape.dialect, m->shape.names[i], &m->written_names);
		m->own_names[i].len = m->written_names.len - from;
		from = m->written_names.len;
	}
	from = 0;
	for (size_t i = 0; i < width && !is_csv(m); i++) {
		m->own_names[i].s = m->written_names.s + from;
		from += m->own_names[i].len;
	}
}

/* CSV without a header has just the columns that are written. */
static void set_columns(struct merging *m)
{
	struct content *c = &m->content;

	if (!is_csv(m) || c->columns.n)
		return;
	columns_copy(m->shape.names, shape_width(&m->shape), &c->columns);
	for (size_t i = 0; i < c->columns.n; i++)
		c->places[i] = (int)i;
}

/* ------------------------------------------------------------------ taking the place */

static int open_fresh(struct merging *m, struct ferry_error *err)
{
	const struct journal *j = m->j;
	struct stat st;
	bool there;

	if (folder_stat(j->folder, j->name, &there, &st, err))
		return -1;
	if (there && !S_ISREG(st.st_mode))
		return j->folder->host->fail(err, FERRY_E_SETUP, "%s/%s: is not a file (a symbolic link "
					     "would be replaced by one)", j->folder->path, j->name);
	m->fd = openat(j->folder->fd, j->fresh, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		       there ? 0600 : 0666);
	if (m->fd < 0)
		return folder_fail(j->folder, j->fresh, "cannot make it", errno, err);
	return 0;
}

/* Size, mode and owner as they are to be, and all of it on the disk. */
static int finish_fresh(struct merging *m, struct ferry_error *err)
{
	const struct journal *j = m->j;
	const struct stat *old = &m->content.reader.before;

	if (flush(m, err))
		return -1;
	if (ftruncate(m->fd, m->written) != 0)
		return folder_fail(j->folder, j->fresh, "cannot write", errno, err);
	if (m->content.reader.fd >= 0) {
		/* another owner needs rights that ferry need not have: then the file is ferry's own */
		if (fchown(m->fd, old->st_uid, old->st_gid) != 0 && errno != EPERM)
			return folder_fail(j->folder, j->fresh, "cannot set its owner", errno, err);
		if (fchmod(m->fd, old->st_mode & 07777) != 0)
			return folder_fail(j->folder, j->fresh, "cannot set its mode", errno, err);
	}
	return fsync(m->fd) == 0 ? 0 : folder_fail(j->folder, j->fresh, "fsync", errno, err);
}

/*
 * The journal notes which file it has become, so that whoever finds both after a crash knows whether the
 * one has taken its place.
 */
static int take_place(struct merging *m, struct ferry_error *err)
{
	struct journal *j = m->j;
	struct rest_buf note = {0};
	struct stat st;

	if (fstat(m->fd, &st) != 0)
		return folder_fail(j->folder, j->fresh, "cannot look at it", errno, err);
	uint64_t dev = st.st_dev, ino = st.st_ino;
	rest_add(&note, &dev, sizeof dev);
	rest_add(&note, &ino, sizeof ino);
	int status = journal_append(j, FRAME_MERGED, &note, err);
	rest_buf_release(&note);
	if (status)
		return -1;
	if (renameat(j->folder->fd, j->fresh, j->folder->fd, j->name) != 0)
		return folder_fail(j->folder, j->name, "cannot put the new file in its place", errno,
				   err);
	return folder_sync(j->folder, err);
}

static int merge_all(struct merging *m, struct ferry_error *err)
{
	struct journal *j = m->j;

	if (read_journal(m, err))
		return -1;
	if (content_open(&m->content, j->folder, &m->shape, j->name, err))
		return -1;
	set_columns(m);
	write_names(m);
	if (open_fresh(m, err))
		return -1;
	write_header(m);
	if (merge_records(m, err) || add_new_rows(m, err) || finish_fresh(m, err))
		return -1;
	return take_place(m, err);
}

static void release(struct merging *m)
{
	if (m->fd >= 0)
		close(m->fd);
	munmap((void *)(uintptr_t)m->map, m->size);
	content_close(&m->content);
	shape_free(&m->shape);
	index_release(&m->index);
	rest_buf_release(&m->out);
	rest_buf_release(&m->written_names);
	free(m->own_names);
	free(m->changes);
	free(m->names);
	free(m->fields);
}

static bool is_merged(const struct journal *j, struct ferry_error *err, int *status)
{
	struct stat st;
	bool there = false;

	*status = 0;
	if (!j->merged_ino)
		return false;
	*status = folder_stat(j->folder, j->name, &there, &st, err);
	return there && st.st_ino == j->merged_ino && st.st_dev == j->merged_dev;
}

int merge(struct journal *j, struct ferry_error *err)
{
	struct merging m = {.j = j, .fd = -1, .size = (size_t)j->end, .content.reader.fd = -1};
	int status;

	if (is_merged(j, err, &status) || (!status && !j->ops))
		return journal_drop(j, err);
	if (!status) {
		void *p = mmap(NULL, m.size, PROT_READ, MAP_PRIVATE, j->fd, 0);
		m.map = p;
		if (p == MAP_FAILED) {
			status = folder_fail(j->folder, j->file, "cannot read", errno, err);
		} else {
			status = merge_all(&m, err);
			release(&m);
		}
	}
	if (!status)
		return journal_drop(j, err);
	journal_unlock(j);
	return -1;
}

int merge_pending(struct journal *j, struct ferry_error *err)
{
	bool there;

	if (journal_exists(j, &there, err))
		return -1;
	if (!there)
		return 0;
	return journal_lock(j, err) ? -1 : merge(j, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* destination.c - the file that is written: whether it will do, and what it holds. */
#include "file/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ what it is to be */

static int layout_place(const struct ferry_layout *l, const char *name)
{
	for (size_t i = 0; l && i < l->n; i++)
		if (strcmp(l->names[i], name) == 0)
			return (int)i;
	return -1;
}

/* The setting, else the sync's own key. */
static char **key_names(const struct ferry_open *open, size_t *n)
{
	const char *text = ferry_setting_text(open, "key");
	struct columns copy;
	size_t count = 0;

	*n = 0;
	if (text)
		return names_split(text, n);
	while (open->keys && open->keys[count])
		count++;
	columns_copy((char *const *)(uintptr_t)open->keys, count, &copy);
	*n = count;
	return copy.names;
}

static void check_key(const struct ferry_open *open, struct teller *t)
{
	size_t n;
	char **names = key_names(open, &n);

	if (!n)
		t->tell(t, "key", "name the columns that identify a row as 'key'");
	for (size_t i = 0; i < n; i++) {
		if (layout_place(open->layout, names[i]) < 0)
			t->tell(t, "key", "the key column '%s' is not mapped", names[i]);
		else if (names_find(names, i, names[i], strlen(names[i])) >= 0)
			t->tell(t, "key", "key: names '%s' twice", names[i]);
	}
	names_free(names);
}

/* "0640" as a number; false when it is none, or would not let its owner read and write. */
static bool read_mode(const struct ferry_open *open, uint32_t *ret)
{
	const char *s = ferry_setting_text(open, "file_mode");
	char *end;

	if (!s)
		s = "0640";
	unsigned long mode = strtoul(s, &end, 8);
	*ret = (uint32_t)mode;
	return *s >= '0' && *s <= '7' && !*end && mode <= 0777 && (mode & 0600) == 0600;
}

static void check_names(const struct ferry_open *open, const struct dialect *d, struct teller *t)
{
	const struct ferry_layout *l = open->layout;
	struct rest_buf out = {0};

	for (size_t i = 0; i < l->n; i++) {
		rest_buf_reset(&out);
		if (name_put(d, l->names[i], &out) != PUT_OK)
			t->tell(t, l->names[i], "'%s' cannot be a column's name in this file",
				l->names[i]);
	}
	rest_buf_release(&out);
}

void destination_check(const struct ferry_open *open, struct teller *t)
{
	const char *name = ferry_setting_text(open, "name");
	const char *stamp = ferry_setting_text(open, "disabled_at");
	struct dialect d = dialect_read(open, t);
	const char *flaw = name ? folder_name_flaw(name, false) : NULL;
	uint32_t mode;

	if (flaw)
		t->tell(t, "name", "name: '%s' %s", name, flaw);
	if (!read_mode(open, &mode))
		t->tell(t, "file_mode", "file_mode: is no mode of a file that its owner may read "
			"and write, such as 0640");
	if (!open->layout || !open->layout->n) {
		t->tell(t, NULL, "no field is mapped");
		return;
	}
	check_key(open, t);
	check_names(open, &d, t);
	if (stamp && layout_place(open->layout, stamp) >= 0)
		t->tell(t, stamp, "'%s' is written by 'disabled_at' and cannot be mapped too",
			stamp);
}

static void make_shape(struct destination *d, const struct ferry_open *open, struct teller *t)
{
	struct shape *s = &d->shape;
	const char *stamp = ferry_setting_text(open, "disabled_at");
	size_t n;
	char **keys = key_names(open, &n);

	s->dialect = dialect_read(open, t);
	s->n = open->layout->n;
	s->disables = stamp;
	read_mode(open, &s->file_mode);
	s->names = rest_alloc(s->n + 2, sizeof *s->names);
	for (size_t i = 0; i < s->n; i++)
		s->names[i] = rest_copy(open->layout->names[i], strlen(open->layout->names[i]));
	if (stamp)
		s->names[s->n] = rest_copy(stamp, strlen(stamp));
	s->key = rest_alloc(n, sizeof *s->key);
	for (; s->n_key < n; s->n_key++)
		s->key[s->n_key] = (size_t)layout_place(open->layout, keys[s->n_key]);
	names_free(keys);
	shape_put(s, &d->shape_bytes);
}

/* ------------------------------------------------------------------ open, close */

int destination_open(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	struct keeper keeper = keeper_of(open, err);
	struct destination *d;

	keeper.teller.ctx = &keeper;
	destination_check(open, &keeper.teller);
	if (keeper.any)
		return -1;
	d = rest_alloc(1, sizeof *d);
	d->base.role = FERRY_DESTINATION;
	d->open = open;
	d->layout = open->layout;
	d->name = ferry_setting_text(open, "name");
	d->content.reader.fd = -1;
	journal_init(&d->journal, &d->base.folder, d->name);
	make_shape(d, open, &keeper.teller);
	if (folder_open(&d->base.folder, open, err)) {
		destination_close(d);
		return -1;
	}
	*ret = d;
	return 0;
}

/* What was acknowledged stays in the journal when this fails, and is merged by the next run. */
static void merge_own(struct destination *d)
{
	const struct ferry_host *host = d->base.folder.host;
	struct ferry_error err = {0};

	if (merge_pending(&d->journal, &err))
		host->log(host, FERRY_LOG_ERROR,
			  "%s/%s: what was written is safe in %s, but could not be put into the "
			  "file; the next run tries again: %s", d->base.folder.path, d->name,
			  d->journal.file, err.msg);
}

void destination_close(void *handle)
{
	struct destination *d = handle;

	if (d->wrote)
		merge_own(d);
	content_close(&d->content);
	journal_release(&d->journal);
	index_release(&d->index);
	rest_pool_release(&d->pool);
	shape_free(&d->shape);
	rest_buf_release(&d->shape_bytes);
	rest_buf_release(&d->key);
	rest_buf_release(&d->room);
	rest_buf_release(&d->row);
	rest_buf_release(&d->batch);
	folder_close(&d->base.folder);
	free(d);
}

/* ------------------------------------------------------------------ validate */

int destination_validate(void *handle, struct ferry_error *err)
{
	struct destination *d = handle;
	const struct folder *f = &d->base.folder;
	struct content c;
	struct stat st;
	bool there;

	if (faccessat(f->fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return folder_fail(f, "", "the folder cannot be written", errno, err);
	if (folder_stat(f, d->name, &there, &st, err))
		return -1;
	if (there && !S_ISREG(st.st_mode))
		return f->host->fail(err, FERRY_E_SETUP, "%s/%s: is not a file (a symbolic link "
				     "would be replaced by one)", f->path, d->name);
	/* what an earlier run has acknowledged comes first, also before a preview */
	if (merge_pending(&d->journal, err))
		return -1;
	int status = content_open(&c, f, &d->shape, d->name, err);
	content_close(&c);
	return status;
}

/* ------------------------------------------------------------------ what it holds */

static int read_keys(struct destination *d, struct ferry_error *err)
{
	struct content *c = &d->content;
	const struct folder *f = &d->base.folder;
	size_t n = 0;
	int status;

	while ((status = content_next(c, err)) == READ_RECORD) {
		if (content_key(c))
			index_add(&d->index, key_hash(c->key.s, c->key.len),
				  (uint64_t)reader_offset(&c->reader));
		if (++n % 4096 == 0 && f->host->cancelled(f->host))
			return f->host->fail(err, FERRY_E_CANCELLED, "cancelled");
	}
	/* from here on single records are read */
	c->reader.chunk = 16 * 1024;
	c->told_ms = -1;
	return status < 0 ? -1 : c->there ? reader_unchanged(&c->reader, err) : 0;
}

static bool is_as_seen(const struct destination *d, bool there, const struct stat *st)
{
	const struct stat *seen = &d->seen;

	if (!d->looked || there != (d->content.reader.fd >= 0))
		return false;
	return !there || (seen->st_ino == st->st_ino && seen->st_dev == st->st_dev &&
			  seen->st_size == st->st_size &&
			  seen->st_mtim.tv_sec == st->st_mtim.tv_sec &&
			  seen->st_mtim.tv_nsec == st->st_mtim.tv_nsec);
}

int destination_look(struct destination *d, struct ferry_error *err)
{
	const struct folder *f = &d->base.folder;
	struct stat st = {0};
	bool there;

	if (merge_pending(&d->journal, err) || folder_stat(f, d->name, &there, &st, err))
		return -1;
	if (is_as_seen(d, there, &st))
		return 0;
	content_close(&d->content);
	index_release(&d->index);
	d->looked = false;
	if (content_open(&d->content, f, &d->shape, d->name, err) || read_keys(d, err))
		return -1;
	d->seen = d->content.reader.before;
	d->looked = true;
	return 0;
}

/* Read the record there. 1: it has the key, and counts. */
static int read_at(struct destination *d, uint64_t offset, const struct rest_buf *key,
		   bool disabled_too, struct ferry_error *err)
{
	struct content *c = &d->content;

	reader_seek(&c->reader, (int64_t)offset);
	int status = content_next(c, err);
	if (status < 0)
		return -1;
	return status == READ_RECORD && content_key(c) && c->key.len == key->len &&
	       memcmp(c->key.s, key->s, key->len) == 0 && (disabled_too || !content_is_disabled(c));
}

int destination_find(struct destination *d, const struct rest_buf *key, bool disabled_too,
		     struct ferry_error *err)
{
	uint64_t hash = key_hash(key->s, key->len), offset, first = 0;
	size_t step = 0;
	int n = 0;

	while (n < 2 && index_find(&d->index, hash, &step, &offset)) {
		int status = read_at(d, offset, key, disabled_too, err);
		if (status < 0)
			return -1;
		if (status && !n++)
			first = offset;
	}
	return n == 1 && read_at(d, first, key, disabled_too, err) < 0 ? -1 : n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.c - a journal and its file into a new file, in one pass, and that in the old one's place.
 * Records that nothing is said about are copied as they stand; new ones come last, in the order in
 * which they arrived.
 */
#include "file/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define WRITE_AT (256 * 1024)

struct merging {
	struct journal *j;
	struct changes changes;
	struct content content;
	struct row row;
	int fd;
	struct rest_buf out;
	int64_t written;
	bool open_line;			/* what was written last has no end, as a last line may */
};

static const struct dialect *dialect_of(const struct merging *m)
{
	return &m->changes.shape.dialect;
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
		rest_adds(&m->out, dialect_of(m)->crlf ? "\r\n" : "\n");
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
	const struct dialect *d = dialect_of(m);
	const struct shape *shape = &m->changes.shape;

	if (m->content.bom)
		rest_adds(&m->out, "\xef\xbb\xbf");
	if (d->form != FORM_CSV || !d->header)
		return;
	if (m->content.there) {
		copy_line(m, m->content.header.s, m->content.header.len);
		return;
	}
	for (size_t i = 0; i < shape_width(shape); i++) {
		if (i)
			rest_add(&m->out, &d->delimiter, 1);
		name_put(d, shape->names[i], &m->out);
	}
	rest_adds(&m->out, d->crlf ? "\r\n" : "\n");
}

static void write_row(struct merging *m)
{
	end_line(m);
	record_put(dialect_of(m), m->row.names, m->row.fields, m->row.n, &m->out);
}

static int merge_record(struct merging *m, struct ferry_error *err)
{
	const struct record *r = &m->content.reader.record;
	uint32_t first = NO_CHANGE;

	if (content_key(&m->content))
		first = changes_find(&m->changes, &m->content.key);
	if (first == NO_CHANGE) {
		copy_line(m, r->s, r->len);
		return wrote(m, err);
	}
	row_take(&m->row, &m->content);
	row_change(&m->row, &m->changes, first);
	if (m->row.exists && m->row.changed)
		write_row(m);
	else if (m->row.exists)
		copy_line(m, r->s, r->len);
	return wrote(m, err);
}

static int merge_records(struct merging *m, struct ferry_error *err)
{
	int status;

	while ((status = content_next(&m->content, err)) == READ_RECORD)
		if (merge_record(m, err))
			return -1;
	if (status < 0)
		return -1;
	return m->content.reader.fd >= 0 ? reader_unchanged(&m->content.reader, err) : 0;
}

static int add_new_rows(struct merging *m, struct ferry_error *err)
{
	for (uint32_t i = 0; i < m->changes.n; i++) {
		if (m->changes.list[i].done)
			continue;
		row_none(&m->row);
		row_change(&m->row, &m->changes, i);
		if (m->row.exists)
			write_row(m);
		if (wrote(m, err))
			return -1;
	}
	return 0;
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
		return j->folder->host->fail(err, FERRY_E_SETUP, "%s/%s: is not a file (a symbolic "
					     "link would be replaced by one)", j->folder->path,
					     j->name);
	m->fd = openat(j->folder->fd, j->fresh, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
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
	bool there = m->content.reader.fd >= 0;
	/* another owner needs rights that ferry need not have: then the file is ferry's own */
	if (there && fchown(m->fd, old->st_uid, old->st_gid) != 0 &&
	    fchown(m->fd, (uid_t)-1, old->st_gid) != 0 && errno != EPERM)
		return folder_fail(j->folder, j->fresh, "cannot set its owner", errno, err);
	if (fchmod(m->fd, there ? old->st_mode & 07777 : m->changes.shape.file_mode) != 0)
		return folder_fail(j->folder, j->fresh, "cannot set its mode", errno, err);
	return fsync(m->fd) == 0 ? 0 : folder_fail(j->folder, j->fresh, "fsync", errno, err);
}

/*
 * The journal notes which file it has become, so that whoever finds both after a crash knows whether
 * the one has taken its place.
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
		return folder_fail(j->folder, j->name, "cannot put the new file in its place",
				   errno, err);
	return folder_sync(j->folder, err);
}

/* What is in the way is what was read: nobody else has put another file there meanwhile. */
static int still_there(const struct merging *m, struct ferry_error *err)
{
	const struct journal *j = m->j;
	const struct reader *r = &m->content.reader;
	struct stat st;
	bool there;

	if (folder_stat(j->folder, j->name, &there, &st, err))
		return -1;
	if (there == (r->fd >= 0) && (!there || (st.st_ino == r->before.st_ino &&
						 st.st_dev == r->before.st_dev)))
		return 0;
	return j->folder->host->fail(err, FERRY_E_UNAVAILABLE, "%s/%s: somebody else has replaced it "
				     "while its new contents were written", j->folder->path, j->name);
}

static int merge_all(struct merging *m, struct ferry_error *err)
{
	struct journal *j = m->j;

	if (!changes_read(&m->changes, &j->shape))
		return j->folder->host->fail(err, FERRY_E_DATA, "%s/%s: is none of this version",
					     j->folder->path, j->file);
	if (content_open(&m->content, j->folder, &m->changes.shape, j->name, err))
		return -1;
	row_init(&m->row, &m->content);
	if (open_fresh(m, err))
		return -1;
	write_header(m);
	if (merge_records(m, err) || add_new_rows(m, err) || finish_fresh(m, err) ||
	    still_there(m, err))
		return -1;
	return take_place(m, err);
}

static void release(struct merging *m)
{
	if (m->fd >= 0)
		close(m->fd);
	munmap((void *)(uintptr_t)m->changes.map, m->changes.size);
	row_release(&m->row);
	content_close(&m->content);
	changes_free(&m->changes);
	rest_buf_release(&m->out);
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

/* The journal stays as it is when this fails. */
static int merge_mapped(struct journal *j, struct ferry_error *err)
{
	struct merging m = {.j = j, .fd = -1, .content.reader.fd = -1};
	void *p = mmap(NULL, (size_t)j->end, PROT_READ, MAP_PRIVATE, j->fd, 0);

	if (p == MAP_FAILED)
		return folder_fail(j->folder, j->file, "cannot read", errno, err);
	m.changes.map = p;
	m.changes.size = (size_t)j->end;
	int status = merge_all(&m, err);
	release(&m);
	return status;
}

int merge(struct journal *j, struct ferry_error *err)
{
	int status;
	bool merged = is_merged(j, err, &status);

	if (!status && !merged && j->ops)
		status = merge_mapped(j, err);
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

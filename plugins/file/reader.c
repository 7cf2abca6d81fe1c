/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - a file's records, in memory for little more than the longest of them. */
#include "file/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

void reader_init(struct reader *r, const struct folder *folder, const struct dialect *dialect,
		 const char *name, size_t max_row)
{
	*r = (struct reader){.folder = folder, .dialect = dialect, .name = name, .fd = -1,
			     .max_row = max_row, .chunk = CHUNK, .next_line = 1};
}

void reader_close(struct reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	free(r->buf);
	record_release(&r->record);
	r->fd = -1;
	r->buf = NULL;
}

int reader_fail_at(const struct reader *r, int64_t line, struct ferry_error *err, const char *fmt,
		   ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return r->folder->host->fail(err, FERRY_E_DATA, "%s/%s:%lld: %s", r->folder->path, r->name,
				     (long long)line, text);
}

static int too_long(const struct reader *r, struct ferry_error *err)
{
	return reader_fail_at(r, r->next_line, err, "the row that begins here is longer than %zu "
			      "bytes ('max_row'); is a quote not closed?", r->max_row);
}

int reader_open(struct reader *r, bool *there, struct ferry_error *err)
{
	if (folder_read(r->folder, r->name, &r->fd, &r->before, err))
		return -1;
	*there = r->fd >= 0;
	if (!*there)
		return 0;
	if (reader_fill(r, err))
		return -1;
	if (r->len >= 3 && memcmp(r->buf, "\xef\xbb\xbf", 3) == 0)
		r->at = 3;
	return 0;
}

void reader_seek(struct reader *r, int64_t offset)
{
	if (offset >= r->offset && offset < r->offset + (int64_t)r->len) {
		r->at = (size_t)(offset - r->offset);
	} else {
		r->offset = offset;
		r->at = r->len = 0;
		r->eof = false;
	}
}

int reader_fill(struct reader *r, struct ferry_error *err)
{
	ssize_t n;

	if (r->at) {
		memmove(r->buf, r->buf + r->at, r->len - r->at);
		r->offset += (int64_t)r->at;
		r->len -= r->at;
		r->at = 0;
	}
	if (r->len > r->max_row)
		return too_long(r, err);
	if (r->cap < r->chunk || r->len > r->cap / 2) {
		r->cap = r->cap * 2 < r->chunk ? r->chunk : r->cap * 2;
		r->buf = rest_resize(r->buf, r->cap, 1);
	}
	/* more for each try, so that a long row is not parsed too often */
	size_t want = r->len > r->chunk ? r->len : r->chunk;
	if (want > r->cap - r->len)
		want = r->cap - r->len;
	do
		n = pread(r->fd, r->buf + r->len, want, r->offset + (int64_t)r->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return folder_fail(r->folder, r->name, "cannot read", errno, err);
	r->eof = n == 0;
	r->len += (size_t)n;
	return 0;
}

static int64_t lines_in(const char *s, size_t len)
{
	int64_t n = 0;

	for (const char *end = s + len; (s = memchr(s, '\n', (size_t)(end - s))); s++)
		n++;
	return n;
}

static int wrong(const struct reader *r, const char *p, const struct flaw *flaw,
		 struct ferry_error *err)
{
	int64_t line = r->next_line + lines_in(p, (size_t)(flaw->at - p));
	const char *start = memrchr(p, '\n', (size_t)(flaw->at - p));

	return reader_fail_at(r, line, err, "%s (byte %lld of the line)", flaw->why,
			      (long long)(flaw->at - (start ? start + 1 : p)) + 1);
}

static int take(struct reader *r, const char *p, struct ferry_error *err)
{
	const char *bad = r->dialect->form == FORM_CSV ? utf8_flaw(p, r->record.body, true) : NULL;
	bool ended = r->record.len && p[r->record.len - 1] == '\n';

	if (bad) {
		struct flaw flaw = {*bad ? "not UTF-8" : "a NUL byte", bad};
		return wrong(r, p, &flaw, err);
	}
	if (r->record.len > r->max_row)
		return too_long(r, err);
	if (r->strict_end && !ended)
		return reader_fail_at(r, r->next_line, err, "the last line has no end: "
				      "is the file still being written?");
	r->line = r->next_line;
	r->next_line += lines_in(p, r->record.len);
	r->at += r->record.len;
	return READ_RECORD;
}

int reader_step(struct reader *r, struct ferry_error *err)
{
	struct flaw flaw;

	for (;;) {
		const char *p = r->buf + r->at;
		if (r->at == r->len)
			return r->eof ? READ_END : READ_FILL;
		switch (record_parse(r->dialect, p, r->buf + r->len, r->eof, &r->record, &flaw)) {
		case PARSE_MORE:
			return READ_FILL;
		case PARSE_WRONG:
			return wrong(r, p, &flaw, err);
		case PARSED:
			break;
		}
		if (take(r, p, err) < 0)
			return -1;
		/* blank lines mean nothing, unless a row of nothing but NULL looks like that */
		if (r->record.body || (r->dialect->form == FORM_CSV && r->columns == 1))
			return READ_RECORD;
	}
}

int reader_next(struct reader *r, struct ferry_error *err)
{
	int status;

	while ((status = reader_step(r, err)) == READ_FILL)
		if (reader_fill(r, err))
			return -1;
	return status;
}

int64_t reader_offset(const struct reader *r)
{
	return r->offset + (r->record.s - r->buf);
}

bool reader_was_changed(const struct reader *r)
{
	struct stat now;

	return fstat(r->fd, &now) != 0 || now.st_size != r->before.st_size ||
	       now.st_mtim.tv_sec != r->before.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != r->before.st_mtim.tv_nsec;
}

int reader_unchanged(const struct reader *r, struct ferry_error *err)
{
	if (!reader_was_changed(r) && r->offset + (int64_t)r->len == r->before.st_size)
		return 0;
	return r->folder->host->fail(err, FERRY_E_UNAVAILABLE,
				     "%s/%s: was changed while it was read: write it under another "
				     "name and rename it into place", r->folder->path, r->name);
}

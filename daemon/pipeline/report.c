/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - the worker's end of the socket. */
#include "pipeline/report.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf/redact.h"
#include "pipeline/clean.h"
#include "pipeline/thread.h"
#include "wire/json.h"

/* a beat well below the shortest heartbeat_timeout there is, 1 s */
enum { BEAT_US = 300000, LINE_MAX_BYTES = 64 << 20 };

struct report {
	int fd;
	pthread_mutex_t lock;		/* of the writing side */
	atomic_bool cancelled;
	_Atomic int64_t last_sent;	/* clock_mono */
	_Atomic int64_t row_errors;
	int64_t row_errors_cap;
	struct redactor *secrets;	/* NULL: none; by the lock */
	struct buf in;			/* read, not yet taken as lines */
	pthread_t listener;
	bool listening;
};

struct report *report_new(int fd)
{
	struct report *r = ferry_alloc0(1, sizeof *r);

	r->fd = fd;
	r->row_errors_cap = 10000;
	pthread_mutex_init(&r->lock, NULL);
	atomic_store(&r->last_sent, clock_mono());
	return r;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	if (r->listening) {
		pthread_cancel(r->listener);
		pthread_join(r->listener, NULL);
	}
	pthread_mutex_destroy(&r->lock);
	redact_free(r->secrets);
	buf_release(&r->in);
	free(r);
}

void report_start(struct buf *b, const char *type, const char *segment)
{
	jw_open(b, NULL, '{');
	jw_text(b, "type", type);
	if (segment)
		jw_text(b, "segment", segment);
}

void report_send(struct report *r, struct buf *b)
{
	buf_addc(b, '}');
	pthread_mutex_lock(&r->lock);
	if (r->secrets)
		clean_line(r->secrets, b);
	buf_addc(b, '\n');
	for (size_t off = 0; off < b->len;) {
		ssize_t n = write(r->fd, b->s + off, b->len - off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* nobody listens any more: end the run as if told to */
			atomic_store(&r->cancelled, true);
			break;
		}
		off += (size_t)n;
	}
	atomic_store(&r->last_sent, clock_mono());
	pthread_mutex_unlock(&r->lock);
	buf_release(b);
}

void report_secret(struct report *r, const char *value)
{
	pthread_mutex_lock(&r->lock);
	if (!r->secrets)
		r->secrets = redact_empty(REDACT_SECRET);
	redact_add(r->secrets, value);
	pthread_mutex_unlock(&r->lock);
}

void report_clean(struct report *r, const char *text, struct buf *out)
{
	pthread_mutex_lock(&r->lock);
	if (r->secrets)
		redact_text(r->secrets, text, out);
	else
		buf_adds(out, text);
	pthread_mutex_unlock(&r->lock);
}

void report_log(struct report *r, const char *segment, enum stage stage, enum ferry_level level,
		const char *fmt, ...)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	va_list ap;
	char text[1500];
	struct buf b = BUF_INIT;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	report_start(&b, "log", segment);
	jw_text(&b, "stage", stage_name(stage));
	jw_text(&b, "level", levels[level]);
	jw_text(&b, "message", text);
	jw_int(&b, "at", clock_now());
	report_send(r, &b);
}

void report_row_error_cap(struct report *r, int64_t cap)
{
	r->row_errors_cap = cap;
}

void report_row_error(struct report *r, const struct row_error *e)
{
	struct buf b = BUF_INIT;

	if (atomic_fetch_add(&r->row_errors, 1) >= r->row_errors_cap)
		return;
	report_start(&b, "row_error", e->segment);
	jw_text(&b, "stage", stage_name(e->stage));
	jw_text(&b, "key", e->key);
	jw_text(&b, "code", e->code);
	jw_text(&b, "field", e->field);
	jw_text(&b, "message", e->message);
	jw_text(&b, "raw", e->raw);
	jw_int(&b, "at", clock_now());
	report_send(r, &b);
}

int64_t report_row_errors(struct report *r)
{
	return atomic_load(&r->row_errors);
}

void report_tick(struct report *r)
{
	struct buf b = BUF_INIT;

	if (clock_mono() - atomic_load(&r->last_sent) < BEAT_US)
		return;
	report_start(&b, "beat", NULL);
	report_send(r, &b);
}

int report_read_line(struct report *r, struct buf *b, struct ferry_error *err)
{
	for (;;) {
		char *end = r->in.len ? memchr(r->in.s, '\n', r->in.len) : NULL;
		if (end) {
			size_t n = (size_t)(end - r->in.s);
			buf_add(b, r->in.s, n);
			memmove(r->in.s, end + 1, r->in.len - n - 1);
			r->in.len -= n + 1;
			return 0;
		}
		if (r->in.len > LINE_MAX_BYTES)
			return ferry_fail(err, FERRY_E_PROTOCOL, "supervisor: a line is too long");
		char *room = buf_room(&r->in, 65536);
		ssize_t n = read(r->fd, room, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ferry_fail_errno(err, errno, "supervisor: read");
		if (n == 0)
			return ferry_fail(err, FERRY_E_CANCELLED, "supervisor: it is gone");
		r->in.len += (size_t)n;
	}
}

static void *listen_thread(void *ctx)
{
	struct report *r = ctx;
	struct json_doc *doc;

	for (;;) {
		struct buf line = BUF_INIT;
		pthread_cleanup_push((void (*)(void *))buf_release, &line);
		bool gone = report_read_line(r, &line, NULL) != 0;
		if (gone) {
			atomic_store(&r->cancelled, true);
			pthread_exit(NULL);
		}
		if (json_parse(line.s, line.len, "supervisor", &doc, NULL) == 0) {
			if (strcmp(json_get_text(json_root(doc), "type", ""), "cancel") == 0)
				atomic_store(&r->cancelled, true);
			json_free(doc);
		}
		pthread_cleanup_pop(1);
	}
	return NULL;
}

int report_listen(struct report *r, struct ferry_error *err)
{
	int rc = thread_create(&r->listener, listen_thread, r);

	if (rc)
		return ferry_fail_errno(err, rc, "thread");
	r->listening = true;
	return 0;
}

bool report_cancelled(const struct report *r)
{
	return atomic_load(&r->cancelled);
}

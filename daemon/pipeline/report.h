/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what a worker tells its supervisor, as JSON lines (see model/run.h), and what it is
 * told: cancel. May be used by all threads of the worker.
 */
#ifndef FERRY_PIPELINE_REPORT_H
#define FERRY_PIPELINE_REPORT_H

#include "base/buf.h"
#include "model/run.h"

struct report;

struct report *report_new(int fd);
void report_free(struct report *r);

/* Start a line: {"type":"..." and the segment when not NULL; add members; report_send closes it. */
void report_start(struct buf *b, const char *type, const char *segment);
void report_send(struct report *r, struct buf *b);

/*
 * From now on nothing that is sent has this text in it, but for what names a record (its key, its id over
 * there): a server may put into an answer whatever it was sent.
 */
void report_secret(struct report *r, const char *value);
/* Append a text without them, for what is kept elsewhere. */
void report_clean(struct report *r, const char *text, struct buf *out);

void report_log(struct report *r, const char *segment, enum stage stage, enum ferry_level level,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A row that could not be used or was refused. At most the job's cap are sent; all are counted. */
struct row_error {
	const char *segment;
	enum stage stage;
	const char *key, *code, *field, *message, *raw;	/* field and raw may be NULL */
};
void report_row_error(struct report *r, const struct row_error *e);
void report_row_error_cap(struct report *r, int64_t cap);
int64_t report_row_errors(struct report *r);

/* A sign of life, if none was given for two seconds. Cheap; call it wherever there is progress. */
void report_tick(struct report *r);

/* Read lines from the supervisor on a thread of its own; a cancel, or its end, cancels the run. */
int report_listen(struct report *r, struct ferry_error *err);
bool report_cancelled(const struct report *r);

/* Read the first line (the job) into b. */
int report_read_line(struct report *r, struct buf *b, struct ferry_error *err);

#endif

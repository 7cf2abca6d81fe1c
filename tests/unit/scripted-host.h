/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted-host.h - a host whose HTTP follows a script: each request must be the next one written
 * down, to the letter, and gets the answer written beside it. Also a sink that writes rows down.
 *
 * In scripts ' stands for ", so that JSON can be read.
 */
#ifndef SCRIPTED_HOST_H
#define SCRIPTED_HOST_H

#include <ferry/connector.h>

/* a step leaves out what it does not need */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct step {
	const char *method, *path;	/* path with query, after /api/v1; ^/x: beside it */
	const char *body;		/* the whole body that must be sent; NULL: none */
	int status;			/* 0: no answer but the failure below; else that, if there is
					 * one, comes behind an answer that is taken in pieces */
	const char *answer;
	enum ferry_code failure;
	int64_t retry_after_ms;
};

struct scripted {
	struct ferry_host host;
	const char *base;		/* "https://lago.test/api/v1" */
	const char *credential;		/* a header line that must be there; NULL: none */
	const char *user, *password;	/* Basic that must be there; NULL: none */
	const struct step *steps;	/* ends with method == NULL */
	size_t at;
	int64_t now;
	int cancel_after;		/* requests until the run is ending; 0: never */
	char log[2048];			/* lines, each after its level's first letter */
	char *answer;			/* the one lent out; freed by the next request */
};

void scripted_init(struct scripted *s, const char *base, const struct step *steps);
/* All steps were taken. */
void scripted_done(struct scripted *s);
void scripted_release(struct scripted *s);

/* Rows as text, one a line: NULL as ~, times as their ISO text, others as they are, a | between. */
struct written {
	struct ferry_sink sink;
	char columns[2048];
	char *rows;
	size_t len, n_columns, n_rows, pages;
	char truncated[64];
	bool ordered;
};

void written_init(struct written *w);
void written_release(struct written *w);
/* The text of one cell of row `row` (from 0) by column name; valid until the next call. */
const char *written_cell(const struct written *w, size_t row, const char *column);

/* A setting for struct ferry_open. */
struct ferry_setting setting_text(const char *name, const char *text);
struct ferry_setting setting_int(const char *name, int64_t i);

/* Values. */
struct ferry_value text(const char *s);
struct ferry_value integer(int64_t i);
struct ferry_value instant(const char *iso);
struct ferry_value of_type(enum ferry_type type, const char *s);
extern const struct ferry_value nothing;

/* A layout over a connector's own field table. */
struct made_layout {
	struct ferry_layout layout;
	const struct ferry_field *fields[16];
};
void layout_make(struct made_layout *m, const struct ferry_field *table, const char *const *names, size_t n);

/* Memory for canonicalize, freed at once. */
struct pure_memory {
	struct ferry_pure pure;
	void *blocks[64];
	size_t n;
};
void pure_init(struct pure_memory *p, const struct ferry_layout *layout);
void pure_release(struct pure_memory *p);

#endif

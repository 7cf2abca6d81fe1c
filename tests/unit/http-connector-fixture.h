/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http-connector-fixture.h - the http connector against a script of requests, on top of
 * scripted-host. Here every request may be of any kind, so a step says more of it.
 */
#ifndef HTTP_CONNECTOR_FIXTURE_H
#define HTTP_CONNECTOR_FIXTURE_H

#include "scripted-host.h"

/* In bodies and answers ' stands for ". */
struct ask {
	const char *request;		/* "GET /contacts?page=1", behind https://api.test/v1 */
	const char *body;		/* NULL: none */
	int status;			/* 0: the failure below instead of an answer */
	const char *answer;
	const char *header;		/* a line that must be among the headers */
	enum ferry_code failure;
	bool repeatable;		/* of a write: the host may repeat it */
	const char *link;		/* the answer's Link headers */
};

struct http_bench {
	struct scripted s;
	const struct ask *asks;		/* ends with request == NULL */
	size_t at;
	char *answer, header[200];	/* the last request's Idempotency-Key line, or "" */
	struct ferry_setting settings[32];
	size_t n_settings;
	struct ferry_open open;
	struct ferry_layout layout;
	const struct ferry_field *fields[16];
	void *handle;
	struct ferry_error err;
};

/* Settings as "name=value", ends with NULL; numbers and truth values are told by their option. */
int http_bench_open(struct http_bench *b, enum ferry_role role, enum ferry_mode mode,
		    const char *const *names, const char *const *settings, const struct ask *asks);
/* All was asked for; closes the handle. */
void http_bench_end(struct http_bench *b);
/* The message of a failed opening has this in it. */
void http_bench_refuses(enum ferry_role role, enum ferry_mode mode, const char *const *names,
			const char *const *settings, const char *word);

#endif

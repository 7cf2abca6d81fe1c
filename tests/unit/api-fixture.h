/* SPDX-License-Identifier: Apache-2.0 */
/* api-fixture.h - the API of a supervisor over a throw-away folder, on its real socket. */
#ifndef FERRY_TESTS_API_FIXTURE_H
#define FERRY_TESTS_API_FIXTURE_H

#include "api/api.h"
#include "supervise-fixture.h"

struct served {
	struct fixture f;
	struct api *api;
	struct httpd *httpd;
	char socket[128];
};

/* As setup and teardown of a test; *state is a struct served. */
int api_setup(void **state);
int api_teardown(void **state);
void serve(struct served *s);

struct answer {
	int status;
	struct buf raw;
	struct json_doc *doc;		/* the body */
};

/* A call under way. */
struct exchange {
	int fd;
	struct buf raw;
	bool ended;
};

int connect_to(struct served *s);
void send_all(int fd, const char *text, size_t n);
void begin(struct served *s, struct exchange *x, const char *method, const char *path,
	   const char *body);
/* Whether it has ended; ctx is the struct exchange. */
bool take(struct fixture *f, void *ctx);
struct answer finish(struct served *s, struct exchange *x);
struct answer call(struct served *s, const char *method, const char *path, const char *body);
void release(struct answer *a);
/* Call, and expect that status and error code ("" for none). */
void expect(struct served *s, const char *method, const char *path, const char *body, int status,
	    const char *code);

#endif

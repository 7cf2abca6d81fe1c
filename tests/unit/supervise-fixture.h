/* SPDX-License-Identifier: Apache-2.0 */
/* supervise-fixture.h - a supervisor over a throw-away folder, with the fake worker. */
#ifndef FERRY_TESTS_SUPERVISE_FIXTURE_H
#define FERRY_TESTS_SUPERVISE_FIXTURE_H

#include "supervise/supervise.h"
#include "wire/json.h"

struct fixture {
	char dir[64];			/* holds etc/ and state/ */
	char *config, *state, *worker;
	struct loop *loop;
	struct supervisor *s;
	struct supervise_clock clock;	/* now NULL: the machine's */
};

extern const struct supervise_actor tester;

void fixture_make(struct fixture *f);	/* the folders and one connection; no supervisor yet */
void fixture_remove(struct fixture *f);
/* The sync's name tells the fake worker what to do: the word behind its last "-". */
void fixture_sync(struct fixture *f, const char *name, const char *more);
void fixture_file(struct fixture *f, const char *path, const char *text);
/* "extra" goes into ferry.yaml. */
void fixture_settings(struct fixture *f, const char *extra);
/* Make the supervisor and load; asserts that both work. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/* Run the loop until done() says so; fails the test after ms. */
void fixture_until(struct fixture *f, bool (*done)(struct fixture *f, void *ctx), void *ctx,
		   int ms);
/* Run the loop for that long. */
void fixture_spin(struct fixture *f, int ms);
/* Trigger and wait for its end; the run's document, to be freed with json_free. */
struct json_doc *fixture_run(struct fixture *f, const char *sync);
int64_t fixture_trigger(struct fixture *f, const char *sync);
struct json_doc *fixture_doc(struct fixture *f, int64_t id);
struct json_doc *fixture_wait(struct fixture *f, int64_t id);
void fixture_wait_status(struct fixture *f, int64_t id, const char *status);
/* A member by its path, "segments.0.stages.1.status". */
json_node *at(const struct json_doc *doc, const char *path);
const char *text_at(const struct json_doc *doc, const char *path);
int64_t int_at(const struct json_doc *doc, const char *path);
/* What the next run of a "-script" sync says: lines, see fake-worker.c. */
void fixture_script(struct fixture *f, const char *lines);
/* The job of the last such run; to be freed with json_free. */
struct json_doc *fixture_job(struct fixture *f);
/* Let a run that waits go on. */
void fixture_go(struct fixture *f);
/* How many stages of the run failed. */
int failed_stages(const struct json_doc *doc);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - a journal with many ended runs, for measuring how the daemon bears them.
 *
 *   fill STATE RUNS SYNCS <DOCUMENT
 *
 * DOCUMENT is a run's as the API gives it. Each run has it with a number, a sync (idle-1 to idle-SYNCS in
 * turn) and times of its own, the last queued now and each other one 30 s before the next. One in 50 has failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/journal.h"
#include "wire/json.h"

#define APART ((int64_t)30 * 1000000)
#define AT_ONCE 500

static void add_member(struct buf *out, json_node *v, const char *name, int64_t id, const char *sync,
		       const char *status, int64_t at)
{
	size_t len;

	if (strcmp(name, "id") == 0) {
		jw_int(out, name, id);
	} else if (strcmp(name, "sync_id") == 0) {
		jw_text(out, name, sync);
	} else if (strcmp(name, "status") == 0) {
		jw_text(out, name, status);
	} else if (strcmp(name, "queued_at") == 0 || strcmp(name, "started_at") == 0 ||
		   strcmp(name, "completed_at") == 0) {
		jw_time(out, name, at);
	} else {
		const char *s = json_dump(v, &len);
		jw_raw(out, name, s, len);
	}
}

static void put(struct journal *j, json_node *doc, int64_t i, int64_t runs, int64_t syncs, int64_t now)
{
	int64_t id = journal_next_run(j), at = now - (runs - i) * APART;
	bool failed = i % 50 == 7;
	struct buf json = BUF_INIT;
	void *iter = NULL;
	const char *name;
	json_node *v;
	char sync[32];

	snprintf(sync, sizeof sync, "idle-%lld", (long long)(i % syncs + 1));
	jw_open(&json, NULL, '{');
	while (json_next(doc, &iter, &name, &v))
		add_member(&json, v, name, id, sync, failed ? "failed" : "completed", at);
	jw_close(&json, '}');
	journal_put_run(j, &(struct journal_run){id, sync, failed ? RUN_FAILED : RUN_COMPLETED, at, json.s, json.len});
	buf_release(&json);
}

static int fill(struct journal *j, json_node *doc, int64_t runs, int64_t syncs, struct ferry_error *err)
{
	int64_t now = clock_now();

	for (int64_t i = 0; i < runs; i++) {
		put(j, doc, i, runs, syncs, now);
		if (i % AT_ONCE == AT_ONCE - 1 && journal_commit(j, err) < 0)
			return -1;
	}
	return journal_commit(j, err);
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	struct ferry_error err = {0};
	struct json_doc *doc = NULL;
	struct journal *j = NULL;

	if (argc != 4) {
		fprintf(stderr, "usage: fill STATE RUNS SYNCS <DOCUMENT\n");
		return 2;
	}
	size_t n = fread(text, 1, sizeof text - 1, stdin);
	int rc = json_parse(text, n, "standard input", &doc, &err);
	if (rc == 0)
		rc = journal_open(argv[1], &j, &err);
	if (rc == 0)
		rc = fill(j, json_root(doc), strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10), &err);
	journal_close(j);
	json_free(doc);
	if (rc < 0)
		fprintf(stderr, "fill: %s\n", err.msg);
	return rc < 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* recover.c - what a dead daemon left behind: runs that are queued or running for ever. */
#include "base/clock.h"
#include "base/log.h"
#include "supervise/supervisor.h"

#define AT_ONCE 64

static int end_run(struct supervisor *s, int64_t id, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	struct ferry_error why = {0};
	struct run_doc doc;

	int rc = journal_run(s->journal, id, &json, err);
	if (rc == 0)
		rc = run_doc_read(json.s, json.len, &doc, err);
	if (rc < 0) {
		buf_release(&json);
		return -1;
	}
	ferry_fail(&why, FERRY_E_DAEMON_DIED, "the daemon ended while this run was %s",
		   run_status_name(doc.status));
	run_doc_cause(&doc, &why);
	doc.interrupted = true;
	run_doc_end(&doc, RUN_FAILED, clock_now());
	trends_ended(s, &doc);
	buf_reset(&json);
	run_doc_json(&doc, clock_now(), false, &json);
	struct journal_run run = {
		.id = doc.id, .sync = doc.sync, .status = doc.status, .queued_at = doc.queued_at,
		.json = json.s, .len = json.len,
	};
	journal_put_run(s->journal, &run);
	struct log_about about = live_about(&doc, LOG_RUN_FAILED);
	log_about(&about, FERRY_LOG_WARN, "run %lld of %s failed: %s", (long long)doc.id, doc.sync, why.msg);
	run_doc_release(&doc);
	buf_release(&json);
	return 0;
}

int recover_runs(struct supervisor *s, struct ferry_error *err)
{
	struct journal_filter of = {.status = JOURNAL_OPEN};
	int64_t ids[AT_ONCE], skip = 0;
	size_t n;

	for (;;) {
		if (journal_list(s->journal, &of, skip, AT_ONCE, ids, &n, NULL, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			struct ferry_error damaged = {0};
			if (end_run(s, ids[i], &damaged) == 0)
				continue;
			/* a damaged document stays as it is, and is said at every start */
			log_error(&damaged);
			skip++;
		}
		if (journal_commit(s->journal, err) < 0)
			return -1;
		if (n < AT_ONCE)
			return 0;
	}
}

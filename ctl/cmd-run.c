/* SPDX-License-Identifier: Apache-2.0 */
/* cmd-run.c - run, promote, retry, cancel: what starts and ends runs. */
#include "ctl.h"

#include <inttypes.h>
#include <stdio.h>

#include "view.h"

static int no_run_id(struct ferry_error *err)
{
	return ferry_fail(err, FERRY_E_PROTOCOL, "the daemon's answer has no run_id");
}

/* A run was started: wait for it, or say so. */
static int started(struct ctl *ctl, struct answer *answer, const char *what,
		   struct ferry_error *err)
{
	int64_t id = json_get_int(answer->root, "run_id", 0);

	if (id <= 0)
		return no_run_id(err);
	if (args_has(&ctl->args, OPTION_WAIT)) {
		int rc = wait_for_run(ctl, id, err);
		return rc == EXIT_FINE && args_has(&ctl->args, OPTION_EXTRACT_ONLY) ? view_records(ctl, id, err) : rc;
	}
	if (ctl->json) {
		ctl_json(ctl, answer);
		return EXIT_FINE;
	}
	sayf(ctl, STYLE_BOLD, "run %" PRId64, id);
	if (json_get_bool(answer->root, "coalesced", false))
		say(ctl, STYLE_PLAIN, " was queued already and does this too");
	else
		sayf(ctl, STYLE_PLAIN, " %s%s", json_get_text(answer->root, "status", "queued"),
		     what);
	sayf(ctl, STYLE_DIM, "; 'ferryctl logs %" PRId64 " -f' follows it", id);
	say_line(ctl);
	return EXIT_FINE;
}

int cmd_run(struct ctl *ctl, struct ferry_error *err)
{
	bool preview = args_has(&ctl->args, OPTION_PREVIEW);
	bool only = args_has(&ctl->args, OPTION_EXTRACT_ONLY);
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct answer answer = ANSWER_INIT;
	int64_t limit;

	if (args_number(&ctl->args, OPTION_LIMIT, 1, INT32_MAX, 0, &limit, err))
		return -1;
	if (limit && !only)
		return ferry_fail(err, FERRY_E_USAGE, "--limit is only for --extract-only");
	buf_adds(&path, "/syncs");
	path_name(&path, ctl->args.word[0]);
	buf_adds(&path, "/trigger");
	jw_open(&body, NULL, '{');
	jw_bool(&body, "preview", preview);
	jw_bool(&body, "verify", args_has(&ctl->args, OPTION_VERIFY));
	jw_bool(&body, "full", args_has(&ctl->args, OPTION_FULL));
	jw_bool(&body, "extract_only", only);
	jw_int(&body, "limit", limit);
	jw_bool(&body, "manual", true);
	jw_close(&body, '}');
	int rc = ctl_post(ctl, &path, buf_str(&body), &answer, err);
	if (rc == 0)
		rc = started(ctl, &answer, preview ? ", preview" : only ? ", extracts only" : "", err);
	buf_release(&body);
	answer_release(&answer);
	return rc;
}

static int post_run(struct ctl *ctl, const char *verb, const char *body, int64_t *ret_id,
		    struct answer *answer, struct ferry_error *err)
{
	struct buf path = BUF_INIT;

	if (ctl_run_id(ctl, 0, ret_id, err))
		return -1;
	buf_addf(&path, "/runs/%" PRId64 "/%s", *ret_id, verb);
	return ctl_post(ctl, &path, body, answer, err);
}

int cmd_promote(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	int64_t id;
	bool override = args_has(&ctl->args, OPTION_OVERRIDE_GUARD);
	int rc = post_run(ctl, "promote", override ? "{\"override_guard\":true}" : "{}", &id, &answer, err);

	if (rc == 0) {
		char what[64];
		snprintf(what, sizeof what, ", carries out the plan of run %" PRId64, id);
		rc = started(ctl, &answer, what, err);
	}
	answer_release(&answer);
	return rc;
}

int cmd_retry(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	int64_t id;
	int rc = post_run(ctl, "retry", "{}", &id, &answer, err);

	if (rc == 0) {
		char what[64];
		snprintf(what, sizeof what, ", retries run %" PRId64, id);
		rc = started(ctl, &answer, what, err);
	}
	answer_release(&answer);
	return rc;
}

int cmd_cancel(struct ctl *ctl, struct ferry_error *err)
{
	struct answer answer = ANSWER_INIT;
	int64_t id;
	int rc = post_run(ctl, "cancel", "{}", &id, &answer, err);

	if (rc == 0 && ctl->json) {
		ctl_json(ctl, &answer);
	} else if (rc == 0) {
		const char *status = json_get_text(answer.root, "status", "");
		sayf(ctl, STYLE_BOLD, "run %" PRId64, id);
		say(ctl, STYLE_PLAIN,
		    *status == 'c' ? " is cancelled" : " ends after the batch under way");
		say_line(ctl);
	}
	answer_release(&answer);
	return rc;
}

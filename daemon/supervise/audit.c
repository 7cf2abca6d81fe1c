/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - who changed what. */
#include "base/clock.h"
#include "supervise/supervisor.h"

void audit_add(struct supervisor *s, const struct supervise_actor *actor, const char *action,
	       const char *target, const char *result)
{
	struct buf json = BUF_INIT;

	jw_open(&json, NULL, '{');
	jw_time(&json, "at", clock_now());
	jw_int(&json, "uid", actor->uid);
	jw_text(&json, "who", actor->name);
	jw_text(&json, "action", action);
	jw_text(&json, "target", target);
	jw_text(&json, "result", result);
	jw_close(&json, '}');
	journal_add_audit(s->journal, json.s, json.len);
	buf_release(&json);
}

void supervise_audit_refused(struct supervisor *s, const struct supervise_actor *actor,
			     const char *action, const char *target, const struct ferry_error *why)
{
	struct buf result = BUF_INIT;

	size_t mark = group_mark(s);
	buf_addf(&result, "refused: %s: %s", ferry_code_info(why->code)->name, why->msg);
	audit_add(s, actor, action, target, buf_str(&result));
	group_commit_or_back(s, mark, NULL);
	buf_release(&result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - who changed what, and who wanted to. */
#include "base/clock.h"
#include "base/quota.h"
#include "supervise/supervisor.h"

void audit_add(struct supervisor *s, const struct supervise_actor *actor, const char *action,
	       const char *target, const char *result)
{
	struct buf json = BUF_INIT;

	jw_open(&json, NULL, '{');
	jw_time(&json, "at", clock_now());
	if (actor->uid < 0)
		jw_null(&json, "uid");
	else
		jw_int(&json, "uid", actor->uid);
	jw_text(&json, "who", actor->name);
	jw_text(&json, "action", action);
	jw_text(&json, "target", target);
	jw_text(&json, "result", result);
	jw_close(&json, '}');
	journal_add_audit(s->journal, json.s, json.len);
	buf_release(&json);
}

/* Nobody fills the disk by asking for what he may not have. */
#define REFUSED_MAX 30			/* a minute, of one actor */
#define REFUSED_ALL_MAX 120		/* of all of them */
#define TARGET_MAX 200

bool supervise_audit_refused(struct supervisor *s, const struct supervise_actor *actor,
			     const char *action, const char *target, const struct ferry_error *why)
{
	int64_t now = clock_mono(), more, more_of_all;
	struct buf result = BUF_INIT, place = BUF_INIT;

	if (!s->refusals)
		s->refusals = ferry_alloc0(2, sizeof *s->refusals);
	if (!quota_take(&s->refusals[0], actor->name, REFUSED_MAX, now, &more) ||
	    !quota_take(&s->refusals[1], "", REFUSED_ALL_MAX, now, &more_of_all))
		return false;
	size_t mark = group_mark(s);
	buf_addf(&result, "refused: %s: %s", ferry_code_info(why->code)->name, why->msg);
	if (more + more_of_all)
		buf_addf(&result, " (%lld more in the minutes before were not noted)",
			 (long long)(more + more_of_all));
	buf_addf(&place, "%.*s", TARGET_MAX, target);	/* a stranger's path may be long */
	audit_add(s, actor, action, buf_str(&place), buf_str(&result));
	bool noted = group_commit_or_back(s, mark, NULL) == 0;
	buf_release(&result);
	buf_release(&place);
	return noted;
}

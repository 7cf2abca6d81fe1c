/* SPDX-License-Identifier: Apache-2.0 */
/* rulings.c - what persons say of problems: durable, in the audit, and told to the following runs. */
#include <string.h>

#include "base/clock.h"
#include "supervise/supervisor.h"

enum { DEST_ID_MAX = 127, AT_ONCE = 200 };

static const struct {
	const char *action;
	enum problem_status becomes;
	const char *event;
} actions[] = {
	{"link", PROBLEM_RESOLVED, "resolved"}, {"create", PROBLEM_RESOLVED, "resolved"},
	{"retry", PROBLEM_RESOLVED, "resolved"}, {"ignore", PROBLEM_IGNORED, "ignored"},
	{"reopen", PROBLEM_OPEN, "reopened"},
};

/* Index into actions, or -1. */
static int check(const struct supervise_ruling *r, struct ferry_error *err)
{
	bool is_link = strcmp(r->action, "link") == 0;
	size_t i = 0, n = sizeof actions / sizeof actions[0];

	while (i < n && strcmp(actions[i].action, r->action) != 0)
		i++;
	if (i == n)
		return ferry_fail(err, FERRY_E_USAGE,
				  "'action' must be link, create, ignore, retry or reopen, not '%s'", r->action);
	if (is_link && (!r->dest_id || !*r->dest_id)) {
		ferry_fail(err, FERRY_E_USAGE, "'link' needs 'dest_id': which record over there it is");
		return ferry_hint(err, "The problem's candidates name theirs.");
	}
	if (is_link && strlen(r->dest_id) > DEST_ID_MAX)
		return ferry_fail(err, FERRY_E_USAGE, "'dest_id' is longer than %d bytes", DEST_ID_MAX);
	if (!is_link && r->dest_id)
		return ferry_fail(err, FERRY_E_USAGE, "'dest_id' is only for 'link', not for '%s'", r->action);
	if (r->until && strcmp(r->action, "ignore") != 0)
		return ferry_fail(err, FERRY_E_USAGE, "'until' is only for 'ignore', not for '%s'", r->action);
	if (r->until && r->until <= clock_now())
		return ferry_fail(err, FERRY_E_USAGE, "'until' is over already");
	return (int)i;
}

/* A person may change his mind as long as nothing was carried out. */
static int may_rule(const struct problem *p, enum problem_status becomes, struct ferry_error *err)
{
	long long id = (long long)p->id;

	if (p->status == PROBLEM_CLEARED) {
		ferry_fail(err, FERRY_E_STATE, "problem %lld is over: it was cleared (%s)", id,
			   p->close_reason ? p->close_reason : "no reason given");
		return ferry_hint(err, "Should it come back, it does so as a new problem.");
	}
	if (problem_closed(p)) {
		ferry_fail(err, FERRY_E_STATE, "problem %lld is over: run %lld has carried out '%s'", id,
			   (long long)p->resolution.carried_out_run, p->resolution.action);
		return ferry_hint(err, "Should it come back, it does so as a new problem.");
	}
	if (p->status != PROBLEM_OPEN || becomes != PROBLEM_OPEN)
		return 0;
	ferry_fail(err, FERRY_E_STATE, "problem %lld is open", id);
	return ferry_hint(err, "There is nothing to be taken back.");
}

static void rule(struct supervisor *s, struct problem *p, int action, const struct supervise_ruling *r,
		 const struct supervise_actor *actor)
{
	const struct sync_state *st = sync_find(s, p->sync);
	int64_t now = clock_now();

	p->status = actions[action].becomes;
	p->updated_at = now;
	p->resolution = (struct problem_resolution){0};
	if (p->status != PROBLEM_OPEN)
		p->resolution = (struct problem_resolution){
			.action = r->action, .dest_id = r->dest_id, .until = r->until, .by = actor->name,
			.at = now, .after_run = st && st->running ? st->running->doc.id : 0,
		};
	problem_note(p, &(struct problem_moment){.at = now, .event = actions[action].event, .group = p->group,
		     .by = actor->name});
	problem_put(s->journal, p);
}

/* A run under way shows how many wait. */
static void count(struct supervisor *s, const char *sync, const char *segment, int change)
{
	const struct sync_state *st = sync_find(s, sync);
	struct segment_doc *seg = st && st->running ? run_doc_segment(&st->running->doc, segment) : NULL;

	if (!seg)
		return;
	seg->problems.open += change;
	st->running->dirty = true;
}

static void describe(const struct supervise_ruling *r, struct buf *out)
{
	char until[CLOCK_TEXT];

	buf_adds(out, r->action);
	if (r->dest_id)
		buf_addf(out, " %s", r->dest_id);
	if (r->until) {
		clock_format(r->until, until);
		buf_addf(out, " until %s", until);
	}
}

static void audit_ruling(struct supervisor *s, const struct supervise_actor *actor, const char *target,
			 const struct supervise_ruling *r)
{
	struct buf text = BUF_INIT;

	describe(r, &text);
	audit_add(s, actor, "resolve", target, buf_str(&text));
	buf_release(&text);
}

static int rule_one(struct supervisor *s, struct problem *p, int action, const struct supervise_ruling *r,
		    const struct supervise_actor *actor, struct ferry_error *err)
{
	int change = (actions[action].becomes == PROBLEM_OPEN) - (p->status == PROBLEM_OPEN);
	struct buf target = BUF_INIT;

	if (may_rule(p, actions[action].becomes, err) < 0)
		return -1;
	buf_addf(&target, "problem %lld of %s/%s, key %s", (long long)p->id, p->sync, p->segment,
		 p->key ? p->key : "?");
	size_t mark = group_mark(s);
	rule(s, p, action, r, actor);
	audit_ruling(s, actor, target.s, r);
	buf_release(&target);
	if (group_commit_or_back(s, mark, err) < 0)
		return -1;
	count(s, p->sync, p->segment, change);
	watch_problem(s, p, actions[action].event);
	return 0;
}

int supervise_resolve(struct supervisor *s, int64_t id, const struct supervise_ruling *ruling,
		      const struct supervise_actor *actor, struct buf *out, struct ferry_error *err)
{
	struct problem p;
	int action = check(ruling, err);

	if (action < 0 || queue_may_change(s, err) < 0 || problem_get(s->journal, id, &p, err) < 0)
		return -1;
	int rc = rule_one(s, &p, action, ruling, actor, err);
	if (rc == 0)
		problem_json(&p, out);
	problem_release(&p);
	return rc;
}

static void tell_ruled(struct supervisor *s, const int64_t *ids, size_t n, const char *what)
{
	struct problem p;

	for (size_t i = 0; i < n && s->watchers; i++)
		if (problem_get(s->journal, ids[i], &p, NULL) == 0) {
			watch_problem(s, &p, what);
			problem_release(&p);
		}
}

/* One commit's worth of those that are open; -1, or how many there were. */
static int64_t rule_some(struct supervisor *s, const struct problem_filter *of, int action,
			 const struct supervise_ruling *r, const struct supervise_actor *actor,
			 struct ferry_error *err)
{
	int64_t ids[AT_ONCE];
	struct problem p;
	size_t n;

	if (problems_list(s->journal, of, 0, AT_ONCE, ids, &n, NULL, err) < 0)
		return -1;
	size_t mark = group_mark(s);
	for (size_t i = 0; i < n; i++) {
		if (problem_get(s->journal, ids[i], &p, err) < 0) {
			journal_rollback(s->journal, mark);
			return -1;
		}
		rule(s, &p, action, r, actor);
		count(s, p.sync, p.segment, -1);
		problem_release(&p);
	}
	if (n && group_commit_or_back(s, mark, err) < 0)
		return -1;
	tell_ruled(s, ids, n, actions[action].event);
	return (int64_t)n;
}

int supervise_resolve_all(struct supervisor *s, const struct problem_filter *which,
			  const struct supervise_ruling *ruling, const struct supervise_actor *actor,
			  int64_t *ret_n, struct ferry_error *err)
{
	struct problem_filter of = *which;
	struct buf target = BUF_INIT;
	int action = check(ruling, err);
	int64_t n = 0;

	*ret_n = 0;
	if (action < 0 || queue_may_change(s, err) < 0)
		return -1;
	if (strcmp(ruling->action, "ignore") != 0 && strcmp(ruling->action, "retry") != 0)
		return ferry_fail(err, FERRY_E_USAGE, "many problems at once can only be ignored or retried");
	of.status = PROBLEM_OPEN;
	buf_addf(&target, "open problems of %s", of.sync);
	if (of.segment)
		buf_addf(&target, "/%s", of.segment);
	if (of.group)
		buf_addf(&target, ", group %s", of.group);
	/* noted first: should the disk become full halfway, it is known who began */
	size_t mark = group_mark(s);
	audit_ruling(s, actor, target.s, ruling);
	int rc = group_commit_or_back(s, mark, err);
	buf_release(&target);
	while (rc == 0 && (n = rule_some(s, &of, action, ruling, actor, err)) > 0)
		*ret_n += n;
	return rc < 0 || n < 0 ? -1 : 0;
}

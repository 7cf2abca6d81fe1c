/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notices.c - what is told when a run ends, is stuck, or was held back: decided here, and put into the
 * journal's group with what it is about, so that a daemon that dies loses none of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "supervise/notices.h"

#define US_PER_MS ((int64_t)1000)
#define LOOK_US ((int64_t)1000000)

/* ----------------------------------------------------------------------- memory */

#define STATE_KEY 96
static void sync_key(char key[STATE_KEY], const char *sync)
{
	snprintf(key, STATE_KEY, "notify/%s", sync);
}

static void quota_key(char key[STATE_KEY], const char *target)
{
	snprintf(key, STATE_KEY, "notify-target/%s", target);
}

static void remember(struct supervisor *s, const struct sync_state *st)
{
	struct buf json = BUF_INIT;
	char key[STATE_KEY];

	sync_key(key, st->name);
	notify_memory_json(&st->notify, &json);
	journal_put_state(s->journal, key, json.s, json.len);
	buf_release(&json);
}

static void recall(struct supervisor *s, struct sync_state *st)
{
	struct ferry_error err = {0};
	struct buf json = BUF_INIT;
	char key[STATE_KEY];

	st->notify_known = true;
	sync_key(key, st->name);
	int rc = journal_state(s->journal, key, &json, &err);
	if (rc == 0)
		rc = notify_memory_read(json.s, json.len, &st->notify, &err);
	if (rc < 0 && err.code != FERRY_E_NOT_FOUND)
		log_error(&err);
	buf_release(&json);
}

static void recall_quota(struct supervisor *s, struct target_quota *q)
{
	struct json_doc *doc = NULL;
	struct buf json = BUF_INIT;
	char key[STATE_KEY];

	quota_key(key, q->target);
	if (journal_state(s->journal, key, &json, NULL) == 0 &&
	    json_parse(json.s, json.len, "a target's limit", &doc, NULL) == 0) {
		q->quota.from = json_get_int(json_root(doc), "from", 0);
		q->quota.sent = json_get_int(json_root(doc), "sent", 0);
		q->quota.held = json_get_int(json_root(doc), "held", 0);
		json_free(doc);
	}
	buf_release(&json);
}

struct target_quota *target_quota(struct supervisor *s, const char *target)
{
	struct notifier *n = s->notifier;

	for (size_t i = 0; i < n->n_quotas; i++)
		if (strcmp(n->quotas[i].target, target) == 0)
			return &n->quotas[i];
	n->quotas = ferry_realloc(n->quotas, n->n_quotas + 1, sizeof *n->quotas);
	struct target_quota *q = &n->quotas[n->n_quotas++];
	*q = (struct target_quota){.target = ferry_strdup(target)};
	recall_quota(s, q);
	return q;
}

static void remember_quota(struct supervisor *s, const char *target, const struct notify_quota *q)
{
	struct buf json = BUF_INIT;
	char key[STATE_KEY];

	quota_key(key, target);
	jw_open(&json, NULL, '{');
	jw_int(&json, "from", q->from);
	jw_int(&json, "sent", q->sent);
	jw_int(&json, "held", q->held);
	jw_close(&json, '}');
	journal_put_state(s->journal, key, json.s, json.len);
	buf_release(&json);
}

/* ---------------------------------------------------------------------- telling */

/* What one run tells: to each target that wants it now, a message of its own. */
struct news {
	const struct run_doc *doc;
	const struct tallies *codes;	/* NULL: not known any more */
	unsigned events;
	int64_t more, since;		/* of the one event: held back before this run */
};

static void put_message(struct supervisor *s, const struct target_def *target, struct message *m, int64_t now)
{
	int64_t blocked = target_quota(s, target->name)->blocked_until;
	struct outbox_entry entry = {
		.id = outbox_next_id(s->journal), .status = OUTBOX_PENDING, .created_at = now,
		.due_at = blocked > now ? blocked : now,
	};
	char name[DELIVERY_TEXT];
	struct buf json = BUF_INIT;

	delivery_name(name);
	m->delivery = name;
	m->at = now;
	m->target = target->name;
	notice_new_json(&entry, target, m, &json);
	outbox_put(s->journal, &entry, NULL, json.s, json.len);
	buf_release(&json);
}

static void tell_target(struct supervisor *s, struct sync_state *st, const struct target_def *target,
			const struct news *news, int64_t now)
{
	struct notify_quota *quota = &target_quota(s, target->name)->quota;
	struct message m = {.arena = ARENA_INIT};
	struct notify_ask ask = {
		.target = target->name, .events = news->events, .run = news->doc->id, .now = now,
		.repeat_after_us = st->def->notify.repeat_after_ms * US_PER_MS, .max_per_hour = target->max_per_hour,
	};

	m.events = notify_tell(&st->notify, quota, &ask, &m.held);
	if (m.events) {
		message_of_run(&m, news->doc, news->codes, s->gen->daemon.console_url);
		m.failures = st->notify.failures;
		m.failing_since = st->notify.failing_since;
		m.held_by_quota = quota->held;
		quota->held = 0;
		m.held.n[notify_first(news->events)] += news->more;
		if (news->more && (!m.held.since || news->since < m.held.since))
			m.held.since = news->since;
		put_message(s, target, &m, now);
	}
	remember_quota(s, target->name, quota);
	message_release(&m);
}

static void tell_all(struct supervisor *s, struct sync_state *st, const struct news *news)
{
	int64_t now = supervise_now(s);

	for (size_t i = 0; i < st->def->notify.n_targets && news->events; i++)
		tell_target(s, st, st->def->notify.targets[i], news, now);
	remember(s, st);
}

static int64_t problems_opened(const struct run_doc *doc)
{
	int64_t n = 0;

	for (size_t i = 0; i < doc->n_segments; i++)
		n += doc->segments[i].problems.opened;
	return n;
}

/* Previews change nothing, and what was cancelled says nothing of how it would have ended. */
static bool counts(const struct sync_state *st, const struct run_doc *doc)
{
	return st->def && st->def->notify.n_targets && !doc->preview && !doc->extract_only &&
		(doc->status == RUN_COMPLETED || doc->status == RUN_FAILED);
}

static void tell_end(struct supervisor *s, struct sync_state *st, const struct run_doc *doc,
		     const struct tallies *codes)
{
	struct counters sum;

	if (!counts(st, doc))
		return;
	run_doc_sum(doc, &sum);
	struct notify_outcome outcome = {
		.completed = doc->status == RUN_COMPLETED, .at = doc->completed_at, .rows = run_doc_rows(&sum),
		.row_errors = run_doc_row_errors(doc), .problems_opened = problems_opened(doc),
	};
	struct news news = {.doc = doc, .codes = codes};
	news.events = notify_ended(&st->notify, &st->def->notify, &outcome);
	tell_all(s, st, &news);
}

void notices_ended(struct live *l)
{
	tell_end(l->s, l->sync, &l->doc, &l->row_codes);
}

/* --------------------------------------------------------- stuck, and held back */

static bool look_at_running(struct supervisor *s)
{
	bool wanted = false;

	for (struct live *l = s->running.first; l; l = l->next) {
		struct sync_state *st = l->sync;
		if (!st->def || l->stuck_told || !notify_wants(&st->def->notify, NOTIFY_STUCK))
			continue;
		wanted = true;
		if (!live_hung(l))
			continue;
		l->stuck_told = true;
		struct news news = {.doc = &l->doc, .codes = &l->row_codes, .events = NOTIFY_BIT(NOTIFY_STUCK)};
		tell_all(s, st, &news);
	}
	return wanted;
}

/* Retention may have been faster; then the next run will tell. */
static void tell_again(struct supervisor *s, struct sync_state *st, const struct notify_overdue *o, int64_t now)
{
	const struct target_def *target = generation_target(s->gen, o->target);
	struct run_doc doc;

	if (!target || queue_doc(s, o->run, &doc, NULL) < 0)
		return;
	struct news news = {.doc = &doc, .events = NOTIFY_BIT(o->event), .more = o->held - 1, .since = o->since};
	tell_target(s, st, target, &news, now);
	run_doc_release(&doc);
}

static int64_t look_at_held(struct supervisor *s, struct sync_state *st, int64_t now)
{
	int64_t repeat = st->def->notify.repeat_after_ms * US_PER_MS;
	struct notify_overdue overdue;

	if (notify_take_overdue(&st->notify, repeat, now, &overdue)) {
		tell_again(s, st, &overdue, now);
		remember(s, st);
	}
	return notify_next(&st->notify, repeat);
}

int64_t notices_look(struct supervisor *s, int64_t now)
{
	int64_t next = 0, look = s->gen->daemon.heartbeat_timeout_ms * US_PER_MS / 8;

	if (look_at_running(s))
		next = now + (look < LOOK_US ? look : LOOK_US);
	for (size_t i = 0; i < s->n_syncs; i++) {
		struct sync_state *st = s->syncs[i];
		int64_t at = st->def && st->notify.n_told && st->def->notify.n_targets ? look_at_held(s, st, now) : 0;
		if (at && (!next || at < next))
			next = at;
	}
	return next;
}

/* ------------------------------------------------------------------ generations */

/* A run that a dead daemon left behind was ended before anybody could be told. */
static void tell_recovered(struct supervisor *s, struct sync_state *st)
{
	const struct supervise_last *last = &st->last;
	struct run_doc doc;

	if (!last->run || !last->interrupted || last->status != RUN_FAILED || last->completed_at < s->started_at ||
	    queue_doc(s, last->run, &doc, NULL) < 0)
		return;
	tell_end(s, st, &doc, NULL);
	run_doc_release(&doc);
}

void notices_adopt(struct supervisor *s)
{
	bool first = !s->notifier->recovered;
	size_t before = journal_pending(s->journal);

	s->notifier->recovered = true;
	for (size_t i = 0; i < s->n_syncs; i++) {
		struct sync_state *st = s->syncs[i];
		if (!st->def || !st->def->notify.n_targets)
			continue;
		if (!st->notify_known)
			recall(s, st);
		if (first)
			tell_recovered(s, st);
	}
	if (journal_pending(s->journal) > before)
		group_commit(s);
	notices_soon(s);
}

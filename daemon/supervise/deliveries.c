/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliveries.c - the outbox: short-lived workers send what is due, one batch at a time, and what they
 * report is written down. What a worker did not report is sent again, under the same name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "supervise/notices.h"

#define US_PER_MS ((int64_t)1000)
#define MINUTE_US ((int64_t)60 * 1000000)
#define KEPT_US (7 * 24 * 60 * MINUTE_US)
#define LOOK_MS 60000
#define TRIM_AT_ONCE 200
#define JOB_MS (10 * 60 * 1000)

/* --------------------------------------------------------------------- outcomes */

static void log_outcome(const struct notice *n, int64_t now)
{
	const char *target = json_get_text(n->message, "target", "?");
	int64_t s = (n->entry.due_at - now) / 1000000;

	if (n->entry.status == OUTBOX_DELIVERED)
		log_debug("notification %lld to %s delivered", (long long)n->entry.id, target);
	else if (n->entry.status == OUTBOX_FAILED)
		log_warn("notification %lld to %s given up after %lld attempts: %s: %s", (long long)n->entry.id, target,
			 (long long)n->attempts, ferry_code_info(n->error.code)->name, n->error.msg);
	else
		log_warn("notification %lld to %s: attempt %lld: %s: %s; again in %lld s", (long long)n->entry.id, target,
			 (long long)n->attempts, ferry_code_info(n->error.code)->name, n->error.msg, (long long)s);
}

static void put_notice(struct supervisor *s, const struct notice *n, const struct outbox_entry *was)
{
	struct buf json = BUF_INIT;

	notice_json(n, &json);
	outbox_put(s->journal, &n->entry, was, json.s, json.len);
	buf_release(&json);
}

static void settle(struct notice *n, enum outbox_status status, int64_t now)
{
	n->entry.status = status;
	n->entry.due_at = 0;
	n->settled_at = now;
}

/* An attempt has failed, with n->error; wait_ms: what the other side asks for. */
static void put_off(struct supervisor *s, struct notice *n, int64_t wait_ms, int64_t now)
{
	const char *name = json_get_text(n->message, "target", "");
	const struct target_def *target = generation_target(s->gen, name);
	int64_t age = (now - n->entry.created_at) / US_PER_MS;
	int64_t wait = target ? notify_backoff_ms(n->attempts, target->retry_base_ms, age) : -1;

	if (wait < 0) {
		settle(n, OUTBOX_FAILED, now);
		return;
	}
	/* not beyond the time at which it is given up */
	if (wait_ms > wait && notify_backoff_ms(1, wait_ms, age) > 0)
		wait = wait_ms;
	n->entry.due_at = now + wait * US_PER_MS;
	/* a message that is refused as such keeps no other one waiting */
	if (n->error.code != FERRY_E_REJECTED)
		target_quota(s, name)->blocked_until = n->entry.due_at;
}

static void take_error(json_node *item, const struct ferry_error *otherwise, struct ferry_error *ret)
{
	json_node *error = json_get(item, "error");
	int code = ferry_code_from_name(json_get_text(error, "code", ""));

	*ret = *otherwise;
	if (code <= 0)
		return;
	ferry_fail(ret, (enum ferry_code)code, "%s", json_get_text(error, "message", ""));
	ferry_hint(ret, "%s", json_get_text(error, "hint", ""));
}

/* What the worker said of one message; NULL: nothing. */
static void take_outcome(struct supervisor *s, const struct outbox_entry *was, json_node *item,
			 const struct ferry_error *otherwise)
{
	int64_t now = supervise_now(s);
	struct ferry_error err = {0};
	struct buf json = BUF_INIT;
	struct outbox_entry entry;
	struct notice n;

	if (outbox_get(s->journal, was->id, &entry, &json, &err) < 0 || notice_read(&entry, &json, &n, &err) < 0) {
		if (err.code != FERRY_E_NOT_FOUND)
			log_error(&err);
		buf_release(&json);
		return;
	}
	if (item && json_get_bool(item, "deferred", false)) {
		/* its target failed for the message before: it was not tried */
		int64_t blocked = target_quota(s, json_get_text(n.message, "target", ""))->blocked_until;
		n.entry.due_at = blocked > now ? blocked : now;
		put_notice(s, &n, &entry);
	} else {
		n.attempts++;
		if (item && json_get_bool(item, "ok", false)) {
			settle(&n, OUTBOX_DELIVERED, now);
			target_quota(s, json_get_text(n.message, "target", ""))->blocked_until = 0;
		} else {
			take_error(item, otherwise, &n.error);
			put_off(s, &n, item ? json_get_int(item, "retry_after_ms", 0) : 0, now);
		}
		put_notice(s, &n, &entry);
		log_outcome(&n, now);
	}
	notice_release(&n);
	buf_release(&json);
}

static json_node *item_of(json_node *items, int64_t id)
{
	for (size_t i = 0; i < json_count(items); i++)
		if (json_get_int(json_at(items, i), "id", -1) == id)
			return json_at(items, i);
	return NULL;
}

static void on_sent(void *ctx, struct probe_result *result)
{
	struct supervisor *s = ctx;
	struct notifier *n = s->notifier;
	struct ferry_error silent = {0};
	struct json_doc *doc = NULL;
	struct buf list = BUF_INIT;

	n->job = NULL;
	buf_addf(&list, "[%s]", buf_str(&result->items));
	if (json_parse(list.s, list.len, "the worker's report", &doc, NULL) < 0)
		doc = NULL;
	if (result->err.code == FERRY_OK)
		ferry_fail(&silent, FERRY_E_WORKER_DIED, "the worker said nothing of it");
	for (size_t i = 0; i < n->n_sent; i++)
		take_outcome(s, &n->sent[i], doc ? item_of(json_root(doc), n->sent[i].id) : NULL,
			     result->err.code == FERRY_OK ? &silent : &result->err);
	n->n_sent = 0;
	json_free(doc);
	buf_release(&list);
	group_commit(s);
	notices_soon(s);
	supervise_end_if_idle(s);
}

/* ---------------------------------------------------------------------- sending */

/* Take a message along, unless its target is gone or does not answer. */
static int add_message(struct supervisor *s, int64_t id, struct buf *messages, struct ferry_error *err)
{
	struct buf json = BUF_INIT;
	int64_t now = supervise_now(s), blocked;
	struct outbox_entry entry;
	struct notice n;
	size_t len;

	int rc = outbox_get(s->journal, id, &entry, &json, err);
	if (rc == 0)
		rc = notice_read(&entry, &json, &n, err);
	if (rc == 0) {
		const char *target = json_get_text(n.message, "target", "");
		if (!generation_target(s->gen, target)) {
			ferry_fail(&n.error, FERRY_E_NOT_FOUND, "the target '%s' is no longer configured", target);
			settle(&n, OUTBOX_FAILED, now);
			put_notice(s, &n, &entry);
			log_outcome(&n, now);
		} else if ((blocked = target_quota(s, target)->blocked_until) > now) {
			/* made while the one before it was on its way */
			n.entry.due_at = blocked;
			put_notice(s, &n, &entry);
		} else {
			jw_open(messages, NULL, '{');
			jw_int(messages, "id", id);
			const char *message = json_dump(n.message, &len);
			jw_raw(messages, "message", message, len);
			jw_close(messages, '}');
			s->notifier->sent[s->notifier->n_sent++] = entry;
		}
		notice_release(&n);
	}
	buf_release(&json);
	return rc;
}

static void send_batch(struct supervisor *s, const struct outbox_entry *due, size_t n)
{
	struct buf messages = BUF_INIT;
	struct ferry_error err = {0};

	s->notifier->n_sent = 0;
	jw_open(&messages, NULL, '[');
	for (size_t i = 0; i < n; i++)
		if (add_message(s, due[i].id, &messages, &err) < 0) {
			/* a damaged one would stand in the way for ever */
			log_error(&err);
			outbox_drop(s->journal, &due[i]);
		}
	jw_close(&messages, ']');
	struct job job = {.action = "notify", .sync = "", .messages_json = messages.s,
		.memory_limit = s->gen->daemon.memory_limit};
	if (s->notifier->n_sent &&
	    probe_start_job(s->loop, &job, JOB_MS, &s->paths, s->gen, on_sent, s, &s->notifier->job, &err) < 0) {
		for (size_t i = 0; i < s->notifier->n_sent; i++)
			take_outcome(s, &s->notifier->sent[i], NULL, &err);
		s->notifier->n_sent = 0;
	}
	buf_release(&messages);
	group_touch(s);
}

/* 0, or when the next one is due. */
static int64_t send_due(struct supervisor *s, int64_t now)
{
	struct outbox_entry due[DELIVERIES_AT_ONCE];
	int64_t next = 0;
	struct ferry_error err = {0};
	size_t n = 0;

	if (s->notifier->job)
		return 0;			/* its end looks again */
	if (outbox_due(s->journal, now, DELIVERIES_AT_ONCE, due, &n, &next, &err) < 0)
		log_error(&err);
	if (n)
		send_batch(s, due, n);
	return next;
}

static void trim(struct supervisor *s, int64_t now)
{
	struct ferry_error err = {0};

	if (now >= s->notifier->trimmed_at && now - s->notifier->trimmed_at < MINUTE_US)
		return;
	s->notifier->trimmed_at = now;
	if (outbox_trim(s->journal, now - KEPT_US, OUTBOX_KEPT, TRIM_AT_ONCE, &err) < 0)
		log_error(&err);
	else if (journal_pending(s->journal))
		group_touch(s);
}

/* What is pending in the journal is not read yet, and could be sent twice. */
static bool may_send(const struct supervisor *s)
{
	return s->journal_error.code == FERRY_OK && s->fatal.code == FERRY_OK;
}

/* When there is something to do next; 0: nothing that is known. */
static int64_t look(struct supervisor *s, int64_t now)
{
	size_t before = journal_pending(s->journal);
	int64_t next = notices_look(s, now);

	if (journal_pending(s->journal) > before)
		group_commit(s);
	int64_t due = may_send(s) ? send_due(s, now) : 0;
	trim(s, now);
	return !due || (next && next < due) ? next : due;
}

static void on_timer(void *ctx)
{
	struct supervisor *s = ctx;
	int64_t now = supervise_now(s), next = 0, ms = LOOK_MS;

	if (s->leaving)
		supervise_end_if_idle(s);
	if (s->leaving || s->stopping)
		return;
	if (may_send(s)) {
		next = look(s, now);
		if (!next && !s->notifier->job && !s->gen->daemon.n_targets)
			return;
	}
	if (next && (next - now) / US_PER_MS + 1 < ms)
		ms = next > now ? (next - now) / US_PER_MS + 1 : 1;
	loop_timer_set(s->notifier->timer, ms);
}

bool notices_flush(struct supervisor *s)
{
	if (may_send(s))
		send_due(s, supervise_now(s));
	return s->notifier->job;
}

void notices_soon(struct supervisor *s)
{
	if (s->gen && s->gen->daemon.n_targets)
		loop_timer_set(s->notifier->timer, 0);
}

/* ----------------------------------------------------------------- life and death */

int notices_init(struct supervisor *s, struct ferry_error *err)
{
	s->notifier = ferry_alloc0(1, sizeof *s->notifier);
	/* what was left there by another configuration is looked at once */
	return loop_timer(s->loop, LOOK_MS, on_timer, s, &s->notifier->timer, err);
}

void notices_release(struct supervisor *s)
{
	struct notifier *n = s->notifier;

	if (!n)
		return;
	probe_free(n->job);
	loop_drop(n->timer);
	for (size_t i = 0; i < n->n_quotas; i++)
		free(n->quotas[i].target);
	free(n->quotas);
	free(n);
	s->notifier = NULL;
}

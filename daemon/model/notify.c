/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c - events of runs, and what targets are told of them. */
#include "model/notify.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_US ((int64_t)3600 * 1000000)
#define GIVE_UP_MS ((int64_t)24 * 3600 * 1000)

static const char *const names[NOTIFY_EVENTS] = {
	[NOTIFY_FAILED] = "failed", [NOTIFY_COMPLETED] = "completed", [NOTIFY_ERROR_RATE] = "error_rate",
	[NOTIFY_CONSECUTIVE_FAILURES] = "consecutive_failures", [NOTIFY_RECOVERED] = "recovered",
	[NOTIFY_STUCK] = "stuck", [NOTIFY_PROBLEMS_OPENED] = "problems_opened",
};

const char *notify_event_name(enum notify_event e)
{
	return names[e];
}

int notify_event_from_name(const char *name)
{
	for (int i = 0; i < NOTIFY_EVENTS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

enum notify_event notify_first(unsigned events)
{
	static const enum notify_event order[] = {
		NOTIFY_CONSECUTIVE_FAILURES, NOTIFY_FAILED, NOTIFY_STUCK, NOTIFY_ERROR_RATE, NOTIFY_PROBLEMS_OPENED,
		NOTIFY_RECOVERED,
	};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (events & NOTIFY_BIT(order[i]))
			return order[i];
	return NOTIFY_COMPLETED;
}

/* ----------------------------------------------------------------------- events */

static const struct notify_on_def *asked(const struct notify_def *def, enum notify_event event)
{
	for (size_t i = 0; i < def->n_on; i++)
		if (def->on[i].event == event)
			return &def->on[i];
	return NULL;
}

bool notify_wants(const struct notify_def *def, enum notify_event event)
{
	return def->n_targets && asked(def, event);
}

static bool over_limit(const struct limit_def *limit, int64_t rows, int64_t row_errors)
{
	if (!limit->given || !row_errors)
		return false;
	if (!limit->percent)
		return (double)row_errors >= limit->value;
	return rows > 0 && (double)row_errors * 100 >= limit->value * (double)rows;
}

static bool streak_reached(struct notify_memory *m, const struct notify_on_def *on)
{
	if (!on || m->streak_told || m->failures < on->consecutive_failures)
		return false;
	m->streak_told = true;
	return true;
}

unsigned notify_ended(struct notify_memory *m, const struct notify_def *def, const struct notify_outcome *o)
{
	const struct notify_on_def *rate = asked(def, NOTIFY_ERROR_RATE);
	bool was_failing = m->failures > 0;
	unsigned events = 0;

	if (o->completed) {
		m->failures = 0;
		m->failing_since = 0;
		m->streak_told = false;
		/* whose recovery it is, each target's memory tells */
		events |= NOTIFY_BIT(NOTIFY_COMPLETED) | NOTIFY_BIT(NOTIFY_RECOVERED);
		for (size_t i = 0; i < m->n_told; i++)
			m->told[i].failing &= asked(def, NOTIFY_RECOVERED) != NULL;
	} else {
		m->failing_since = was_failing ? m->failing_since : o->at;
		m->failures++;
		events |= NOTIFY_BIT(NOTIFY_FAILED);
		if (streak_reached(m, asked(def, NOTIFY_CONSECUTIVE_FAILURES)))
			events |= NOTIFY_BIT(NOTIFY_CONSECUTIVE_FAILURES);
	}
	if (rate && over_limit(&rate->error_rate, o->rows, o->row_errors))
		events |= NOTIFY_BIT(NOTIFY_ERROR_RATE);
	if (o->problems_opened > 0)
		events |= NOTIFY_BIT(NOTIFY_PROBLEMS_OPENED);
	for (int e = 0; e < NOTIFY_EVENTS; e++)
		if (!asked(def, (enum notify_event)e))
			events &= ~NOTIFY_BIT(e);
	return events;
}

/* ---------------------------------------------------------------------- telling */

static struct notify_told *told_of(struct notify_memory *m, const char *target)
{
	for (size_t i = 0; i < m->n_told; i++)
		if (strcmp(m->told[i].target, target) == 0)
			return &m->told[i];
	m->told = ferry_realloc(m->told, m->n_told + 1, sizeof *m->told);
	m->told[m->n_told] = (struct notify_told){.target = ferry_strdup(target)};
	return &m->told[m->n_told++];
}

/* Also when the clock was set back behind what was told. */
static bool may_repeat(int64_t at, int64_t now, int64_t repeat_after)
{
	return !at || now < at || now - at >= repeat_after;
}

static void hold(struct notify_told *told, const struct notify_ask *ask, unsigned events)
{
	for (int e = 0; e < NOTIFY_EVENTS; e++) {
		if (!(events & NOTIFY_BIT(e)))
			continue;
		if (!told->event[e].held++)
			told->event[e].held_since = ask->now;
		told->event[e].held_run = ask->run;
	}
}

static void take_held(struct notify_told *told, struct notify_held *ret)
{
	for (int e = 0; e < NOTIFY_EVENTS; e++) {
		int64_t since = told->event[e].held_since;
		ret->n[e] = told->event[e].held;
		if (ret->n[e] && (!ret->since || since < ret->since))
			ret->since = since;
		told->event[e].held = told->event[e].held_since = told->event[e].held_run = 0;
	}
}

static bool take_quota(struct notify_quota *q, const struct notify_ask *ask)
{
	if (ask->now < q->from || ask->now - q->from >= HOUR_US) {
		q->from = ask->now;
		q->sent = 0;
	}
	if (q->sent >= ask->max_per_hour) {
		q->held++;
		return false;
	}
	q->sent++;
	return true;
}

unsigned notify_tell(struct notify_memory *m, struct notify_quota *quota, const struct notify_ask *ask,
		     struct notify_held *ret)
{
	const unsigned failure = NOTIFY_BIT(NOTIFY_FAILED) | NOTIFY_BIT(NOTIFY_CONSECUTIVE_FAILURES);
	unsigned now = 0, later = 0;

	*ret = (struct notify_held){0};
	if (!ask->events)
		return 0;
	struct notify_told *told = told_of(m, ask->target);
	for (int e = 0; e < NOTIFY_EVENTS; e++) {
		unsigned bit = ask->events & NOTIFY_BIT(e);
		if (e == NOTIFY_RECOVERED)
			now |= told->failing ? bit : 0;
		else if (may_repeat(told->event[e].at, ask->now, ask->repeat_after_us))
			now |= bit;
		else
			later |= bit;
	}
	bool told_now = now && take_quota(quota, ask);
	for (int e = 0; e < NOTIFY_EVENTS; e++)
		if (now & NOTIFY_BIT(e))
			told->event[e].at = ask->now;
	if (!told_now) {
		/* a recovery is owed for as long as the target knows of the failure */
		hold(told, ask, (now | later) & ~NOTIFY_BIT(NOTIFY_RECOVERED));
		return 0;
	}
	take_held(told, ret);
	now |= later;			/* of the same run: one message */
	if (now & failure)
		told->failing = true;
	else if (now & NOTIFY_BIT(NOTIFY_RECOVERED))
		told->failing = false;
	return now;
}

/* ---------------------------------------------------------- what was held back */

static bool still_holds(const struct notify_memory *m, const struct notify_told *told, enum notify_event e)
{
	if (!told->event[e].held)
		return false;
	return e == NOTIFY_FAILED || e == NOTIFY_CONSECUTIVE_FAILURES ? m->failures > 0
		: e == NOTIFY_ERROR_RATE || e == NOTIFY_PROBLEMS_OPENED;
}

int64_t notify_next(const struct notify_memory *m, int64_t repeat_after)
{
	int64_t next = 0;

	for (size_t i = 0; i < m->n_told; i++)
		for (int e = 0; e < NOTIFY_EVENTS; e++) {
			int64_t at = m->told[i].event[e].at + repeat_after;
			if (still_holds(m, &m->told[i], (enum notify_event)e) && (!next || at < next))
				next = at;
		}
	return next;
}

bool notify_take_overdue(struct notify_memory *m, int64_t repeat_after, int64_t now, struct notify_overdue *ret)
{
	for (size_t i = 0; i < m->n_told; i++)
		for (int e = 0; e < NOTIFY_EVENTS; e++) {
			struct notify_told *told = &m->told[i];
			if (!still_holds(m, told, (enum notify_event)e) ||
			    !may_repeat(told->event[e].at, now, repeat_after))
				continue;
			*ret = (struct notify_overdue){
				.target = told->target, .event = (enum notify_event)e, .run = told->event[e].held_run,
				.held = told->event[e].held, .since = told->event[e].held_since,
			};
			told->event[e].held = told->event[e].held_since = told->event[e].held_run = 0;
			return true;
		}
	return false;
}

int64_t notify_backoff_ms(int64_t attempt, int64_t retry_base_ms, int64_t age_ms)
{
	static const int factors[] = {1, 6, 30, 180, 720};
	size_t last = sizeof factors / sizeof factors[0] - 1;

	int64_t wait = retry_base_ms * factors[attempt > (int64_t)last ? last : (size_t)(attempt - 1)];
	return age_ms + wait > GIVE_UP_MS ? -1 : wait;
}

/* ----------------------------------------------------------------------- memory */

static void release_told(struct notify_memory *m)
{
	for (size_t i = 0; i < m->n_told; i++)
		free(m->told[i].target);
	free(m->told);
}

void notify_memory_release(struct notify_memory *m)
{
	release_told(m);
	*m = (struct notify_memory){0};
}

static void told_json(const struct notify_told *told, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "target", told->target);
	jw_bool(out, "failing", told->failing);
	jw_open(out, "events", '[');
	for (int e = 0; e < NOTIFY_EVENTS; e++) {
		if (!told->event[e].at && !told->event[e].held)
			continue;
		jw_open(out, NULL, '{');
		jw_text(out, "event", names[e]);
		jw_int(out, "at", told->event[e].at);
		jw_int(out, "held", told->event[e].held);
		jw_int(out, "held_since", told->event[e].held_since);
		jw_int(out, "held_run", told->event[e].held_run);
		jw_close(out, '}');
	}
	jw_close(out, ']');
	jw_close(out, '}');
}

void notify_memory_json(const struct notify_memory *m, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_int(out, "failures", m->failures);
	jw_int(out, "failing_since", m->failing_since);
	jw_bool(out, "streak_told", m->streak_told);
	jw_open(out, "told", '[');
	for (size_t i = 0; i < m->n_told; i++)
		told_json(&m->told[i], out);
	jw_close(out, ']');
	jw_close(out, '}');
}

static void read_told(struct notify_memory *m, json_node *node)
{
	json_node *events = json_get(node, "events");
	struct notify_told *told = told_of(m, json_get_text(node, "target", ""));

	told->failing = json_get_bool(node, "failing", false);
	for (size_t i = 0; i < json_count(events); i++) {
		json_node *event = json_at(events, i);
		int e = notify_event_from_name(json_get_text(event, "event", ""));
		if (e < 0)
			continue;
		told->event[e].at = json_get_int(event, "at", 0);
		told->event[e].held = json_get_int(event, "held", 0);
		told->event[e].held_since = json_get_int(event, "held_since", 0);
		told->event[e].held_run = json_get_int(event, "held_run", 0);
	}
}

int notify_memory_read(const char *json, size_t len, struct notify_memory *ret, struct ferry_error *err)
{
	struct json_doc *doc;

	if (json_parse(json, len, "what is remembered of notifications", &doc, err) < 0)
		return -1;
	notify_memory_release(ret);
	json_node *root = json_root(doc), *told = json_get(root, "told");
	ret->failures = (int)json_get_int(root, "failures", 0);
	ret->failing_since = json_get_int(root, "failing_since", 0);
	ret->streak_told = json_get_bool(root, "streak_told", false);
	for (size_t i = 0; i < json_count(told); i++)
		read_told(ret, json_at(told, i));
	json_free(doc);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* due.c - from what is remembered to the next run. */
#include "supervise/due.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/hash.h"
#include "wire/json.h"

#define SECOND_US ((int64_t)1000000)
/* A clock set back by less was only a little wrong, or shows another season: nothing runs twice. */
#define SET_BACK_US (3 * 3600 * SECOND_US)

/* ---------------------------------------------------------------------- memory */

void due_memory_release(struct due_memory *m)
{
	free(m->schedule);
	free(m->paused_by);
	*m = (struct due_memory){0};
}

void due_memory_json(const struct due_memory *m, struct buf *out)
{
	jw_open(out, NULL, '{');
	jw_text(out, "schedule", m->schedule);
	jw_int(out, "covered", m->covered);
	jw_int(out, "ended", m->ended);
	jw_int(out, "completed", m->completed);
	jw_bool(out, "broken", m->broken);
	jw_text(out, "tier", cadence_tier_name(m->cadence.tier));
	jw_int(out, "quiet", m->cadence.quiet);
	jw_int(out, "active_at", m->cadence.active_at);
	jw_text(out, "pin_tier", cadence_tier_name(m->cadence.pin_tier));
	jw_int(out, "pinned_until", m->cadence.pinned_until);
	jw_text(out, "paused_by", m->paused_by);
	jw_int(out, "paused_at", m->paused_at);
	jw_int(out, "retry_of", m->retry_of);
	jw_int(out, "retry_at", m->retry_at);
	jw_int(out, "retries", m->retries);
	jw_bool(out, "retry_verify", m->retry_verify);
	jw_bool(out, "retry_full", m->retry_full);
	jw_close(out, '}');
}

static enum cadence_tier get_tier(json_node *node, const char *name)
{
	int tier = cadence_tier_from_name(json_get_text(node, name, ""));
	return tier < 0 ? CADENCE_IDLE : (enum cadence_tier)tier;
}

static char *get_copy(json_node *node, const char *name)
{
	const char *s = json_get_text(node, name, NULL);
	return s ? ferry_strdup(s) : NULL;
}

int due_memory_read(const char *json, size_t len, struct due_memory *ret, struct ferry_error *err)
{
	struct json_doc *doc;

	if (json_parse(json, len, "a schedule's memory", &doc, err) < 0)
		return -1;
	json_node *root = json_root(doc);
	*ret = (struct due_memory){
		.schedule = get_copy(root, "schedule"), .covered = json_get_int(root, "covered", 0),
		.ended = json_get_int(root, "ended", 0), .completed = json_get_int(root, "completed", 0),
		.broken = json_get_bool(root, "broken", false),
		.cadence = {
			.tier = get_tier(root, "tier"), .quiet = (int)json_get_int(root, "quiet", 0),
			.active_at = json_get_int(root, "active_at", 0), .pin_tier = get_tier(root, "pin_tier"),
			.pinned_until = json_get_int(root, "pinned_until", 0),
		},
		.paused_by = get_copy(root, "paused_by"), .paused_at = json_get_int(root, "paused_at", 0),
		.retry_of = json_get_int(root, "retry_of", 0), .retry_at = json_get_int(root, "retry_at", 0),
		.retries = (int)json_get_int(root, "retries", 0),
		.retry_verify = json_get_bool(root, "retry_verify", false),
		.retry_full = json_get_bool(root, "retry_full", false),
	};
	json_free(doc);
	return 0;
}

void schedule_text(const struct schedule_def *s, struct buf *out)
{
	const struct rhythm_def *tiers = s->adaptive.tiers;

	switch (s->kind) {
	case SCHEDULE_MANUAL:
		buf_adds(out, "manual");
		return;
	case SCHEDULE_EVERY:
		buf_addf(out, "every %s", s->rhythm.text);
		return;
	case SCHEDULE_AFTER:
		buf_addf(out, "after %s", s->after);
		return;
	case SCHEDULE_CRON:
		buf_addf(out, "cron %s", s->rhythm.text);
		break;
	case SCHEDULE_ADAPTIVE:
		buf_addf(out, "adaptive %s, %s, %s", tiers[CADENCE_ACTIVE].text, tiers[CADENCE_IDLE].text,
			 tiers[CADENCE_DORMANT].text);
		break;
	}
	if (s->zone)
		buf_addf(out, " in %s", s->timezone);
}

/* ---------------------------------------------------------------------- events */

void due_adopt(struct due_memory *m, const struct schedule_def *s, int64_t now)
{
	struct buf text = BUF_INIT;

	schedule_text(s, &text);
	if (!m->cadence.active_at)
		m->cadence = cadence_first(now);
	if (!m->schedule || strcmp(m->schedule, buf_str(&text)) != 0) {
		free(m->schedule);
		m->schedule = ferry_strdup(buf_str(&text));
		m->covered = now;
	}
	if (!s->catch_up && !m->ended)
		m->ended = now;
	buf_release(&text);
}

static void forget_retry(struct due_memory *m)
{
	m->retry_of = m->retry_at = 0;
}

static void cover(struct due_memory *m, int64_t until)
{
	if (until > m->covered)
		m->covered = until;
}

void due_started(struct due_memory *m, const struct due_start *start)
{
	/* a moment whose run is late by the jitter is covered by runs that start then */
	cover(m, start->now - start->jitter);
	cover(m, start->followed);
	m->broken = false;
	m->retries = start->by_retry ? m->retries + 1 : 0;
	forget_retry(m);
}

void due_ended(struct due_memory *m, const struct retry_def *retry, const struct due_end *end)
{
	m->ended = end->now;
	m->broken = end->broken;
	if (end->completed)
		m->completed = end->now;
	forget_retry(m);
	if (!end->transient || end->broken || m->retries >= retry->attempts)
		return;
	m->retry_of = end->run;
	m->retry_at = end->now + retry->wait_ms * 1000;
	m->retry_verify = end->verify;
	m->retry_full = end->full;
}

void due_skip(struct due_memory *m, int64_t jitter, int64_t now)
{
	cover(m, now - jitter);
	m->ended = now;
	m->broken = false;
	forget_retry(m);
}

/* ------------------------------------------------------------------------- next */

int64_t due_jitter(const struct sync_def *def)
{
	int64_t most = def->schedule.jitter_ms * 1000;

	return most ? (int64_t)(hash64(def->name, strlen(def->name)) % (uint64_t)most) : 0;
}

static void put_clock_right(struct due_memory *m, const struct sync_def *def, int64_t now)
{
	int64_t retry = now + def->retry.wait_ms * 1000;

	if (m->retry_at > retry)
		m->retry_at = retry;
	if (m->ended > now)
		m->ended = now;
	if (m->covered > now + SET_BACK_US)
		m->covered = now;
	if (m->completed > now + SET_BACK_US)
		m->completed = now;
}

static void by_rhythm(const struct due_memory *m, const struct schedule_def *s, const struct rhythm_def *r,
		      int64_t jitter, int64_t now, struct due *ret)
{
	if (m->broken) {
		*ret = (struct due){now, DUE_BROKEN};
	} else if (r->every_ms && !m->ended) {
		*ret = (struct due){now, DUE_FIRST};
	} else if (r->every_ms) {
		*ret = (struct due){m->ended + r->every_ms * 1000 + jitter, DUE_SPAN};
	} else {
		int64_t slot = cron_next(&r->cron, s->zone, m->covered / SECOND_US);
		*ret = (struct due){slot == INT64_MAX ? 0 : slot * SECOND_US + jitter, DUE_SLOT};
	}
}

/* The rhythm in force; NULL: there is none. */
static const struct rhythm_def *rhythm_of(const struct due_memory *m, const struct schedule_def *s, int64_t now)
{
	switch (s->kind) {
	case SCHEDULE_EVERY: case SCHEDULE_CRON:
		return &s->rhythm;
	case SCHEDULE_ADAPTIVE:
		return &s->adaptive.tiers[cadence_tier_now(&m->cadence, now)];
	case SCHEDULE_MANUAL: case SCHEDULE_AFTER:
		break;
	}
	return NULL;
}

void due_next(struct due_memory *m, const struct sync_def *def, int64_t other_completed, int64_t now,
	      struct due *ret)
{
	const struct schedule_def *s = &def->schedule;

	put_clock_right(m, def, now);
	const struct rhythm_def *rhythm = rhythm_of(m, s, now);
	if (m->paused_by) {
		*ret = (struct due){0, DUE_PAUSED};
		return;
	}
	if (rhythm)
		by_rhythm(m, s, rhythm, due_jitter(def), now, ret);
	else if (s->kind == SCHEDULE_MANUAL)
		*ret = (struct due){0, DUE_MANUAL};
	else if (m->broken)
		*ret = (struct due){now, DUE_BROKEN};
	else if (other_completed > m->covered)
		*ret = (struct due){other_completed, DUE_FOLLOWS};
	else
		*ret = (struct due){0, DUE_WAITS};
	if (m->retry_of && (!ret->at || m->retry_at < ret->at))
		*ret = (struct due){m->retry_at, DUE_RETRY};
}

static void add_time(struct buf *out, const char *before, int64_t us)
{
	char text[CLOCK_TEXT];

	/* seconds are enough to read */
	clock_format(us - us % SECOND_US, text);
	buf_addf(out, "%s%s", before, text);
}

void due_text(const struct due_memory *m, const struct sync_def *def, const struct due *due, int64_t now,
	      struct buf *out)
{
	const struct schedule_def *s = &def->schedule;
	const struct rhythm_def *rhythm = rhythm_of(m, s, now);

	if (s->kind == SCHEDULE_ADAPTIVE && !m->paused_by) {
		buf_adds(out, cadence_tier_name(cadence_tier_now(&m->cadence, now)));
		if (cadence_is_pinned(&m->cadence, now))
			add_time(out, ", pinned until ", m->cadence.pinned_until);
		buf_adds(out, ": ");
	}
	switch (due->why) {
	case DUE_MANUAL:
		buf_adds(out, "on request only");
		break;
	case DUE_PAUSED:
		buf_addf(out, "paused by %s", m->paused_by);
		add_time(out, " at ", m->paused_at);
		break;
	case DUE_WAITS:
		buf_addf(out, "when a run of %s has completed", s->after);
		break;
	case DUE_FIRST:
		buf_adds(out, "it has not run yet");
		break;
	case DUE_BROKEN:
		buf_adds(out, "its last run was broken off by the daemon's end");
		break;
	case DUE_SPAN:
		buf_addf(out, "%s after the end of the last run", rhythm->text);
		break;
	case DUE_SLOT:
		buf_addf(out, "cron %s%s%s", rhythm->text, s->zone ? " in " : "", s->zone ? s->timezone : "");
		break;
	case DUE_FOLLOWS:
		buf_addf(out, "a run of %s has completed", s->after);
		break;
	case DUE_RETRY:
		buf_addf(out, "retry %d of %d, of run %lld", m->retries + 1, def->retry.attempts,
			 (long long)m->retry_of);
		break;
	}
}

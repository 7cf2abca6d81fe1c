/* SPDX-License-Identifier: Apache-2.0 */
/* histories-check.c - nothing lost, nothing doubled: what must hold when a generated history is over. */
#include "histories.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/value.h"
#include "store/snapshot.h"

void story_fail(const struct story *s, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "history %" PRIu64 ": ", s->seed);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nagain with: test-histories %" PRIu64 "\n", s->seed);
	exit(1);
}

bool story_is_there(const struct story *s, int key)
{
	const struct history_source_row *row = &s->h->source[key];
	return row->there && !(s->filters && row->value % 10 == CLASS_FILTERED);
}

bool story_is_good(const struct story *s, int key)
{
	int32_t v = s->h->source[key].value;

	return story_is_there(s, key) && v != HISTORY_NONE && !(s->skips && v % 10 == CLASS_SKIPPED) &&
		!(s->rejects && v % 10 == CLASS_REJECTED) && v % 10 != CLASS_REFUSED;
}

/* Such a row gets as far as a decision. */
static bool is_record(const struct story *s, int key)
{
	return story_is_good(s, key) || (story_is_there(s, key) && s->h->source[key].value % 10 == CLASS_REFUSED);
}

void check_counters(const struct story *s, bool preview)
{
	const struct counters *c = &s->counters;
	int64_t in = c->extracted + c->missing;
	int64_t out = c->created + c->updated + c->deleted + c->disabled + c->unchanged + c->skipped + c->failed +
		c->conflicts + c->invalid + c->undone;

	if (in != out)
		story_fail(s, "%" PRId64 " records went in and %" PRId64 " came out", in, out);
	if (!preview && c->planned != c->acknowledged + c->failed + c->undone)
		story_fail(s, "planned %" PRId64 " is not acknowledged %" PRId64 " + failed %" PRId64 " + undone %" PRId64,
			   c->planned, c->acknowledged, c->failed, c->undone);
	if (!preview && c->acknowledged != c->created + c->updated + c->deleted + c->disabled)
		story_fail(s, "acknowledged %" PRId64 " is not what was created, updated, deleted and disabled", c->acknowledged);
}

/* ---- rows in doubt */

static int key_from_text(const struct story *s, const char *text)
{
	char have[64];

	for (int i = 0; i < HISTORY_KEYS; i++) {
		if (s->h->key_kind == KEY_A)
			snprintf(have, sizeof have, "%" PRId64, s->h->keys[i].a);
		else if (s->h->key_kind == KEY_B)
			snprintf(have, sizeof have, "%s", s->h->keys[i].b);
		else
			snprintf(have, sizeof have, "%" PRId64 "/%s", s->h->keys[i].a, s->h->keys[i].b);
		if (strcmp(have, text) == 0)
			return i;
	}
	story_fail(s, "the snapshot has an intent for '%s', which is no key", text);
}

/* Which keys the snapshot still has intents for. */
static int read_intents(const struct story *s, bool parked[HISTORY_KEYS])
{
	struct ferry_error err = {0};
	struct arena arena = ARENA_INIT;
	struct snapshot *snap;
	struct snap_intent *intents;
	uint64_t group = 0;
	size_t n;
	int all = 0;

	memset(parked, 0, HISTORY_KEYS * sizeof *parked);
	if (snapshot_open(s->state_dir, "story", "main", &snap, &err) != 0)
		story_fail(s, "the snapshot: %s", err.msg);
	do {
		if (snapshot_intents(snap, group, &arena, &group, &intents, &n, &err) != 0)
			story_fail(s, "the snapshot: %s", err.msg);
		for (size_t i = 0; i < n; i++) {
			struct buf text = BUF_INIT;
			key_form_show(intents[i].key.p, intents[i].key.len, s->h->key_kind == KEY_BOTH ? 2 : 1, &text);
			parked[key_from_text(s, buf_str(&text))] = true;
			buf_release(&text);
		}
		all += (int)n;
	} while (n);
	arena_release(&arena);
	snapshot_close(snap);
	return all;
}

static void check_parked(const struct story *s, const bool parked[HISTORY_KEYS], int n)
{
	bool may_stay = !(s->h->caps & FERRY_CAP_IDEMPOTENT) && (!s->h->has_lookup || s->changes_layout);
	int conflicts = 0;

	if (n && !may_stay)
		story_fail(s, "%d rows stayed in doubt at a destination that can be asked or can take them again", n);
	if (n && !s->h->doubts)
		story_fail(s, "%d rows are in doubt, though nobody died and no answer was lost", n);
	for (int i = 0; i < HISTORY_KEYS; i++)
		conflicts += parked[i] && is_record(s, i) && s->said[i] != WORD_IGNORE;
	if (s->counters.conflicts < conflicts)
		story_fail(s, "%d rows are in doubt, and the last run shows %" PRId64 " conflicts", conflicts,
			   s->counters.conflicts);
}

/* ---- the destination */

static bool had_value(const struct story *s, int key, int32_t value)
{
	for (int i = 0; i < s->n_past[key]; i++)
		if (s->past[key][i] == value)
			return true;
	return false;
}

/*
 * Only a mark says that it is there, and that is not enough for anybody but a person; whose word is
 * enough, but nothing is written, where the mode only creates.
 */
static bool waits_for_review(const struct story *s, int key)
{
	bool only_creates = s->mode == FERRY_MODE_INSERT || s->mode == FERRY_MODE_APPEND;

	if (s->said[key] == WORD_LINK && only_creates)
		return false;
	return s->h->foreign[key] && s->match && strcmp(s->match, "medium") == 0 && !s->takes_medium;
}

static void want_value(const struct story *s, int key)
{
	const union history_row *d = &s->h->dest[key];
	int32_t v = s->h->source[key].value;

	if (!d->copies)
		story_fail(s, "key %d is lost: the source has %d, the destination nothing", key, v);
	if (d->value != v)
		story_fail(s, "key %d: the source has %d, the destination %d", key, v, d->value);
	if (s->h->foreign[key])
		story_fail(s, "key %d: its record over there still bears another key", key);
	if (d->disabled)
		story_fail(s, "key %d is in the source and still disabled in the destination", key);
}

static void check_gone(const struct story *s, int key)
{
	const union history_row *d = &s->h->dest[key];
	bool deletes = s->mode == FERRY_MODE_MIRROR && !s->missing;
	bool disables = s->missing && strcmp(s->missing, "disable") == 0;

	/*
	 * ferry may never have come to know of what was there before it; of a row in doubt under another map
	 * it may not know enough to name it; and what is not given may just not be recent
	 */
	if (d->seeded || !d->copies || s->changes_layout || s->h->caps & FERRY_CAP_WINDOWED)
		return;
	if (deletes)
		story_fail(s, "key %d is gone from the source, and the destination still has it", key);
	if (disables && !d->disabled)
		story_fail(s, "key %d is gone from the source, and not disabled in the destination", key);
}

static void check_key(const struct story *s, int key)
{
	const union history_row *d = &s->h->dest[key];
	bool good = story_is_good(s, key);

	if (d->copies && !d->seeded && !had_value(s, key, d->value))
		story_fail(s, "key %d: the destination has %d, which was never in the source", key, d->value);
	if (s->said[key] == WORD_IGNORE)
		return;
	if (good && waits_for_review(s, key)) {
		if (!s->open[key] || strcmp(s->code[key], "MEDIUM_MATCH_REQUIRES_REVIEW") != 0)
			story_fail(s, "key %d should wait for a person, and nobody was told", key);
		return;
	}
	switch (s->mode) {
	case FERRY_MODE_UPSERT:
	case FERRY_MODE_MIRROR:
		if (good)
			want_value(s, key);
		break;
	case FERRY_MODE_INSERT:
		if (good && !d->copies)
			story_fail(s, "key %d is lost", key);
		break;
	case FERRY_MODE_UPDATE:
		if (d->created)
			story_fail(s, "key %d was created, which mode update must not", key);
		if (good && d->seeded)
			want_value(s, key);
		break;
	case FERRY_MODE_APPEND:
		if (good && d->created + d->seeded != 1)
			story_fail(s, "key %d was delivered %d times", key, d->created);
		break;
	}
	if (!story_is_there(s, key))
		check_gone(s, key);
}

/* Rows that are as they should be are not sent again; those the destination refuses are. */
static void check_quiet(const struct story *s)
{
	for (int i = 0; i < HISTORY_KEYS; i++)
		if (s->h->sent[i] && !(story_is_there(s, i) && s->h->source[i].value % 10 == CLASS_REFUSED) &&
		    (story_is_there(s, i) || !s->changes_layout))
			story_fail(s, "key %d was sent in the last run, though nothing had changed", i);
	if (s->h->effects)
		story_fail(s, "%d rows were written in the last run, though nothing had changed", s->h->effects);
}

/* ---- problems */

/* What is open is there for a reason, and what has a reason was told. */
static void check_problems(const struct story *s, const bool parked[HISTORY_KEYS])
{
	const struct counters *c = &s->counters;
	int64_t told = 0;

	for (int i = 0; i < HISTORY_KEYS; i++) {
		bool changed = strcmp(s->code[i], "CHANGED_AFTER_DELIVERY") == 0;
		/* a row that was delivered for good counts as skipped */
		told += s->reported[i] && !changed;
		/* what is not given may just not be recent */
		if (!s->open[i] || s->h->caps & FERRY_CAP_WINDOWED)
			continue;
		if (!s->reported[i])
			story_fail(s, "key %d: its problem (%s) is open, and the last run did not have it", i, s->code[i]);
		if (story_is_good(s, i) && !parked[i] && !waits_for_review(s, i) && !changed)
			story_fail(s, "key %d: its problem (%s) is open, and the row is good", i, s->code[i]);
		if (!story_is_there(s, i) && !parked[i] && strcmp(s->code[i], "QUARANTINED") != 0)
			story_fail(s, "key %d: its problem (%s) is open, and the row is gone", i, s->code[i]);
	}
	if (told < c->conflicts + c->invalid || told > c->conflicts + c->invalid + c->failed)
		story_fail(s, "%" PRId64 " conflicts, %" PRId64 " invalid and %" PRId64 " refused rows, but %" PRId64 " problems",
			   c->conflicts, c->invalid, c->failed, told);
}

void check_end(const struct story *s)
{
	bool parked[HISTORY_KEYS];
	int n = read_intents(s, parked);

	check_parked(s, parked, n);
	check_quiet(s);
	check_problems(s, parked);
	for (int i = 0; i < HISTORY_KEYS; i++) {
		if (s->h->dest[i].copies > 1)
			story_fail(s, "key %d is there %d times", i, s->h->dest[i].copies);
		if (!parked[i])
			check_key(s, i);
	}
}

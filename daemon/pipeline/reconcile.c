/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconcile.c - what is known of each record: the snapshot by a merge of two ordered streams (or, when
 * the source cannot order, by fingerprints in memory, and by look-up for what those do not know), what
 * persons have said, then the destination itself for keys that are new, and for all with verify.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline/match.h"

enum { AHEAD = 16 };			/* fingerprints whose memory is fetched while others are added */

/*
 * The snapshot once through, so that unchanged rows need no look-up. Entries with something special
 * about them are left out, and looked up.
 */
static int read_fingerprints(struct segment *seg, struct ferry_error *err)
{
	struct fingerprints *f = fingerprints_new(seg->snapshot_rows);
	uint64_t waiting[AHEAD];
	struct snap_reader *r;
	struct kv_bytes key;
	struct snap_entry e;
	size_t n = 0;
	bool ok = true;

	if (!f)
		return 0;
	if (snap_reader_open(seg->snapshot, &r, err) != 0) {
		fingerprints_free(f);
		return -1;
	}
	int rc = snap_next(r, &key, &e, err);
	for (; rc == 1 && ok; rc = snap_next(r, &key, &e, err)) {
		if (e.flags) {
			seg->special++;
			continue;
		}
		uint64_t fp = fingerprint(key, &e.hash);
		fingerprints_prefetch(f, fp);
		if (n >= AHEAD)
			ok = fingerprints_add(f, waiting[n % AHEAD]);
		waiting[n++ % AHEAD] = fp;
	}
	for (size_t i = n > AHEAD ? n - AHEAD : 0; i < n && ok; i++)
		ok = fingerprints_add(f, waiting[i % AHEAD]);
	snap_reader_close(r);
	if (rc < 0 || !ok)
		fingerprints_free(f);
	else
		seg->fingerprints = f;
	return rc < 0 ? -1 : 0;
}

/* The one field whose text is the destination id, or -1. */
static int name_field(const struct segment *seg)
{
	int at = -1;

	for (size_t f = 0; f < seg->layout.n; f++) {
		const struct ferry_field *field = seg->layout.fields[f];
		if (!field || !(field->flags & FERRY_FIELD_IDENTIFIER))
			continue;
		if (at >= 0 || field->type != FERRY_TEXT)
			return -1;
		at = (int)f;
	}
	return at;
}

int reconcile_start(struct segment *seg, struct ferry_error *err)
{
	seg->keep_known = seg->def->verify || seg->options->verify || seg->options->full || seg->distrust;
	seg->name_field = name_field(seg);
	if (match_start(seg, err) != 0 || snapshot_refused(seg->snapshot, &seg->refused, err) != 0)
		return -1;
	if (snap_reader_open(seg->snapshot, &seg->reader, err) != 0)
		return -1;
	return seg->ordered || seg->reset || seg->keep_known ? 0 : read_fingerprints(seg, err);
}

void reconcile_stop(struct segment *seg)
{
	match_stop(seg);
	snap_reader_close(seg->reader);
	seg->reader = NULL;
	fingerprints_free(seg->fingerprints);
	seg->fingerprints = NULL;
	free(seg->seen);
	seg->seen = NULL;
	seg->seen_words = 0;
}

/* --------------------------------------------------------------- the merge */

static int advance(struct segment *seg, struct ferry_error *err)
{
	int rc = snap_next(seg->reader, &seg->at_key, &seg->at_entry, err);

	seg->at_entry.flags |= rc == 1 ? seg->distrust : 0;
	seg->at_valid = rc == 1;
	seg->at_end = rc == 0;
	return rc < 0 ? -1 : 0;
}

/* Everything in the snapshot before key is gone from the source. */
static int merge_to(struct segment *seg, struct kv_bytes key, bool *found, struct ferry_error *err)
{
	*found = false;
	if (!seg->at_valid && !seg->at_end && advance(seg, err) != 0)
		return -1;
	while (!seg->at_end) {
		int c = kv_compare(seg->at_key, key);
		if (c > 0)
			return 0;
		*found = c == 0;
		if (*found)
			return 0;
		if (segment_wants_missing(seg) && decide_gone(seg, seg->at_key, &seg->at_entry, err) != 0)
			return -1;
		if (advance(seg, err) != 0)
			return -1;
	}
	return 0;
}

static void duplicate(struct segment *seg, struct row *row)
{
	struct buf key = BUF_INIT;

	key_form_show(seg->batch.bytes.s + row->key, row->key_len, seg->def->n_key, &key);
	/* what was counted as invalid already stays that */
	if (row->state != ROW_KEY_ONLY)
		segment_invalid(seg, buf_str(&key), "DUPLICATE_KEY", NULL, "the key occurs more than once in the source", NULL);
	buf_release(&key);
	row->state = ROW_NONE;
}

static int out_of_order(const struct segment *seg, struct kv_bytes last, struct kv_bytes key, struct ferry_error *err)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	key_form_show(last.p, last.len, seg->def->n_key, &a);
	key_form_show(key.p, key.len, seg->def->n_key, &b);
	ferry_fail(err, FERRY_E_ORDER, "the source gave key '%s' after '%s', against its promised order",
		   buf_str(&b), buf_str(&a));
	buf_release(&a);
	buf_release(&b);
	return -1;
}

/* The batch goes, its last key is still needed. */
static void keep_previous(struct segment *seg)
{
	if (!seg->previous.p || seg->previous.p == seg->last_key.s)
		return;
	buf_reset(&seg->last_key);
	buf_add(&seg->last_key, seg->previous.p, seg->previous.len);
	seg->previous.p = seg->last_key.s;
}

/* True when the bit was set already. */
static bool see(struct segment *seg, uint64_t ordinal)
{
	size_t word = ordinal / 64;

	if (word >= seg->seen_words) {
		size_t words = seg->seen_words ? seg->seen_words : 1024;
		while (words <= word)
			words *= 2;
		seg->seen = ferry_realloc(seg->seen, words, sizeof *seg->seen);
		memset(seg->seen + seg->seen_words, 0, (words - seg->seen_words) * sizeof *seg->seen);
		seg->seen_words = words;
	}
	uint64_t bit = (uint64_t)1 << ordinal % 64;
	bool was = seg->seen[word] & bit;
	seg->seen[word] |= bit;
	return was;
}

static void set_hash(const struct segment *seg, struct row *row)
{
	if (!row->has_hash)
		row->hash = segment_hash(seg, NULL, seg->batch.bytes.s + row->record, row->record_len);
	row->has_hash = true;
}

/* Records made with the same layout tell by themselves; else the hashes do. */
static bool is_same(const struct segment *seg, struct row *row, const struct snap_entry *known)
{
	if (known->flags & SNAP_UNSURE)
		return false;
	if (!row->has_hash && known->record && known->layout == seg->layout_id)
		return known->record_len == row->record_len &&
			memcmp(known->record, seg->batch.bytes.s + row->record, row->record_len) == 0;
	set_hash(seg, row);
	return memcmp(&known->hash, &row->hash, sizeof row->hash) == 0;
}

/* What is known is copied only when somebody will look at it. */
static void set_change(struct segment *seg, struct row *row, const struct snap_entry *known)
{
	if (row->state == ROW_RECORD && known && !(known->flags & SNAP_MAYBE) && is_same(seg, row, known)) {
		row->change = CHANGE_SAME;
		if (known->flags || seg->keep_known) {
			row->known = *known;
			/* it may be sent all the same, and is remembered by its hash then */
			set_hash(seg, row);
		}
		return;
	}
	row->change = known && !(known->flags & SNAP_MAYBE) ? CHANGE_DIFFERENT : CHANGE_NEW;
	if (known)
		row->known = *known;
	if (row->state == ROW_RECORD)
		set_hash(seg, row);
}

static int find_ordered(struct segment *seg, struct row *row, struct kv_bytes key, struct ferry_error *err)
{
	bool found;

	/* the usual row is the next entry: beyond the row before, as entries are in order */
	if (seg->at_valid && kv_compare(seg->at_key, key) == 0) {
		seg->previous = key;
		set_change(seg, row, &seg->at_entry);
		return advance(seg, err);
	}
	if (seg->previous.p) {
		int c = kv_compare(key, seg->previous);
		if (c == 0) {
			duplicate(seg, row);
			return 0;
		}
		if (c < 0)
			return out_of_order(seg, seg->previous, key, err);
	}
	seg->previous = key;
	if (seg->reset) {
		set_change(seg, row, NULL);
		return 0;
	}
	if (merge_to(seg, key, &found, err) != 0)
		return -1;
	set_change(seg, row, found ? &seg->at_entry : NULL);
	return found ? advance(seg, err) : 0;
}

/* Whether the entry was met before; from now on it was. */
static bool see_entry(struct segment *seg, struct kv_bytes key, const struct snap_entry *e)
{
	if (!seg->fingerprints || e->flags)
		return see(seg, e->ordinal);
	return fingerprints_meet(seg->fingerprints, fingerprint(key, &e->hash)) == FINGERPRINT_AGAIN;
}

static bool was_seen(const struct segment *seg, struct kv_bytes key, const struct snap_entry *e)
{
	if (seg->fingerprints && !e->flags)
		return fingerprints_met(seg->fingerprints, fingerprint(key, &e->hash));
	return e->ordinal / 64 < seg->seen_words && seg->seen[e->ordinal / 64] >> e->ordinal % 64 & 1;
}

static int find_unordered(struct segment *seg, struct row *row, struct kv_bytes key, struct ferry_error *err)
{
	struct snap_entry known;
	int rc;

	if (row->has_fingerprint) {
		enum fingerprint_state state = fingerprints_meet(seg->fingerprints, row->fingerprint);
		if (state != FINGERPRINT_ABSENT) {
			row->change = CHANGE_SAME;
			if (state == FINGERPRINT_AGAIN)
				duplicate(seg, row);
			return 0;
		}
	}
	rc = seg->reset ? 0 : snap_get(seg->reader, key, &known, err);
	if (rc < 0)
		return -1;
	if (rc)
		known.flags |= seg->distrust;
	set_change(seg, row, rc ? &known : NULL);
	if (rc && see_entry(seg, key, &known))
		duplicate(seg, row);
	return 0;
}

/* All of the batch first, so that the memory they are compared with is on its way. */
static void set_fingerprints(struct segment *seg)
{
	for (size_t i = 0; i < seg->batch.n; i++) {
		struct row *row = &seg->batch.rows[i];
		row->has_fingerprint = row->state == ROW_RECORD;
		if (!row->has_fingerprint)
			continue;
		set_hash(seg, row);
		row->fingerprint = fingerprint((struct kv_bytes){seg->batch.bytes.s + row->key, row->key_len}, &row->hash);
		fingerprints_prefetch(seg->fingerprints, row->fingerprint);
	}
}

static int find_known(struct segment *seg, struct row *row, struct ferry_error *err)
{
	struct kv_bytes key = {seg->batch.bytes.s + row->key, row->key_len};

	if ((seg->ordered ? find_ordered : find_unordered)(seg, row, key, err) != 0)
		return -1;
	if (seg->intents_left && row->state == ROW_RECORD) {
		int rc = snap_has_intent(seg->reader, key, err);
		if (rc < 0)
			return -1;
		row->in_doubt = rc == 1;
	}
	return 0;
}

/* ----------------------------------------------------------------- the rest */

/* A ruling on a key that is linked by now has been overtaken, unless it says to leave it alone. */
static void heed_ruling(struct segment *seg, struct row *row, struct kv_bytes key)
{
	const struct ruling_def *said = problems_ruling(seg, key);

	if (!said)
		return;
	if (said->retry)
		row->in_doubt = false;
	if (said->ruling != RULING_IGNORE && said->ruling != RULING_NONE && row->change != CHANGE_NEW) {
		problem_ruled(seg, key);
		return;
	}
	row->ruling = said->ruling;
	if (said->ruling == RULING_LINK) {
		row->tier = FERRY_TIER_STRONG;
		row->dest_id = said->dest_id;
	}
}

/*
 * A new row may have been delivered after the backup that this snapshot was restored from. Where the
 * destination can neither be asked nor tell a repetition, a person decides, or --full does.
 */
static void heed_restored(struct segment *seg, struct row *row)
{
	struct kv_bytes key = {seg->batch.bytes.s + row->key, row->key_len};
	bool asked = seg->match.own_rules || seg->dest->caps & FERRY_CAP_LOOKUP ||
		(seg->dest->caps & FERRY_CAP_LIST && seg->match.n_rules);

	if (asked || seg->dest->caps & FERRY_CAP_IDEMPOTENT || seg->options->full || row->change != CHANGE_NEW ||
	    row->state != ROW_RECORD || problems_ruling(seg, key))
		return;
	row->in_doubt = true;
	seg->restored_left++;
}

/* As what it is to be sent as: with the name it has over there. */
static int count_refusals(struct segment *seg, struct row *row, struct ferry_error *err)
{
	struct kv_bytes key = {seg->batch.bytes.s + row->key, row->key_len};
	const struct ruling_def *said = problems_ruling(seg, key);
	int after = seg->generation->daemon.quarantine_after;
	int64_t times = 0;

	if (!after || row->state != ROW_RECORD || row->change == CHANGE_SAME || (said && said->retry))
		return 0;
	if (snapshot_refusals(seg->snapshot, key, &row->hash, NULL, &times, err) != 0)
		return -1;
	row->quarantined = times >= after;
	return 0;
}

/*
 * A record that is linked with one of another name cannot rename it: it takes the name that is there,
 * and is compared and sent under that.
 */
static void take_name(struct segment *seg, struct row *row, const char *name, size_t len)
{
	struct ferry_value *ours = arena_alloc0(&seg->batch.arena, seg->layout.n, sizeof *ours);
	struct buf *b = &seg->batch.bytes, record = BUF_INIT;
	int at = seg->name_field;

	if (!len || at < 0)
		return;
	record_decode(b->s + row->record, row->record_len, ours, seg->layout.n);
	if (ours[at].len == len && memcmp(ours[at].s, name, len) == 0)
		return;
	ours[at] = value_textn(name, len);
	record_encode(ours, seg->layout.n, &record);
	row->hash = segment_hash(seg, ours, record.s, record.len);
	row->has_hash = row->linked = true;
	row->mapped = row->record;
	row->mapped_len = row->record_len;
	row->record = b->len;
	row->record_len = record.len;
	buf_add(b, record.s, record.len);
	buf_release(&record);
}

/* Before anything is asked of the destination: names that are known. */
static void take_known_name(struct segment *seg, struct row *row)
{
	if (row->change == CHANGE_NEW) {
		if (row->ruling == RULING_LINK)
			take_name(seg, row, row->dest_id, strlen(row->dest_id));
		return;
	}
	if (!(row->known.flags & SNAP_LINKED))
		return;
	take_name(seg, row, row->known.dest_id, row->known.dest_id_len);
	row->linked = true;
	row->change = is_same(seg, row, &row->known) ? CHANGE_SAME : CHANGE_DIFFERENT;
}

/* And names that matching has found. */
static void take_found_name(struct segment *seg, struct row *row)
{
	struct ferry_value *ours, *theirs;

	if (row->change != CHANGE_NEW || row->linked || !row->dest_id)
		return;
	take_name(seg, row, row->dest_id, strlen(row->dest_id));
	if (!row->linked || !row->there)
		return;
	ours = arena_alloc0(&seg->batch.arena, 2 * seg->layout.n, sizeof *ours);
	theirs = ours + seg->layout.n;
	record_decode(seg->batch.bytes.s + row->record, row->record_len, ours, seg->layout.n);
	record_decode(row->there, row->there_len, theirs, seg->layout.n);
	row->same_there = segment_alike(seg, ours, theirs);
}

int reconcile_batch(struct segment *seg, struct ferry_error *err)
{
	struct row *wanted[BATCH_ROWS];
	size_t n = 0;

	if (seg->fingerprints)
		set_fingerprints(seg);
	for (size_t i = 0; i < seg->batch.n; i++) {
		struct row *row = &seg->batch.rows[i];
		if (row->state == ROW_NONE)
			continue;
		if (find_known(seg, row, err) != 0)
			return -1;
		if (row->state != ROW_RECORD)
			continue;
		if (row->change != CHANGE_NEW)
			row->tier = FERRY_TIER_STRONG;
		if (seg->problems.n_rulings)
			heed_ruling(seg, row, (struct kv_bytes){seg->batch.bytes.s + row->key, row->key_len});
		if (seg->restored)
			heed_restored(seg, row);
		if (match_wants(seg, row))
			wanted[n++] = row;
	}
	keep_previous(seg);
	/* the batch's bytes may move from here on */
	bool named = seg->dest->caps & FERRY_CAP_NAMED;
	for (size_t i = 0; i < seg->batch.n && named; i++)
		if (seg->batch.rows[i].state == ROW_RECORD)
			take_known_name(seg, &seg->batch.rows[i]);
	if (n && match_rows(seg, wanted, n, err) != 0)
		return -1;
	for (size_t i = 0; i < n && named; i++)
		take_found_name(seg, wanted[i]);
	for (size_t i = 0; i < seg->batch.n && seg->refused; i++)
		if (count_refusals(seg, &seg->batch.rows[i], err) != 0)
			return -1;
	return 0;
}

/* What the snapshot has and the source has not. */
static int find_gone(struct segment *seg, struct ferry_error *err)
{
	if (!segment_wants_missing(seg) || seg->reset)
		return 0;
	/* the usual end: every entry was met */
	if (seg->fingerprints && !seg->special && fingerprints_all_met(seg->fingerprints))
		return 0;
	if (!seg->ordered || (!seg->at_valid && !seg->at_end))
		if (advance(seg, err) != 0)
			return -1;
	while (!seg->at_end) {
		if ((seg->ordered || !was_seen(seg, seg->at_key, &seg->at_entry)) &&
		    decide_gone(seg, seg->at_key, &seg->at_entry, err) != 0)
			return -1;
		if (advance(seg, err) != 0)
			return -1;
	}
	return 0;
}

int reconcile_rest(struct segment *seg, struct ferry_error *err)
{
	return find_gone(seg, err) != 0 ? -1 : match_claims(seg, err);
}

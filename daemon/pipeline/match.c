/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.c - counterparts of new records.
 *
 * Without `match:` rules a record's counterpart is the one with its identifier: asked for by lookup,
 * as long as that takes fewer requests than listing. With rules the destination's list is read once,
 * into the plan's store, where each rule's key finds records; the identifier comes first, as a strong
 * rule of its own, and the first rule that finds anything decides.
 */
#include "pipeline/match.h"

#include <stdlib.h>
#include <string.h>

enum { HITS_MAX = 10, LOOKUP_ROWS = BATCH_ROWS };

/* ------------------------------------------------------------------- rules */

static const char *quoted(struct segment *seg, const char *name)
{
	struct buf b = BUF_INIT;

	buf_addc(&b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_addc(&b, '"');
		buf_addc(&b, *name);
	}
	buf_addc(&b, '"');
	const char *s = arena_strndup(&seg->arena, b.s, b.len);
	buf_release(&b);
	return s;
}

static bool is_identifier(const struct segment *seg, size_t f)
{
	const struct ferry_field *field = seg->layout.fields[f];
	return field && field->flags & FERRY_FIELD_IDENTIFIER;
}

/* The fields that are the destination's identity: flagged ones, or those the key is mapped to. */
static size_t identifier_rule(struct segment *seg, const char **on)
{
	const char *const *keys = seg->dest->api->fields ? NULL : seg->destination_keys;
	size_t n = 0;

	for (size_t f = 0; f < seg->layout.n && n < KEY_PARTS_MAX; f++) {
		bool is_key = is_identifier(seg, f);
		for (size_t k = 0; keys && keys[k]; k++)
			is_key |= strcmp(keys[k], seg->layout.names[f]) == 0;
		if (is_key)
			on[n++] = quoted(seg, seg->layout.names[f]);
	}
	return n;
}

/* A rule that says no more than what the look-up does: strong, on the one identifier. */
static bool is_look_up(const struct match_def *m, const char *const *identifier, size_t n)
{
	size_t len = strlen(m->on[0]);

	return n == 1 && m->tier == FERRY_TIER_STRONG && m->n_on == 1 &&
		(strcmp(m->on[0], identifier[0]) == 0 ||
		 (strlen(identifier[0]) == len + 2 && strncmp(identifier[0] + 1, m->on[0], len) == 0));
}

static void add_rule(struct match *m, enum ferry_tier tier, const char *const *on, size_t n)
{
	struct match_rule *r = &m->rules[m->n_rules++];

	*r = (struct match_rule){tier, m->n_exprs, n};
	for (size_t i = 0; i < n; i++)
		expr_add(m->exprs, on[i]);
	m->n_exprs += n;
}

int match_start(struct segment *seg, struct ferry_error *err)
{
	struct match *m = &seg->match;
	const struct segment_def *def = seg->def;
	const char *identifier[KEY_PARTS_MAX];
	size_t n = identifier_rule(seg, identifier);

	m->rules = arena_alloc0(&seg->arena, def->n_match + 1, sizeof *m->rules);
	if (expr_new(&m->exprs, err) != 0)
		return -1;
	if (n)
		add_rule(m, FERRY_TIER_STRONG, identifier, n);
	for (size_t i = 0; i < def->n_match; i++) {
		if (is_look_up(&def->match[i], identifier, n))
			continue;
		m->own_rules = true;
		add_rule(m, def->match[i].tier, def->match[i].on, def->match[i].n_on);
	}
	if (m->own_rules && !(seg->dest->caps & FERRY_CAP_LIST)) {
		ferry_fail(err, FERRY_E_CONFIG, "connector %s cannot list its records, which these 'match:' rules need",
			   seg->dest->api->name);
		return ferry_hint(err, "Match on its identifier only, or leave 'match:' out.");
	}
	struct ferry_column *columns = arena_alloc0(&seg->arena, seg->layout.n, sizeof *columns);
	for (size_t f = 0; f < seg->layout.n; f++)
		columns[f].name = seg->layout.names[f];
	m->outs = arena_alloc0(&seg->arena, m->n_exprs + 1, sizeof *m->outs);
	if (expr_prepare(m->exprs, columns, seg->layout.n, err) != 0)
		return ferry_within(err, "match");
	return 0;
}

void match_stop(struct segment *seg)
{
	expr_free(seg->match.exprs);
	seg->match.exprs = NULL;
}

/* What each rule compares of a record. NULL and empty values are nobody's mark. */
static int rule_keys(struct segment *seg, const struct ferry_value *fields, struct hash128 *keys, bool *has,
		     struct ferry_error *err)
{
	struct match *m = &seg->match;
	struct buf text = BUF_INIT;

	if (expr_eval(m->exprs, fields, m->outs, err) != 0)
		return ferry_within(err, "match");
	for (size_t r = 0; r < m->n_rules; r++) {
		const struct match_rule *rule = &m->rules[r];
		buf_reset(&text);
		has[r] = true;
		for (size_t i = 0; i < rule->n; i++) {
			const struct ferry_value *v = &m->outs[rule->first + i];
			has[r] &= v->type != FERRY_NULL && !(value_has_bytes(v) && !v->len);
			value_show(v, SIZE_MAX, &text);
			buf_addc(&text, '\x1f');
		}
		keys[r] = hash128(text.s, text.len, r);
	}
	buf_release(&text);
	return 0;
}

/* ------------------------------------------------------------------ the list */

struct reading {
	struct ferry_listing api;
	struct segment *seg;
	int64_t rows, most;		/* give up beyond that many; 0: never */
	bool gave_up;
	const char *truncated;
};

static int take_found(struct segment *seg, const struct ferry_found *f, struct ferry_error *err)
{
	struct match *m = &seg->match;
	struct hash128 keys[MATCH_RULES_MAX];
	bool has[MATCH_RULES_MAX];
	struct buf record = BUF_INIT;

	if (!f->dest_id || !f->dest_id[0] || !f->fields)
		return 0;
	if (rule_keys(seg, f->fields, keys, has, err) != 0)
		return -1;
	record_encode(f->fields, seg->layout.n, &record);
	int rc = plan_there_add(seg->plan, f->dest_id, record.s, record.len, keys, has, m->n_rules, err);
	buf_release(&record);
	return rc;
}

static int list_found(struct ferry_listing *api, const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	struct reading *r = api->ctx;

	segment_progress(r->seg);
	if (report_cancelled(r->seg->report))
		return ferry_fail(err, FERRY_E_CANCELLED, "the run was cancelled");
	r->rows += (int64_t)n;
	if (r->most && r->rows > r->most) {
		r->gave_up = true;
		return ferry_fail(err, FERRY_E_CANCELLED, "the list is longer than is worth it");
	}
	for (size_t i = 0; i < n; i++)
		if (take_found(r->seg, &found[i], err) != 0)
			return -1;
	return 0;
}

static void list_truncated(struct ferry_listing *api, const char *reason)
{
	struct reading *r = api->ctx;
	r->truncated = arena_strdup(&r->seg->arena, reason);
}

/* Read the list; beyond `most` records (0: none) it is given up and look-ups go on. */
static int read_list(struct segment *seg, int64_t most, struct ferry_error *err)
{
	struct match *m = &seg->match;
	struct reading r = {.seg = seg, .most = most};
	uint32_t page = seg->dest->api->list_page;

	r.api = (struct ferry_listing){&r, list_found, list_truncated};
	int rc = seg->dest->api->list(seg->dest->handle, &r.api, err);
	if (rc != 0 && !r.gave_up)
		return ferry_within(err, "listing the destination's records");
	if (rc == 0 && r.truncated) {
		ferry_fail(err, FERRY_E_SETUP, "the destination's list was cut short (%s): what it left out would be made twice",
			   r.truncated);
		return ferry_hint(err, "Raise the limit, or match by the destination's identifier only.");
	}
	m->list_requests += page ? (r.rows + page - 1) / page : 1;
	m->listed_rows = r.rows;
	m->listed = !r.gave_up;
	m->too_long = r.gave_up;
	return plan_there_done(seg->plan, !r.gave_up, err);
}

/*
 * Requests that looking n records up takes, against those of the list. How long the list is is not
 * known: it may take as many requests as it saves, and is given up then.
 */
static int choose(struct segment *seg, size_t n, bool *ret_list, struct ferry_error *err)
{
	struct match *m = &seg->match;
	const struct ferry_connector *api = seg->dest->api;
	int64_t each = api->lookup_batch ? api->lookup_batch : 1;
	int64_t lookups = ((int64_t)n + each - 1) / each;
	bool can_look_up = seg->dest->caps & FERRY_CAP_LOOKUP;

	*ret_list = m->listed;
	if (m->listed || !(seg->dest->caps & FERRY_CAP_LIST) || !m->n_rules)
		return 0;
	if (m->own_rules || !can_look_up) {
		*ret_list = true;
		return read_list(seg, 0, err);
	}
	/* it must look like a gain: at least some pages' worth */
	int64_t known = seg->snapshot_rows > (int64_t)n ? seg->snapshot_rows : (int64_t)n;
	if (m->too_long || !api->list_page || lookups < 16 || lookups * (int64_t)api->list_page < 2 * known)
		return 0;
	if (read_list(seg, lookups * (int64_t)api->list_page, err) != 0)
		return -1;
	*ret_list = m->listed;
	return 0;
}

/* ------------------------------------------------------------ what is there */

static bool is_empty(const struct ferry_value *v)
{
	return v->type == FERRY_NULL || (value_has_bytes(v) && !v->len);
}

/*
 * How what is there differs from what was delivered: from the record now when that has not changed
 * since, else from the record as it was, where that is kept.
 */
static enum drift find_drift(const struct segment *seg, const struct row *row, const struct ferry_value *ours,
			     const struct ferry_value *theirs)
{
	struct ferry_value *was = NULL;
	enum drift drift = DRIFT_NONE;

	if (row->change == CHANGE_DIFFERENT) {
		const struct snap_entry *known = &row->known;
		if (!known->record || known->layout != seg->layout_id || known->flags & SNAP_UNSURE)
			return DRIFT_NONE;
		was = ferry_alloc0(seg->layout.n, sizeof *was);
		record_decode(known->record, known->record_len, was, seg->layout.n);
		ours = was;
	}
	for (size_t f = 0; f < seg->layout.n && drift != DRIFT_VALUES; f++)
		if (!seg->ignored[f] && !values_alike(&ours[f], &theirs[f]))
			drift = is_empty(&theirs[f]) ? DRIFT_FILL : DRIFT_VALUES;
	free(was);
	return drift;
}

static void keep_what_is_there(struct segment *seg, struct row *row, const struct ferry_value *ours,
			       const struct ferry_value *theirs)
{
	row->same_there = segment_alike(seg, ours, theirs);
	if (row->change != CHANGE_NEW)
		row->drift = find_drift(seg, row, ours, theirs);
	struct buf b = BUF_INIT;
	record_encode(theirs, seg->layout.n, &b);
	row->there = arena_strndup(&seg->batch.arena, b.s, b.len);
	row->there_len = b.len;
	buf_release(&b);
}

static int claim(struct segment *seg, const struct row *row, struct ferry_error *err)
{
	struct kv_bytes form = {seg->batch.bytes.s + row->key, row->key_len};

	if (row->change != CHANGE_NEW || !row->dest_id || !row->dest_id[0])
		return 0;
	seg->match.claims++;
	return plan_claim(seg->plan, row->dest_id, strlen(row->dest_id), form, err);
}

/* --------------------------------------------------------------- by look-up */

static struct ferry_value *decode(struct segment *seg, const struct row *row)
{
	struct ferry_value *fields = arena_alloc0(&seg->batch.arena, seg->layout.n, sizeof *fields);

	record_decode(seg->batch.bytes.s + row->record, row->record_len, fields, seg->layout.n);
	return fields;
}

/* What a person has linked it with is not there (any more): it is as if nobody had spoken. */
static void link_leads_nowhere(struct segment *seg, struct row *row)
{
	struct buf key = BUF_INIT;

	key_form_show(seg->batch.bytes.s + row->key, row->key_len, seg->def->n_key, &key);
	report_log(seg->report, seg->def->name, STAGE_RECONCILE, FERRY_LOG_WARN,
		   "key '%s' is to be linked with '%s', which is not there", buf_str(&key), row->dest_id);
	buf_release(&key);
	row->ruling = RULING_NONE;
	row->tier = FERRY_TIER_NONE;
	row->dest_id = NULL;
	if (!row->linked)
		return;
	row->linked = false;
	row->record = row->mapped;
	row->record_len = row->mapped_len;
	row->hash = segment_hash(seg, decode(seg, row), seg->batch.bytes.s + row->record, row->record_len);
}

static int judge(struct segment *seg, struct row *row, const struct ferry_value *ours, const struct ferry_found *found,
		 struct ferry_error *err)
{
	const struct ferry_connector *api = seg->dest->api;
	struct ferry_pure pure = {.layout = &seg->layout};

	if (found->presence == FERRY_SEVERAL) {
		row->tier = FERRY_TIER_AMBIGUOUS;
		return 0;
	}
	if (found->presence != FERRY_FOUND) {
		if (row->change != CHANGE_NEW)
			row->drift = DRIFT_ABSENT;
		else if (row->ruling == RULING_LINK)
			link_leads_nowhere(seg, row);
		return 0;
	}
	row->tier = api->reconcile && row->ruling != RULING_LINK ? api->reconcile(&pure, ours, found) : FERRY_TIER_STRONG;
	row->dest_id = arena_strdup(&seg->batch.arena, found->dest_id ? found->dest_id : "");
	if (found->fields)
		keep_what_is_there(seg, row, ours, found->fields);
	/* delivered after the backup that was restored: only the snapshot has to learn of it */
	if (seg->distrust && row->same_there && row->change == CHANGE_DIFFERENT && !(row->known.flags & SNAP_DISABLED)) {
		row->change = CHANGE_NEW;
		row->tier = FERRY_TIER_STRONG;
	}
	return claim(seg, row, err);
}

/* The id the row's record has over there, as far as it is known. */
static const char *known_id(struct segment *seg, const struct row *row)
{
	if (row->ruling == RULING_LINK)
		return row->dest_id;
	if (row->change == CHANGE_NEW)
		return "";
	return arena_strndup(&seg->batch.arena, row->known.dest_id, row->known.dest_id_len);
}

static int look_up(struct segment *seg, struct row **rows, size_t n, struct ferry_error *err)
{
	struct ferry_action actions[LOOKUP_ROWS];
	struct ferry_found found[LOOKUP_ROWS];
	struct arena *arena = &seg->batch.arena;
	int64_t each = seg->dest->api->lookup_batch ? seg->dest->api->lookup_batch : 1;

	if (!n)
		return 0;
	memset(actions, 0, sizeof actions);
	memset(found, 0, sizeof found);
	for (size_t i = 0; i < n; i++) {
		struct buf key = BUF_INIT;
		key_form_show(seg->batch.bytes.s + rows[i]->key, rows[i]->key_len, seg->def->n_key, &key);
		actions[i] = (struct ferry_action){.decision = FERRY_UPDATE, .fields = decode(seg, rows[i]),
			.dest_id = known_id(seg, rows[i]),
			.key = arena_strndup(arena, buf_str(&key), key.len), .key_len = key.len};
		buf_release(&key);
	}
	segment_progress(seg);
	if (seg->dest->api->lookup(seg->dest->handle, actions, n, found, err) != 0)
		return ferry_within(err, "look-up in the destination");
	seg->match.looked_up += (int64_t)n;
	seg->match.lookup_requests += ((int64_t)n + each - 1) / each;
	for (size_t i = 0; i < n; i++)
		if (judge(seg, rows[i], actions[i].fields, &found[i], err) != 0)
			return -1;
	return 0;
}

/* ------------------------------------------------------------------ by list */

static int search(struct segment *seg, struct row *row, struct ferry_error *err)
{
	struct match *m = &seg->match;
	struct ferry_value *ours = decode(seg, row);
	struct hash128 keys[MATCH_RULES_MAX];
	bool has[MATCH_RULES_MAX];
	struct plan_hit hits[HITS_MAX];
	size_t n = 0, r;

	if (rule_keys(seg, ours, keys, has, err) != 0)
		return -1;
	for (r = 0; r < m->n_rules && !n; r++)
		if (has[r] && plan_there_find(seg->plan, r, &keys[r], &seg->batch.arena, hits, HITS_MAX, &n, err) != 0)
			return -1;
	if (!n)
		return 0;
	struct plan_hit *kept = arena_alloc0(&seg->batch.arena, n, sizeof *kept);
	memcpy(kept, hits, n * sizeof *kept);
	row->hits = kept;
	row->n_hits = n;
	row->tier = n > 1 ? FERRY_TIER_AMBIGUOUS : m->rules[r - 1].tier;
	/* with that policy a likely counterpart is none */
	if (n > 1 || (row->tier == FERRY_TIER_MEDIUM && seg->def->policy.medium == MEDIUM_CREATE))
		return 0;
	struct ferry_value *theirs = arena_alloc0(&seg->batch.arena, seg->layout.n, sizeof *theirs);
	row->dest_id = hits[0].dest_id;
	if (hits[0].record &&
	    record_decode(hits[0].record, hits[0].record_len, theirs, seg->layout.n) == (int)seg->layout.n)
		keep_what_is_there(seg, row, ours, theirs);
	return claim(seg, row, err);
}

/* --------------------------------------------------------------------- stage */

/* What is not known to be there is looked up where that can be done, and else sought as if it were new. */
static bool by_rules(const struct segment *seg, const struct row *row)
{
	return row->change == CHANGE_NEW && row->ruling != RULING_LINK &&
		(!row->known.flags || (seg->match.own_rules && !(seg->dest->caps & FERRY_CAP_LOOKUP)));
}

/* New to a restored snapshot; what a destination can tell from a repetition is cheaper sent than asked. */
static bool wants_restored(const struct segment *seg)
{
	return seg->restored && !(seg->def->mode == FERRY_MODE_APPEND && seg->dest->caps & FERRY_CAP_IDEMPOTENT);
}

bool match_wants(const struct segment *seg, const struct row *row)
{
	uint32_t caps = seg->dest->caps;

	if (row->state != ROW_RECORD || row->ruling == RULING_CREATE || row->ruling == RULING_IGNORE)
		return false;
	if (row->change != CHANGE_NEW || (row->known.flags & SNAP_MAYBE && !by_rules(seg, row)))
		return caps & FERRY_CAP_LOOKUP &&
			(row->known.flags & SNAP_MAYBE ||
			 ((seg->def->verify || seg->options->verify || seg->restored) && seg->def->mode != FERRY_MODE_APPEND));
	if (row->ruling == RULING_LINK)
		return caps & FERRY_CAP_LOOKUP;
	if (seg->match.own_rules)
		return true;
	return (caps & FERRY_CAP_LOOKUP || (caps & FERRY_CAP_LIST && seg->match.n_rules)) &&
		(caps & FERRY_CAP_MATCH_NEW || seg->reset || wants_restored(seg) || seg->def->verify || seg->options->verify ||
		 seg->def->mode == FERRY_MODE_INSERT || seg->def->mode == FERRY_MODE_UPDATE);
}

static int seek(struct segment *seg, struct row **rows, size_t n, struct ferry_error *err)
{
	struct row *asked[LOOKUP_ROWS];
	size_t n_new = 0, n_asked = 0;
	bool list = false;

	for (size_t i = 0; i < n; i++)
		n_new += by_rules(seg, rows[i]);
	seg->match.candidates += (int64_t)n_new;
	if (n_new && choose(seg, n_new, &list, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!list || !by_rules(seg, rows[i]))
			asked[n_asked++] = rows[i];
		else if (search(seg, rows[i], err) != 0)
			return -1;
	}
	return look_up(seg, asked, n_asked, err);
}

int match_rows(struct segment *seg, struct row **rows, size_t n, struct ferry_error *err)
{
	struct row *linked[LOOKUP_ROWS], *left[LOOKUP_ROWS];
	size_t n_linked = 0, n_left = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i]->ruling == RULING_LINK)
			linked[n_linked++] = rows[i];
	if (seek(seg, rows, n, err) != 0)
		return -1;
	for (size_t i = 0; i < n_linked; i++)
		if (linked[i]->ruling == RULING_NONE && match_wants(seg, linked[i]))
			left[n_left++] = linked[i];
	return n_left ? seek(seg, left, n_left, err) : 0;
}

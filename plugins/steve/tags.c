/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tags.c - steve-tags: opening it, and writing id tags.
 *
 * SteVe's PUT replaces the whole tag, and what is left out is cleared - or, for the number of
 * sessions, set to 1, which unblocks a blocked card. So each write reads the tag, lays the mapped
 * fields over it and sends all of it. A tag is never deleted: SteVe would delete its sessions too.
 */
#include "steve/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 32
#define MAX_FAILURES 3			/* tags in a row that SteVe may fail on */

static const struct ferry_option destination_options[] = {
	{.name = "stamp_note", .type = FERRY_OPT_BOOL, .fallback = "false",
	 .help = "keep a line \"ferry: last synced TIME\" in the note of each tag that is written"},
	{0},
};

/* -------------------------------------------------------------- open, close */

static void close_handle(void *handle)
{
	struct tags *h = handle;

	if (!h)
		return;
	rest_close(&h->api);
	rest_tree_release(&h->columns);
	rest_map_release(&h->known);
	rest_pool_release(&h->pool);
	rest_buf_release(&h->path);
	rest_buf_release(&h->body);
	free(h);
}

static int open_handle(const struct ferry_open *open, void **ret, struct ferry_error *err)
{
	static const char *const names[TAG_PARTS] = {"idTag", "parentIdTag", "expiryDate",
						     "maxActiveTransactionCount", "note"};
	struct tags *h = rest_alloc(1, sizeof *h);
	int rc = steve_open(&h->api, open, &h->legacy, err);

	rest_columns_tree(&h->columns, tag_columns, TAG_COLUMNS);
	h->layout = open->layout;
	h->mode = open->mode;
	h->stamp = ferry_setting_int(open, "stamp_note", 0) != 0;
	for (int p = 0; p < TAG_PARTS; p++)
		h->part[p] = rest_field(h->layout, names[p]);
	if (!rc && h->layout && h->part[TAG_ID] < 0)
		rc = open->host->fail(err, FERRY_E_CONFIG, "idTag must be mapped");
	if (rc) {
		close_handle(h);
		return -1;
	}
	*ret = h;
	return 0;
}

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	steve_check_connection(open, check);
	if (open->mode == FERRY_MODE_MIRROR)
		check->mistake(check, "mode",
			       "steve-tags deletes no tag, since SteVe would delete all its charging "
			       "sessions with it: use mode upsert or update with `policy: {missing: "
			       "disable}`, which blocks what is gone");
}

static int validate_setup(void *handle, struct ferry_error *err)
{
	struct tags *h = handle;
	return steve_validate(&h->api, err);
}

/* ------------------------------------------------------------------ merging */

static bool empty(const struct ferry_value *v)
{
	return v->type == FERRY_NULL || (v->type == FERRY_TEXT && !v->len);
}

static bool same_value(const struct ferry_value *a, const struct ferry_value *b)
{
	if (empty(a) || empty(b))
		return empty(a) && empty(b);
	if (a->type != b->type)
		return false;
	if (a->type == FERRY_TEXT)
		return a->len == b->len && !memcmp(a->s, b->s, a->len);
	return a->i == b->i;
}

static bool same_id(const struct ferry_value *a, const struct ferry_value *b)
{
	return empty(a) || empty(b) ? empty(a) && empty(b)
				    : rest_equal_nocase(a->s, a->len, b->s, b->len);
}

/* What the tag should be: as it is (current, or NULL for a new one) under what the action says. */
static struct tag merge(struct tags *h, const struct ferry_action *action,
			const struct tag *current)
{
	struct tag to = {.max = {.i = 1, .type = FERRY_INT}};

	if (current)
		to = *current;
	if (action->decision == FERRY_DISABLE) {
		to.max = (struct ferry_value){.i = 0, .type = FERRY_INT};
		return to;
	}
	if (!current)
		to.id = action->fields[h->part[TAG_ID]];
	if (h->part[TAG_PARENT] >= 0)
		to.parent = action->fields[h->part[TAG_PARENT]];
	if (h->part[TAG_EXPIRY] >= 0)
		to.expiry = action->fields[h->part[TAG_EXPIRY]];
	if (h->part[TAG_MAX] >= 0 && action->fields[h->part[TAG_MAX]].type == FERRY_INT)
		to.max = action->fields[h->part[TAG_MAX]];
	if (h->part[TAG_NOTE] >= 0)
		to.note = action->fields[h->part[TAG_NOTE]];
	return to;
}

/* Nothing to write: ferry's own line in the note is no difference. */
static bool same_tag(struct tags *h, const struct tag *a, const struct tag *b)
{
	struct ferry_value a_note = h->stamp ? tag_note_plain(&a->note, &h->pool) : a->note;
	struct ferry_value b_note = h->stamp ? tag_note_plain(&b->note, &h->pool) : b->note;

	return same_id(&a->parent, &b->parent) && same_value(&a->expiry, &b->expiry) &&
	       same_value(&a->max, &b->max) && same_value(&a_note, &b_note);
}

/* ------------------------------------------------------------------ checks */

/* SteVe takes no expiry date in the past, not even the one the tag has. */
static bool expired(struct tags *h, const struct tag *to, struct ferry_outcome *outcome)
{
	const struct ferry_host *host = h->api.host;
	char at[REST_TIME];

	if (to->expiry.type != FERRY_TIME || to->expiry.i > host->now(host))
		return false;
	rest_time_format(to->expiry.i, 0, true, at);
	rest_reject(outcome, "expired_tag", "expiryDate",
		    "the tag expired at %s, and SteVe refuses to write a tag whose expiry date is "
		    "in the past; give it a later expiryDate, or none",
		    at);
	return true;
}

static void remember(struct tags *h, const struct ferry_value *id)
{
	char *key = rest_pool_copy(&h->pool, id->s, id->len);

	rest_lower(key, id->len);
	rest_map_add(&h->known, key, id->len, 0, NULL);
}

/*
 * An unknown parent makes PUT fail with 500 and POST with a misleading 422, so it is looked up
 * first. 1: good, 0: the row is refused, -1.
 */
static int parent_exists(struct tags *h, const struct tag *to, const struct tag *current,
			 struct ferry_outcome *outcome, struct ferry_error *err)
{
	struct tag parent;

	if (empty(&to->parent) || (current && same_id(&to->parent, &current->parent)))
		return 1;
	char *key = rest_pool_copy(&h->pool, to->parent.s, to->parent.len);
	rest_lower(key, to->parent.len);
	if (rest_map_find(&h->known, key, to->parent.len, NULL))
		return 1;
	int rc = tag_fetch(h, &to->parent, &parent, err);
	if (rc > 0)
		remember(h, &to->parent);
	if (!rc)
		rest_reject(outcome, "unknown_parent", "parentIdTag",
			    "SteVe has no such parent tag");
	return rc;
}

/* ------------------------------------------------------------------ writing */

static void put_body(struct tags *h, const struct tag *to)
{
	const struct ferry_host *host = h->api.host;
	struct ferry_value note = h->stamp ? tag_note_stamped(&to->note, host->now(host), &h->pool)
					   : to->note;
	struct ferry_value expiry = to->expiry;
	rest_node *root = rest_object();
	char at[REST_TIME];

	if (expiry.type == FERRY_TIME) {
		size_t len = rest_time_format(expiry.i, expiry.i % 1000 ? 6 : 3, !h->legacy, at);
		expiry = (struct ferry_value){.s = at, .len = (uint32_t)len, .type = FERRY_TEXT};
	}
	rest_put_value(root, "idTag", &to->id);
	rest_put_value(root, "parentIdTag", &to->parent);
	rest_put_value(root, "expiryDate", &expiry);
	rest_put_value(root, "maxActiveTransactionCount", &to->max);
	rest_put_value(root, "note", &note);
	rest_body(&h->body, root);
	rest_free(root);
}

/* The answer is the tag as it is now: is it that tag, and is a blocked card blocked? */
static int read_written(struct tags *h, const char *what, const struct ferry_http_response *res,
			const struct tag *to, struct ferry_outcome *outcome,
			struct ferry_error *err)
{
	struct tag now;
	char pk[24];

	if (tag_read(h, what, res, &now, err))
		return -1;
	if (!same_id(&now.id, &to->id))
		return h->api.host->fail(err, FERRY_E_PROTOCOL,
					 "%s: SteVe answers with another tag", what);
	if (now.max.i != to->max.i) {
		rest_reject(outcome, "not_applied", "maxActiveTransactionCount",
			    "SteVe took the tag but holds %" PRId64
			    " sessions at once, not %" PRId64,
			    now.max.i, to->max.i);
		return 0;
	}
	snprintf(pk, sizeof pk, "%" PRId64, now.pk);
	rest_dest_id(outcome, pk, strlen(pk));
	outcome->ack = FERRY_ACK_DONE;
	remember(h, &now.id);
	return 0;
}

/* POST or PUT the whole tag. */
static int send_tag(struct tags *h, const struct tag *to, bool exists,
		    struct ferry_outcome *outcome, struct rest_refusal *refusal,
		    struct ferry_error *err)
{
	const char *what = exists ? "PUT /ocppTags/{ocppTagPk}" : "POST /ocppTags";
	struct ferry_http_response res;

	put_body(h, to);
	outcome->ack = FERRY_ACK_UNKNOWN;
	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/ocppTags");
	if (exists)
		rest_addf(&h->path, "/%" PRId64, to->pk);
	if (rest_call(&h->api, exists ? "PUT" : "POST", rest_str(&h->path), &h->body, &res, err) ||
	    steve_check(&h->api, what, &res, refusal, err))
		return -1;
	return read_written(h, what, &res, to, outcome, err);
}

static void done(const struct tag *tag, enum ferry_ack ack, struct ferry_outcome *outcome)
{
	outcome->ack = ack;
	snprintf(outcome->dest_id, sizeof outcome->dest_id, "%" PRId64, tag->pk);
}

/* Work out what to send: 1 when it must be sent, 0 when the outcome is set already, -1. */
static int prepare(struct tags *h, const struct ferry_action *action, const struct tag *current,
		   struct tag *to, struct ferry_outcome *outcome, struct ferry_error *err)
{
	if (!current && action->decision == FERRY_DISABLE) {
		/* a tag that is not there opens no charger */
		outcome->ack = FERRY_ACK_DONE;
		return 0;
	}
	if (!current && h->mode == FERRY_MODE_UPDATE) {
		rest_reject(outcome, "tag_not_found", "idTag",
			    "SteVe has no such tag, and the mode does not create any");
		return 0;
	}
	*to = merge(h, action, current);
	if (current && same_tag(h, current, to)) {
		done(current,
		     action->decision == FERRY_CREATE ? FERRY_ACK_DUPLICATE : FERRY_ACK_DONE,
		     outcome);
		return 0;
	}
	if (current && h->mode == FERRY_MODE_INSERT && action->decision == FERRY_CREATE) {
		rest_reject(outcome, "already_exists", "idTag",
			    "SteVe has this tag already, with other values, and the mode does not "
			    "change any");
		return 0;
	}
	return expired(h, to, outcome) ? 0 : parent_exists(h, to, current, outcome, err);
}

static int current_tag(struct tags *h, const struct ferry_action *action, struct tag *ret,
		       struct ferry_error *err)
{
	struct ferry_value id;

	if (tag_of(h, action, &id))
		return tag_fetch(h, &id, ret, err);
	return tag_fetch_pk(h, action->dest_id ? action->dest_id : "", ret, err);
}

/*
 * SteVe answers 500 to whatever it did not expect. When it could be read before and after, and
 * fails on the same tag again, then it is the tag, unless that happens to one after the other.
 */
static int refuse_failed(struct tags *h, const struct rest_refusal *refusal,
			 struct ferry_outcome *outcome)
{
	if (++h->failures > MAX_FAILURES)
		return -1;
	rest_reject(outcome, refusal->code, "",
		    "SteVe fails on this tag each time, though it can be read; its log tells why: %s",
		    refusal->message);
	return 0;
}

/*
 * Somebody may make the tag between our look and our POST, which then is refused; or SteVe fails.
 * In both cases look again, once.
 */
static int write_tag(struct tags *h, const struct ferry_action *action,
		     struct ferry_outcome *outcome, struct rest_refusal *refusal,
		     struct ferry_error *err)
{
	struct tag current, to;
	bool taken = false;

	outcome->ack = FERRY_ACK_UNSENT;
	rest_pool_reset(&h->pool);
	for (int attempt = 0;; attempt++) {
		int there = current_tag(h, action, &current, err);
		if (there < 0)
			return -1;
		int rc = prepare(h, action, there ? &current : NULL, &to, outcome, err);
		if (rc <= 0)
			return rc;
		if (taken && !there) {
			rest_reject(outcome, "already_exists", "idTag",
				    "SteVe says that the tag exists but does not list it; it "
				    "answers so to an unknown parentIdTag too");
			return 0;
		}
		rc = send_tag(h, &to, there, outcome, refusal, err);
		if (!rc)
			h->failures = 0;
		taken = rc && !there && err->code == FERRY_E_REJECTED && err->sys == 422;
		bool failed = rc && err->sys == 500 && *refusal->code;
		if (attempt && failed)
			return refuse_failed(h, refusal, outcome);
		if (!taken && (attempt || !failed))
			return rc;
		if (taken)
			outcome->ack = FERRY_ACK_UNSENT;
	}
}

/* -------------------------------------------------------------------- apply */

static const struct ferry_value *parent_of(const struct tags *h, const struct ferry_action *action)
{
	bool has = h->part[TAG_PARENT] >= 0 && action->fields && action->decision != FERRY_DISABLE;
	return has ? &action->fields[h->part[TAG_PARENT]] : NULL;
}

/* Whether the parent of row i is one of the rows that have no place yet. */
static bool waits(const struct tags *h, const struct ferry_action *actions, size_t n, size_t i,
		  const bool *placed)
{
	const struct ferry_value *parent = parent_of(h, &actions[i]);
	struct ferry_value id;

	for (size_t k = 0; parent && !empty(parent) && k < n; k++)
		if (k != i && !placed[k] && tag_of(h, &actions[k], &id) && same_id(parent, &id))
			return true;
	return false;
}

/* Parents before their children. Those of a circle come as they stand. */
static void put_in_order(const struct tags *h, const struct ferry_action *actions, size_t n,
			 size_t *order)
{
	bool placed[BATCH] = {false}, circle = false;

	for (size_t done = 0; done < n;) {
		size_t before = done;
		for (size_t i = 0; i < n; i++) {
			if (placed[i] || (!circle && waits(h, actions, n, i, placed)))
				continue;
			placed[i] = true;
			order[done++] = i;
		}
		circle = done == before;
	}
}

static int apply_one(struct tags *h, const struct ferry_action *action,
		     struct ferry_outcome *outcome, struct ferry_error *err)
{
	const struct ferry_host *host = h->api.host;
	struct rest_refusal refusal = {0};
	struct ferry_error failed = {0};

	if (host->cancelled(host))
		return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
	if (!write_tag(h, action, outcome, &refusal, &failed) ||
	    !rest_row_failed(outcome, 1, 0, &refusal, &failed))
		return 0;
	*err = failed;
	return -1;
}

static int apply(void *handle, const struct ferry_action *actions, size_t n,
		 struct ferry_outcome *outcomes, struct ferry_error *err)
{
	struct tags *h = handle;
	size_t order[BATCH];

	put_in_order(h, actions, n, order);
	for (size_t i = 0; i < n; i++)
		outcomes[i].ack = FERRY_ACK_UNSENT;
	for (size_t i = 0; i < n; i++)
		if (apply_one(h, &actions[order[i]], &outcomes[order[i]], err))
			return -1;
	return 0;
}

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "steve-tags",
	.family = "steve",
	.resource = "tags",
	.summary = "id tags (cards) of SteVe, read whole and written one by one",
	.version = STEVE_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE,
	.batch = BATCH,
	.connection_options = steve_connection_options,
	.destination_options = destination_options,
	.fields = tag_fields,
	.check = check,
	.test = steve_test,
	.open = open_handle,
	.close = close_handle,
	.validate_setup = validate_setup,
	.extract = tags_extract,
	.canonicalize = tags_canonicalize,
	.lookup = tags_lookup,
	.list = tags_list,
	.apply = apply,
};

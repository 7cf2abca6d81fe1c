/* SPDX-License-Identifier: Apache-2.0 */
/* tags-read.c - reading id tags from SteVe: one by its id or number, and all of them. */
#include "steve/ids.h"
#include "steve/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Above so many a look-up reads the whole list once: each request costs SteVe a password check. */
#define SINGLY 8
#define ROWS 512			/* given on at once */

static const char list_what[] = "GET /ocppTags";

/* Read tags from a list; take is called for each one. */
static int read_list(struct tags *h, const char *path,
		     int (*take)(void *ctx, const struct rest_piece *element,
				 const struct rest_piece *found, struct ferry_error *err),
		     void *ctx, uint64_t *bytes, struct ferry_error *err)
{
	struct rest_list list = {
		.what = list_what, .tree = &h->columns, .element = take, .ctx = ctx,
	};
	return steve_list(&h->api, path, &list, bytes, err);
}

static int read_row(struct tags *h, const char *what, const struct rest_piece *element,
		    const struct rest_piece *found, struct ferry_value *row,
		    struct ferry_error *err)
{
	return rest_row_pieces(&h->api, what, tag_columns, TAG_COLUMNS, element, found, &h->pool,
			       row, err);
}

static int read_tag(struct tags *h, const char *what, const struct rest_piece *element,
		    const struct rest_piece *found, struct tag *ret, struct ferry_error *err)
{
	struct ferry_value v[TAG_COLUMNS];

	if (read_row(h, what, element, found, v, err))
		return -1;
	*ret = (struct tag){v[COL_PK].i, v[COL_ID], v[COL_PARENT], v[COL_EXPIRY], v[COL_MAX],
			    v[COL_NOTE]};
	return 0;
}

/* ---------------------------------------------------------------------- one */

bool tag_of(const struct tags *h, const struct ferry_action *action, struct ferry_value *id)
{
	const struct ferry_value *records[] = {action->fields, action->before};

	for (size_t i = 0; i < 2; i++) {
		const struct ferry_value *v = records[i] ? &records[i][h->part[TAG_ID]] : NULL;
		if (v && v->type == FERRY_TEXT && v->len) {
			*id = *v;
			return true;
		}
	}
	return false;
}

int tag_read(struct tags *h, const char *what, const struct ferry_http_response *res,
	     struct tag *ret, struct ferry_error *err)
{
	/* of anything else nothing is found, and what is missing is named */
	const struct rest_piece whole = {.kind = REST_OBJECT};
	struct rest_piece found[TAG_COLUMNS];
	struct rest_scan scan;

	rest_scan_begin(&scan, res->body, res->body_len);
	rest_scan_pick(&scan, &h->columns, found);
	if (!rest_scan_end(&scan))
		return rest_scan_fail(&h->api, what, &scan, err);
	return read_tag(h, what, &whole, found, ret, err);
}

static void report_case(struct tags *h, const struct ferry_value *ours,
			const struct ferry_value *theirs)
{
	const struct ferry_host *host = h->api.host;

	if (h->told_case || (ours->len == theirs->len && !memcmp(ours->s, theirs->s, ours->len)))
		return;
	h->told_case = true;
	host->log(host, FERRY_LOG_WARN,
		  "SteVe holds an id tag in other letter case than ours; it takes both for the "
		  "same tag, and so does ferry; further cases are not reported");
}

struct fetching {
	struct tags *h;
	const struct ferry_value *id;
	struct tag *tag;
	bool found;
};

/* The database ignores case, so SteVe may answer with the tag in other letters. */
static int take_fetched(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
			struct ferry_error *err)
{
	struct fetching *f = ctx;
	struct rest_buf room = {0};
	size_t len;
	const char *s = rest_piece_text(&found[COL_ID], &room, &len);
	bool is = !f->found && s && rest_equal_nocase(s, len, f->id->s, f->id->len);

	rest_buf_release(&room);
	if (!is)
		return 0;
	if (read_tag(f->h, list_what, element, found, f->tag, err))
		return -1;
	f->found = true;
	report_case(f->h, f->id, &f->tag->id);
	return 0;
}

int tag_fetch(struct tags *h, const struct ferry_value *id, struct tag *ret,
	      struct ferry_error *err)
{
	struct fetching fetching = {h, id, ret, false};

	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/ocppTags?idTag=");
	rest_add_encoded(&h->path, id->s, id->len);
	return read_list(h, rest_str(&h->path), take_fetched, &fetching, NULL, err) ? -1
		: fetching.found;
}

int tag_fetch_pk(struct tags *h, const char *pk, struct tag *ret, struct ferry_error *err)
{
	static const char what[] = "GET /ocppTags/{ocppTagPk}";
	struct ferry_http_response res;
	struct ferry_error failed = {0};
	int64_t number;

	if (!rest_read_int(pk, strlen(pk), &number))
		return 0;
	rest_buf_reset(&h->path);
	rest_addf(&h->path, "/ocppTags/%" PRId64, number);
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (steve_check(&h->api, what, &res, NULL, &failed)) {
		if (failed.code == FERRY_E_NOT_FOUND)
			return 0;
		*err = failed;
		return -1;
	}
	if (tag_read(h, what, &res, ret, err))
		return -1;
	if (ret->pk != number)
		return h->api.host->fail(err, FERRY_E_PROTOCOL,
					 "%s: SteVe answers with another tag", what);
	return 1;
}

/* ------------------------------------------------------------------- lookup */

static void fill_found(struct tags *h, const struct ferry_value *asked, const struct tag *tag,
		       struct ferry_found *found)
{
	struct ferry_value *fields = rest_pool_alloc(&h->pool, h->layout->n * sizeof *fields);
	const struct ferry_value parts[TAG_PARTS] = {
		asked ? *asked : tag->id, tag->parent, tag->expiry, tag->max,
		h->stamp ? tag_note_plain(&tag->note, &h->pool) : tag->note};
	char *pk = rest_pool_alloc(&h->pool, 24);

	for (size_t i = 0; i < h->layout->n; i++)
		fields[i] = (struct ferry_value){.type = FERRY_NULL};
	for (int p = 0; p < TAG_PARTS; p++)
		if (h->part[p] >= 0)
			fields[h->part[p]] = parts[p];
	snprintf(pk, 24, "%" PRId64, tag->pk);
	*found = (struct ferry_found){FERRY_FOUND, pk, fields};
}

static int lookup_one(struct tags *h, const struct ferry_action *action, struct ferry_found *found,
		      struct ferry_error *err)
{
	struct ferry_value id;
	struct tag tag;
	bool named = tag_of(h, action, &id);
	int rc = named ? tag_fetch(h, &id, &tag, err)
		: tag_fetch_pk(h, action->dest_id ? action->dest_id : "", &tag, err);

	if (rc > 0)
		fill_found(h, named ? &id : NULL, &tag, found);
	return rc < 0 ? -1 : 0;
}

/* Who is asked for, by the tag in small letters; several actions may ask for the same. */
struct asked {
	struct tags *h;
	const struct ferry_action *actions;
	size_t n;
	struct ferry_found *found;
	struct rest_map first;		/* to the first action's index */
	size_t *next;			/* of the following one; n ends the chain */
};

/* The first action that asks for the tag; n when none does, before anything is copied. */
static size_t first_asking(const struct asked *asked, const struct rest_piece *id)
{
	struct rest_buf room = {0};
	char key[256];
	size_t len, i = asked->n;
	const char *s = rest_piece_text(id, &room, &len);

	if (s && len <= sizeof key) {
		memcpy(key, s, len);
		rest_lower(key, len);
		rest_map_find(&asked->first, key, len, &i);
	}
	rest_buf_release(&room);
	return i;
}

static int take_looked_up(void *ctx, const struct rest_piece *element,
			  const struct rest_piece *found, struct ferry_error *err)
{
	struct asked *asked = ctx;
	size_t i = first_asking(asked, &found[COL_ID]);
	struct tag tag;

	if (i < asked->n && read_tag(asked->h, list_what, element, found, &tag, err))
		return -1;
	for (; i < asked->n; i = asked->next[i]) {
		struct ferry_value id;
		tag_of(asked->h, &asked->actions[i], &id);
		report_case(asked->h, &id, &tag.id);
		fill_found(asked->h, &id, &tag, &asked->found[i]);
	}
	return 0;
}

static int lookup_many(struct tags *h, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct asked asked = {.h = h, .actions = actions, .n = n, .found = found,
			      .next = rest_alloc(n, sizeof *asked.next)};
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		struct ferry_value id;
		size_t first;
		asked.next[i] = n;
		if (!tag_of(h, &actions[i], &id)) {
			rc = lookup_one(h, &actions[i], &found[i], err);
			continue;
		}
		char *key = rest_pool_copy(&h->pool, id.s, id.len);
		rest_lower(key, id.len);
		if (!rest_map_add(&asked.first, key, id.len, i, &first)) {
			asked.next[i] = asked.next[first];
			asked.next[first] = i;
		}
	}
	rc = rc || read_list(h, "/ocppTags", take_looked_up, &asked, NULL, err);
	rest_map_release(&asked.first);
	free(asked.next);
	return rc ? -1 : 0;
}

int tags_lookup(void *handle, const struct ferry_action *actions, size_t n,
		struct ferry_found *found, struct ferry_error *err)
{
	struct tags *h = handle;
	const struct ferry_host *host = h->api.host;

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++)
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
	if (n > SINGLY)
		return lookup_many(h, actions, n, found, err);
	for (size_t i = 0; i < n; i++) {
		if (host->cancelled(host))
			return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (lookup_one(h, &actions[i], &found[i], err))
			return -1;
	}
	return 0;
}

/* --------------------------------------------------------------------- list */

struct gathering {
	struct tags *h;
	struct ferry_listing *listing;
	struct ferry_found found[ROWS];
	size_t n;
	struct steve_ids seen;		/* an answer that broke off comes again from its begin */
};

static int list_flush(struct gathering *g, struct ferry_error *err)
{
	int rc = g->n ? g->listing->found(g->listing, g->found, g->n, err) : 0;

	g->n = 0;
	rest_pool_reset(&g->h->pool);
	return rc;
}

/* Before anything of it is copied; what is no number is left to reading the row. */
static bool was_seen(struct steve_ids *seen, const struct rest_piece *pk)
{
	int64_t i;

	return pk->kind == REST_INT && rest_read_int(pk->s, pk->len, &i) && !steve_ids_add(seen, i);
}

static int take_gathered(void *ctx, const struct rest_piece *element,
			 const struct rest_piece *found, struct ferry_error *err)
{
	struct gathering *g = ctx;
	struct tag tag;

	if (was_seen(&g->seen, &found[COL_PK]))
		return 0;
	if (read_tag(g->h, list_what, element, found, &tag, err))
		return -1;
	fill_found(g->h, NULL, &tag, &g->found[g->n++]);
	return g->n < ROWS ? 0 : list_flush(g, err);
}

/* All of one answer: that is all that SteVe has. */
int tags_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct tags *h = handle;
	struct gathering *g = rest_alloc(1, sizeof *g);

	g->h = h;
	g->listing = listing;
	rest_pool_reset(&h->pool);
	int rc = read_list(h, "/ocppTags", take_gathered, g, NULL, err);
	rc = rc || list_flush(g, err);
	steve_ids_release(&g->seen);
	free(g);
	return rc ? -1 : 0;
}

/* ------------------------------------------------------------------ extract */

struct rows {
	struct tags *h;
	struct ferry_sink *sink;
	struct ferry_value *values;
	size_t n;
	int64_t delivered, limit;
	bool cut;
	struct steve_ids seen;
};

static int flush(struct rows *r, struct ferry_error *err)
{
	int rc = r->n ? r->sink->rows(r->sink, r->values, r->n, err) : 0;

	r->delivered += (int64_t)r->n;
	r->n = 0;
	rest_pool_reset(&r->h->pool);
	return rc;
}

static int take_row(void *ctx, const struct rest_piece *element, const struct rest_piece *found,
		    struct ferry_error *err)
{
	struct rows *r = ctx;
	const struct ferry_host *host = r->h->api.host;
	struct ferry_value *row = &r->values[r->n * TAG_COLUMNS];

	r->cut = r->limit && r->delivered + (int64_t)r->n >= r->limit;
	if (r->cut)
		return host->fail(err, FERRY_E_CANCELLED, "enough was read");
	if (was_seen(&r->seen, &found[COL_PK]))
		return 0;
	if (read_row(r->h, list_what, element, found, row, err))
		return -1;
	if (++r->n < ROWS)
		return 0;
	if (host->cancelled(host))
		return host->fail(err, FERRY_E_CANCELLED, "the run is ending");
	return flush(r, err);
}

int tags_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		 struct ferry_error *err)
{
	struct tags *h = handle;
	struct rows rows = {.h = h, .sink = sink, .limit = want->limit};
	struct ferry_error failed = {0};
	uint64_t bytes = 0;

	if (rest_columns(sink, tag_columns, TAG_COLUMNS, err))
		return -1;
	rest_pool_reset(&h->pool);
	rows.values = rest_alloc(ROWS * TAG_COLUMNS, sizeof *rows.values);
	int rc = read_list(h, "/ocppTags", take_row, &rows, &bytes, &failed);
	if (rc && !rows.cut) {
		*err = failed;
	} else {
		sink->page(sink, "page", bytes);
		rc = flush(&rows, err);
	}
	if (!rc && rows.cut)
		sink->truncated(sink, "limit");
	steve_ids_release(&rows.seen);
	free(rows.values);
	return rc ? -1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* tags-read.c - reading id tags from SteVe: one by its id or number, and all of them. */
#include "steve/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Above so many a look-up reads the whole list once: each request costs SteVe a password check. */
#define SINGLY 8

static const char list_what[] = "GET /ocppTags";

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

int tag_read(struct tags *h, const char *what, rest_node *node, struct tag *ret,
	     struct ferry_error *err)
{
	static const struct rest_column columns[] = {
		{"ocppTagPk", "ocppTagPk", FERRY_INT, true},
		{"idTag", "idTag", FERRY_TEXT, true},
		{"parentIdTag", "parentIdTag", FERRY_TEXT, false},
		{"expiryDate", "expiryDate", FERRY_TIME, false},
		{"maxActiveTransactionCount", "maxActiveTransactionCount", FERRY_INT, true},
		{"note", "note", FERRY_TEXT, false},
	};
	struct ferry_value v[6];

	if (rest_row(&h->api, what, columns, 6, node, &h->pool, v, err))
		return -1;
	*ret = (struct tag){v[0].i, v[1], v[2], v[3], v[4], v[5]};
	return 0;
}

/* The database ignores case, so SteVe may answer with the tag in other letters. */
static bool is_tag(rest_node *node, const struct ferry_value *id)
{
	size_t len;
	const char *s = rest_text(rest_member(node, "idTag"), &len);

	return s && rest_equal_nocase(s, len, id->s, id->len);
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

int tag_fetch(struct tags *h, const struct ferry_value *id, struct tag *ret,
	      struct ferry_error *err)
{
	struct rest_stream s = {.what = list_what};
	struct ferry_http_response res;
	rest_node *node;
	int found = 0, rc;

	rest_buf_reset(&h->path);
	rest_adds(&h->path, "/ocppTags?idTag=");
	rest_add_encoded(&h->path, id->s, id->len);
	if (rest_get(&h->api, rest_str(&h->path), &res, err) ||
	    steve_check(&h->api, list_what, &res, NULL, err))
		return -1;
	s.text = res.body;
	s.len = res.body_len;
	while ((rc = rest_stream_next(&h->api, &s, &node, err)) > 0) {
		if (found || !is_tag(node, id))
			continue;
		if ((rc = tag_read(h, list_what, node, ret, err)))
			break;
		found = 1;
		report_case(h, id, &ret->id);
	}
	rest_stream_release(&s);
	return rc < 0 ? -1 : found;
}

int tag_fetch_pk(struct tags *h, const char *pk, struct tag *ret, struct ferry_error *err)
{
	static const char what[] = "GET /ocppTags/{ocppTagPk}";
	struct ferry_http_response res;
	struct ferry_error failed = {0};
	rest_node *root;
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
	if (rest_parse(&h->api, what, res.body, res.body_len, &root, err))
		return -1;
	int rc = tag_read(h, what, root, ret, err);
	rest_free(root);
	if (rc)
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
	struct rest_map first;		/* to the first action's index */
	size_t *next;			/* of the following one; n ends the chain */
};

static void take_listed(struct tags *h, const struct ferry_action *actions, size_t n,
			const struct asked *asked, const struct tag *tag, struct ferry_found *found)
{
	char *key = rest_pool_copy(&h->pool, tag->id.s, tag->id.len);
	size_t i;

	rest_lower(key, tag->id.len);
	if (!rest_map_find(&asked->first, key, tag->id.len, &i))
		return;
	for (; i < n; i = asked->next[i]) {
		struct ferry_value id;
		tag_of(h, &actions[i], &id);
		report_case(h, &id, &tag->id);
		fill_found(h, &id, tag, &found[i]);
	}
}

/* Whether a listed tag is among those asked for; before it is copied. */
static bool wanted(const struct asked *asked, rest_node *node)
{
	char key[256];
	size_t len;
	const char *s = rest_text(rest_member(node, "idTag"), &len);

	if (!s || len > sizeof key)
		return false;
	memcpy(key, s, len);
	rest_lower(key, len);
	return rest_map_find(&asked->first, key, len, NULL);
}

static int lookup_list(struct tags *h, const struct ferry_action *actions, size_t n,
		       const struct asked *asked, struct ferry_found *found,
		       struct ferry_error *err)
{
	struct rest_stream s = {.what = list_what};
	struct ferry_http_response res;
	struct tag tag;
	rest_node *node;
	int rc;

	if (rest_get(&h->api, "/ocppTags", &res, err) ||
	    steve_check(&h->api, list_what, &res, NULL, err))
		return -1;
	s.text = res.body;
	s.len = res.body_len;
	while ((rc = rest_stream_next(&h->api, &s, &node, err)) > 0) {
		if (!wanted(asked, node))
			continue;
		if ((rc = tag_read(h, list_what, node, &tag, err)))
			break;
		take_listed(h, actions, n, asked, &tag, found);
	}
	rest_stream_release(&s);
	return rc;
}

static int lookup_many(struct tags *h, const struct ferry_action *actions, size_t n,
		       struct ferry_found *found, struct ferry_error *err)
{
	struct asked asked = {.next = rest_alloc(n, sizeof *asked.next)};
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
	if (!rc)
		rc = lookup_list(h, actions, n, &asked, found, err);
	rest_map_release(&asked.first);
	free(asked.next);
	return rc;
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

#define ROWS 512

static int list_flush(struct tags *h, struct ferry_listing *listing,
		      const struct ferry_found *found, size_t n, struct ferry_error *err)
{
	int rc = n ? listing->found(listing, found, n, err) : 0;

	rest_pool_reset(&h->pool);
	return rc;
}

/* All of one answer: that is all that SteVe has. */
int tags_list(void *handle, struct ferry_listing *listing, struct ferry_error *err)
{
	struct tags *h = handle;
	struct rest_stream s = {.what = list_what};
	struct ferry_http_response res;
	struct ferry_found found[ROWS];
	struct tag tag;
	rest_node *node;
	size_t n = 0;
	int rc;

	if (rest_get(&h->api, "/ocppTags", &res, err) ||
	    steve_check(&h->api, list_what, &res, NULL, err))
		return -1;
	s.text = res.body;
	s.len = res.body_len;
	rest_pool_reset(&h->pool);
	while ((rc = rest_stream_next(&h->api, &s, &node, err)) > 0) {
		if ((rc = tag_read(h, list_what, node, &tag, err)))
			break;
		fill_found(h, NULL, &tag, &found[n++]);
		if (n < ROWS)
			continue;
		if ((rc = list_flush(h, listing, found, n, err)))
			break;
		n = 0;
	}
	rest_stream_release(&s);
	return rc ? -1 : list_flush(h, listing, found, n, err);
}

/* ------------------------------------------------------------------ extract */

struct rows {
	struct ferry_value *values;
	size_t n;
	int64_t delivered, limit;
};

static int flush(struct tags *h, struct rows *rows, struct ferry_sink *sink,
		 struct ferry_error *err)
{
	int rc = rows->n ? sink->rows(sink, rows->values, rows->n, err) : 0;

	rows->delivered += (int64_t)rows->n;
	rows->n = 0;
	rest_pool_reset(&h->pool);
	return rc;
}

static int read_all(struct tags *h, const struct ferry_http_response *res, struct rows *rows,
		    struct ferry_sink *sink, struct ferry_error *err)
{
	struct rest_stream s = {.what = list_what, .text = res->body, .len = res->body_len};
	const struct ferry_host *host = h->api.host;
	rest_node *node;
	int rc;

	while ((rc = rest_stream_next(&h->api, &s, &node, err)) > 0) {
		if (rows->limit && rows->delivered + (int64_t)rows->n >= rows->limit) {
			sink->truncated(sink, "limit");
			rc = 0;
			break;
		}
		rc = rest_row(&h->api, list_what, tag_columns, tag_columns_n, node, &h->pool,
			      &rows->values[rows->n * tag_columns_n], err);
		if (!rc && ++rows->n == ROWS) {
			rc = flush(h, rows, sink, err);
			if (!rc && host->cancelled(host))
				rc = host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		}
		if (rc)
			break;
	}
	rest_stream_release(&s);
	return rc ? -1 : flush(h, rows, sink, err);
}

int tags_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
		 struct ferry_error *err)
{
	struct tags *h = handle;
	struct rows rows = {.limit = want->limit};
	struct ferry_http_response res;

	if (rest_columns(sink, tag_columns, tag_columns_n, err) ||
	    rest_get(&h->api, "/ocppTags", &res, err) ||
	    steve_check(&h->api, list_what, &res, NULL, err))
		return -1;
	sink->page(sink, "page", res.body_len);
	rest_pool_reset(&h->pool);
	rows.values = rest_alloc(ROWS * tag_columns_n, sizeof *rows.values);
	int rc = read_all(h, &res, &rows, sink, err);
	free(rows.values);
	return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ocppTags of the SteVe stand-in: keyed by pk, replaced as a whole by a PUT, and deleted
 * together with their transactions.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif

#include "steve-standin.h"

#include <ctype.h>
#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void steve_tag_free(struct steve_tag *t)
{
	free(t->id_tag);
	free(t->parent_id);
	free(t->note);
	free(t);
}

/* -- finding ------------------------------------- */

static bool same_id(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

static char *lower(const char *s)
{
	char *copy = standin_strdup(s);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

struct steve_tag *steve_tag_find(const struct steve *st, const char *id_tag)
{
	void *tag = NULL;

	if (!id_tag)
		return NULL;
	char *key = lower(id_tag);

	lh_table_lookup_ex(st->by_id_tag, key, &tag);
	free(key);
	return tag;
}

/* Where the pk is, or would be. */
static size_t tag_place(const struct steve *st, int64_t pk)
{
	size_t low = 0, high = st->n_tags;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (st->tag[mid]->pk < pk)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct steve_tag *steve_tag_find_pk(const struct steve *st, int64_t pk)
{
	size_t at = tag_place(st, pk);

	return at < st->n_tags && st->tag[at]->pk == pk ? st->tag[at] : NULL;
}

/* -- storing ------------------------------------- */

static struct steve_tag *tag_add(struct steve *st, int64_t pk, const char *id_tag)
{
	struct steve_tag *t = standin_alloc(sizeof(*t));
	size_t at = tag_place(st, pk);

	t->pk = pk;
	t->id_tag = standin_strdup(id_tag);
	t->expiry_ms = STEVE_NO_TIME;
	t->max_active = 1;
	st->tag = standin_grow(st->tag, &st->tags_cap, st->n_tags + 1, sizeof(t));
	memmove(&st->tag[at + 1], &st->tag[at], (st->n_tags - at) * sizeof(t));
	st->tag[at] = t;
	st->n_tags++;
	if (pk >= st->next_tag)
		st->next_tag = pk + 1;
	lh_table_insert(st->by_id_tag, lower(id_tag), t);
	return t;
}

struct steve_tag *steve_tag_ensure(struct steve *st, const char *id_tag)
{
	struct steve_tag *t = steve_tag_find(st, id_tag);

	if (!t) {
		t = tag_add(st, st->next_tag, id_tag);
		t->max_active = -1;
	}
	return t;
}

static void tag_remove(struct steve *st, struct steve_tag *t)
{
	size_t at = tag_place(st, t->pk);
	char *key = lower(t->id_tag);

	lh_table_delete(st->by_id_tag, key);
	free(key);
	memmove(&st->tag[at], &st->tag[at + 1], (st->n_tags - at - 1) * sizeof(t));
	st->n_tags--;
	steve_tag_free(t);
}

static void set_text(char **field, const char *value)
{
	free(*field);
	*field = standin_strdup(value);
}

struct steve_tag *steve_tag_edit(struct steve *st, struct json_object *in)
{
	const char *id_tag = json_member_text(in, "idTag");
	int64_t pk = json_member_int(in, "ocppTagPk", 0);
	struct steve_tag *t = pk ? steve_tag_find_pk(st, pk) : steve_tag_find(st, id_tag);
	const char *expiry = json_member_text(in, "expiryDate");

	if (!t && (!id_tag || steve_tag_find(st, id_tag)))
		return NULL;
	if (!t)
		t = tag_add(st, pk ? pk : st->next_tag, id_tag);
	if (json_member_present(in, "parentIdTag"))
		set_text(&t->parent_id, json_member_text(in, "parentIdTag"));
	if (json_member_present(in, "note"))
		set_text(&t->note, json_member_text(in, "note"));
	if (json_member_present(in, "expiryDate") &&
	    (!expiry || !standin_parse_time(expiry, false, true, &t->expiry_ms)))
		t->expiry_ms = STEVE_NO_TIME;
	if (json_member_present(in, "userPk")) {
		t->has_user = json_member(in, "userPk") != NULL;
		t->user_pk = json_member_int(in, "userPk", 0);
	}
	t->max_active = json_member_int(in, "maxActiveTransactionCount", t->max_active);
	return t;
}

void steve_tag_emit(const struct steve *st, const struct steve_tag *t, struct text *out)
{
	const struct steve_tag *parent = steve_tag_find(st, t->parent_id);

	text_printf(out, "{\"ocppTagPk\":%lld,\"userPk\":", (long long)t->pk);
	if (t->has_user)
		text_printf(out, "%lld", (long long)t->user_pk);
	else
		text_puts(out, "null");
	text_puts(out, ",\"parentOcppTagPk\":");
	if (parent)
		text_printf(out, "%lld", (long long)parent->pk);
	else
		text_puts(out, "null");
	text_puts(out, ",\"idTag\":");
	text_json(out, t->id_tag);
	text_puts(out, ",\"parentIdTag\":");
	text_json(out, t->parent_id);
	text_printf(out, ",\"inTransaction\":%s,\"blocked\":%s,\"expiryDate\":",
		    t->active > 0 ? "true" : "false", t->max_active == 0 ? "true" : "false");
	if (t->expiry_ms == STEVE_NO_TIME)
		text_puts(out, "null");
	else
		text_json_time(out, t->expiry_ms, true);
	text_printf(out, ",\"maxActiveTransactionCount\":%lld,\"activeTransactionCount\":%lld",
		    (long long)t->max_active, (long long)t->active);
	text_puts(out, ",\"note\":");
	text_json(out, t->note);
	text_puts(out, "}");
}

/* -- GET ------------------------------------- */

struct tag_query {
	const char *id_tag, *parent, *note, *user_filter;
	int64_t pk, user;
	enum steve_choice expired, in_transaction, blocked;
};

static bool query_int(struct standin_request *req, const char *name, int64_t *ret)
{
	const char *v = steve_query(req, name);

	return !v || steve_parse_int(v, ret);
}

static bool read_query(struct standin_request *req, struct tag_query *q)
{
	*q = (struct tag_query){
		.id_tag = steve_query(req, "idTag"),
		.parent = steve_query(req, "parentIdTag"),
		.note = steve_query(req, "note"),
		.user_filter = steve_query(req, "userFilter"),
		.expired = steve_choice(req, "expired"),
		.in_transaction = steve_choice(req, "inTransaction"),
		.blocked = steve_choice(req, "blocked"),
	};
	if (!q->user_filter)
		q->user_filter = "All";
	return query_int(req, "ocppTagPk", &q->pk) && query_int(req, "userId", &q->user) &&
	       q->expired != STEVE_BAD && q->in_transaction != STEVE_BAD &&
	       q->blocked != STEVE_BAD &&
	       (strcmp(q->user_filter, "All") == 0 ||
		strcmp(q->user_filter, "OnlyTagsWithUser") == 0 ||
		strcmp(q->user_filter, "OnlyTagsWithoutUser") == 0);
}

static bool chosen(enum steve_choice choice, bool is)
{
	return choice == STEVE_ALL || (choice == STEVE_TRUE) == is;
}

static bool fits(const struct steve_tag *t, const struct tag_query *q, int64_t now)
{
	bool expired = t->expiry_ms != STEVE_NO_TIME && t->expiry_ms <= now;

	if ((q->pk && q->pk != t->pk) || (q->id_tag && !same_id(q->id_tag, t->id_tag)) ||
	    (q->parent && !same_id(q->parent, t->parent_id)) ||
	    (q->user && !(t->has_user && t->user_pk == q->user)))
		return false;
	if (q->note && !(t->note && strcasestr(t->note, q->note)))
		return false;
	if (strcmp(q->user_filter, "All") != 0 &&
	    t->has_user != (strcmp(q->user_filter, "OnlyTagsWithUser") == 0))
		return false;
	return chosen(q->expired, expired) && chosen(q->in_transaction, t->active > 0) &&
	       chosen(q->blocked, t->max_active == 0);
}

void steve_tag_list(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct steve *st = state;
	struct tag_query q;
	int64_t now = standin_now_ms();

	if (!read_query(req, &q)) {
		steve_bad_request(req, reply);
		return;
	}
	text_puts(&reply->body, "[");
	if (q.id_tag) {
		const struct steve_tag *t = steve_tag_find(st, q.id_tag);

		if (t && fits(t, &q, now))
			steve_tag_emit(st, t, &reply->body);
	} else {
		for (size_t i = 0; i < st->n_tags; i++) {
			if (!fits(st->tag[i], &q, now))
				continue;
			text_comma(&reply->body);
			steve_tag_emit(st, st->tag[i], &reply->body);
		}
	}
	text_puts(&reply->body, "]");
}

/* The tag of the path, or NULL with the error answered. */
static struct steve_tag *tag_of_path(struct steve *st, struct standin_request *req,
				     struct standin_reply *reply)
{
	struct steve_tag *t = NULL;
	int64_t pk;

	if (!steve_path_pk(req, &pk, reply))
		return NULL;
	t = steve_tag_find_pk(st, pk);
	if (!t)
		steve_error(req, 404, "Could not find this ocppTag", reply);
	return t;
}

void steve_tag_get(void *state, struct standin_request *req, struct standin_reply *reply)
{
	const struct steve_tag *t = tag_of_path(state, req, reply);

	if (t)
		steve_tag_emit(state, t, &reply->body);
}

/* -- POST and PUT ------------------------------------- */

/* What a form says, or would say by its defaults. Borrows from the body. */
struct tag_form {
	const char *id_tag, *parent, *note;
	int64_t expiry_ms, max_active;
};

static bool good_id(const char *s)
{
	size_t len = s ? strlen(s) : 0;

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr(".:_#-", s[i]))
			return false;
	}
	return len >= 1 && len <= 20;
}

/* A text, or any scalar as one; false if it cannot be one. */
static bool form_text(struct json_object *in, const char *key, const char **ret)
{
	struct json_object *v = json_member(in, key);

	*ret = v ? json_object_get_string(v) : NULL;
	return !json_object_is_type(v, json_type_object) &&
	       !json_object_is_type(v, json_type_array);
}

static bool form_count(struct json_object *in, int64_t *ret)
{
	struct json_object *v = json_member(in, "maxActiveTransactionCount");

	*ret = 1;
	if (!v)
		return true;
	if (json_object_is_type(v, json_type_string))
		return steve_parse_int(json_object_get_string(v), ret);
	*ret = json_object_get_int64(v);
	return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
}

static bool form_expiry(const struct steve *st, struct json_object *in, int64_t *ret_ms)
{
	const char *text;

	*ret_ms = STEVE_NO_TIME;
	if (!form_text(in, "expiryDate", &text))
		return false;
	return !text || (!steve_odd_zone(st, text) &&
			 standin_parse_time(text, st->version >= 308, false, ret_ms));
}

/*
 * Reads the form: what cannot be read at all is a 500, what can but is not allowed a 400.
 * False with the error answered.
 */
static bool read_form(const struct steve *st, struct standin_request *req, struct tag_form *f,
		      struct standin_reply *reply)
{
	struct json_object *in = req->json;

	if (!json_object_is_type(in, json_type_object) || !form_text(in, "idTag", &f->id_tag) ||
	    !form_text(in, "parentIdTag", &f->parent) || !form_text(in, "note", &f->note) ||
	    !form_count(in, &f->max_active) || !form_expiry(st, in, &f->expiry_ms)) {
		steve_error(req, 500, "JSON parse error", reply);
		return false;
	}
	if (!good_id(f->id_tag) ||
	    (f->expiry_ms != STEVE_NO_TIME && f->expiry_ms <= standin_now_ms())) {
		steve_bad_request(req, reply);
		return false;
	}
	return true;
}

/* Everything but the idTag is replaced, with what was omitted too. */
static void apply_form(struct steve_tag *t, const struct tag_form *f)
{
	set_text(&t->parent_id, f->parent);
	set_text(&t->note, f->note);
	t->expiry_ms = f->expiry_ms;
	t->max_active = f->max_active;
}

void steve_tag_post(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct steve *st = state;
	struct tag_form f;

	if (!read_form(st, req, &f, reply))
		return;
	/* An unknown parent breaks a constraint as well, and is reported as the same. */
	if (steve_tag_find(st, f.id_tag) || (f.parent && !steve_tag_find(st, f.parent))) {
		struct text message = {0};

		text_printf(&message, "The idTag '%s' exists already.", f.id_tag);
		steve_error(req, 422, message.data, reply);
		text_release(&message);
		return;
	}
	struct steve_tag *t = tag_add(st, st->next_tag, f.id_tag);

	apply_form(t, &f);
	steve_tag_emit(st, t, &reply->body);
	reply->status = 201;
	reply->written = 1;
}

void steve_tag_put(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct steve *st = state;
	struct tag_form f;
	struct steve_tag *t;
	int64_t pk;

	if (!steve_path_pk(req, &pk, reply) || !read_form(st, req, &f, reply))
		return;
	t = tag_of_path(st, req, reply);
	if (!t)
		return;
	if (f.parent && !steve_tag_find(st, f.parent)) {
		steve_error(req, 500, "Execution of updateOcppTag FAILED.", reply);
		return;
	}
	apply_form(t, &f);
	steve_tag_emit(st, t, &reply->body);
	reply->written = 1;
}

static bool is_parent(const struct steve *st, const struct steve_tag *t)
{
	for (size_t i = 0; i < st->n_tags; i++) {
		if (same_id(st->tag[i]->parent_id, t->id_tag))
			return true;
	}
	return false;
}

void steve_tag_delete(void *state, struct standin_request *req, struct standin_reply *reply)
{
	struct steve *st = state;
	struct steve_tag *t = tag_of_path(st, req, reply);

	if (!t)
		return;
	if (is_parent(st, t)) {
		steve_error(req, 500, "Execution of deleteOcppTag FAILED.", reply);
		return;
	}
	steve_tag_emit(st, t, &reply->body);
	steve_transactions_delete_of(st, t);
	tag_remove(st, t);
	reply->written = 1;
}

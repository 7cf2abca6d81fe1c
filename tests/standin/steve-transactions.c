/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transactions of the SteVe stand-in: filtered by the time they started, never paged,
 * newest key first.
 */
#include "steve-standin.h"

#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

void steve_transaction_free(struct steve_transaction *t)
{
	free(t->start_value);
	free(t->stop_value);
	free(t->stop_reason);
	free(t->values);
	free(t);
}

static bool is_open(const struct steve_transaction *t)
{
	return t->stop_ms == STEVE_NO_TIME;
}

/* -- storing ------------------------------------- */

static int by_pk(const void *a, const void *b)
{
	const struct steve_transaction *x = *(struct steve_transaction *const *)a;
	const struct steve_transaction *y = *(struct steve_transaction *const *)b;

	return x->pk < y->pk ? -1 : x->pk > y->pk;
}

void steve_order(struct steve *st)
{
	if (st->unordered && st->n_transactions)
		qsort(st->transaction, st->n_transactions, sizeof(*st->transaction), by_pk);
	st->unordered = false;
}

static size_t place(struct steve *st, int64_t pk)
{
	size_t low = 0, high = st->n_transactions;

	steve_order(st);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (st->transaction[mid]->pk < pk)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct steve_transaction *steve_transaction_find(struct steve *st, int64_t pk)
{
	size_t at = place(st, pk);

	return at < st->n_transactions && st->transaction[at]->pk == pk ? st->transaction[at] :
									  NULL;
}

static struct steve_box *box_ensure(struct steve *st, const char *id)
{
	void *found = NULL;

	if (lh_table_lookup_ex(st->by_box_id, id, &found))
		return found;
	struct steve_box *box = standin_alloc(sizeof(*box));

	box->pk = (int64_t)st->n_boxes + 1;
	box->id = standin_strdup(id);
	st->box = standin_grow(st->box, &st->boxes_cap, st->n_boxes + 1, sizeof(box));
	st->box[st->n_boxes++] = box;
	lh_table_insert(st->by_box_id, box->id, box);
	return box;
}

static struct steve_transaction *add(struct steve *st, int64_t pk, struct steve_tag *tag,
				     struct steve_box *box)
{
	struct steve_transaction *t = standin_alloc(sizeof(*t));

	*t = (struct steve_transaction){
		.pk = pk ? pk : st->next_transaction,
		.tag = tag,
		.box = box,
		.connector = 1,
		.start_ms = standin_now_ms(),
		.stop_ms = STEVE_NO_TIME,
	};
	if (t->pk < st->next_transaction)
		st->unordered = true;
	else
		st->next_transaction = t->pk + 1;
	st->transaction = standin_grow(st->transaction, &st->transactions_cap,
				       st->n_transactions + 1, sizeof(t));
	st->transaction[st->n_transactions++] = t;
	tag->active++;
	return t;
}

static void set_stop(struct steve_transaction *t, int64_t ms)
{
	if (is_open(t) && ms != STEVE_NO_TIME)
		t->tag->active--;
	else if (!is_open(t) && ms == STEVE_NO_TIME)
		t->tag->active++;
	t->stop_ms = ms;
}

/* A member that may be given as a number is kept as text, as the database does. */
static void edit_text(char **field, struct json_object *in, const char *key)
{
	struct json_object *v = json_member(in, key);

	if (!json_member_present(in, key))
		return;
	free(*field);
	*field = v ? standin_strdup(json_object_get_string(v)) : NULL;
}

static void edit_times(struct steve_transaction *t, struct json_object *in)
{
	const char *start = json_member_text(in, "startTimestamp");
	const char *stop = json_member_text(in, "stopTimestamp");
	int64_t ms;

	if (start && standin_parse_time(start, false, true, &ms))
		t->start_ms = ms;
	if (stop && standin_parse_time(stop, false, true, &ms))
		set_stop(t, ms);
	else if (json_member_present(in, "stopTimestamp"))
		set_stop(t, STEVE_NO_TIME);
}

struct steve_transaction *steve_transaction_edit(struct steve *st, struct json_object *in)
{
	int64_t pk = json_member_int(in, "id", 0);
	const char *id_tag = json_member_text(in, "ocppIdTag");
	const char *box = json_member_text(in, "chargeBoxId");
	const char *actor = json_member_text(in, "stopEventActor");
	struct steve_transaction *t = pk ? steve_transaction_find(st, pk) : NULL;

	if (!t) {
		if (!id_tag)
			return NULL;
		t = add(st, pk, steve_tag_ensure(st, id_tag), box_ensure(st, box ? box : "CB-001"));
		t->start_value = standin_strdup("0");
	} else if (box) {
		t->box = box_ensure(st, box);
	}
	t->connector = json_member_int(in, "connectorId", t->connector);
	edit_times(t, in);
	edit_text(&t->start_value, in, "startValue");
	edit_text(&t->stop_value, in, "stopValue");
	edit_text(&t->stop_reason, in, "stopReason");
	edit_text(&t->values, in, "values");
	if (actor)
		t->by_hand = strcmp(actor, "manual") == 0;
	return t;
}

bool steve_transaction_delete(struct steve *st, int64_t pk)
{
	struct steve_transaction *t = steve_transaction_find(st, pk);
	size_t at = place(st, pk);

	if (!t)
		return false;
	set_stop(t, 0);
	memmove(&st->transaction[at], &st->transaction[at + 1],
		(st->n_transactions - at - 1) * sizeof(t));
	st->n_transactions--;
	steve_transaction_free(t);
	return true;
}

void steve_transactions_delete_of(struct steve *st, const struct steve_tag *tag)
{
	size_t kept = 0;

	for (size_t i = 0; i < st->n_transactions; i++) {
		struct steve_transaction *t = st->transaction[i];

		if (t->tag == tag)
			steve_transaction_free(t);
		else
			st->transaction[kept++] = t;
	}
	st->n_transactions = kept;
}

static char *number_text(int64_t n)
{
	struct text out = {0};

	text_printf(&out, "%lld", (long long)n);
	return out.data;
}

/* The i-th of generated transactions: always the same. The last `open` ones do not stop. */
static void generate_one(struct steve *st, int64_t i, int64_t n, int64_t tags, int64_t start_ms,
			 int64_t step_ms, int64_t open)
{
	char id[32], box[32];

	snprintf(id, sizeof(id), "TAG%06lld", (long long)(i % tags + 1));
	snprintf(box, sizeof(box), "CB-%03lld", (long long)(i % 10 + 1));
	struct steve_transaction *t =
		add(st, 0, steve_tag_ensure(st, id), box_ensure(st, box));

	t->connector = i % 2 + 1;
	t->start_ms = start_ms + i * step_ms;
	t->start_value = number_text(1000 * i);
	if (i >= n - open)
		return;
	set_stop(t, t->start_ms + (30 + i % 90) * 60 * 1000);
	t->stop_value = number_text(1000 * i + 5000 + i * 137 % 20000);
	t->stop_reason = standin_strdup("Local");
}

void steve_transactions_generate(struct steve *st, struct json_object *how)
{
	int64_t n = json_member_count(how, "transactions");
	int64_t tags = json_member_count(how, "tags");
	int64_t step_ms = json_member_int(how, "step_seconds", 60) * 1000;
	int64_t open = json_member_count(how, "open"), start_ms = 0;
	const char *start = json_member_text(how, "start");

	if (!start || !standin_parse_time(start, false, true, &start_ms))
		standin_parse_time("2026-01-01T00:00:00Z", false, true, &start_ms);
	for (int64_t i = 1; i <= tags; i++) {
		char id[32];

		snprintf(id, sizeof(id), "TAG%06lld", (long long)i);
		steve_tag_ensure(st, id);
	}
	for (int64_t i = 0; i < n; i++)
		generate_one(st, i, n, tags > 0 ? tags : 1, start_ms, step_ms, open);
}

/* -- answering ------------------------------------- */

void steve_transaction_emit(const struct steve_transaction *t, struct text *out)
{
	text_printf(out, "{\"id\":%lld,\"connectorId\":%lld", (long long)t->pk,
		    (long long)t->connector);
	text_printf(out, ",\"chargeBoxPk\":%lld,\"ocppTagPk\":%lld", (long long)t->box->pk,
		    (long long)t->tag->pk);
	text_puts(out, ",\"chargeBoxId\":");
	text_json(out, t->box->id);
	text_puts(out, ",\"ocppIdTag\":");
	text_json(out, t->tag->id_tag);
	text_puts(out, ",\"userId\":");
	if (t->tag->has_user)
		text_printf(out, "%lld", (long long)t->tag->user_pk);
	else
		text_puts(out, "null");
	text_puts(out, ",\"startValue\":");
	text_json(out, t->start_value);
	text_puts(out, ",\"startTimestamp\":");
	text_json_time(out, t->start_ms, true);
	text_puts(out, ",\"stopValue\":");
	text_json(out, t->stop_value);
	text_puts(out, ",\"stopReason\":");
	text_json(out, t->stop_reason);
	text_puts(out, ",\"stopTimestamp\":");
	if (is_open(t)) {
		text_puts(out, "null,\"stopEventActor\":null}");
		return;
	}
	text_json_time(out, t->stop_ms, true);
	text_printf(out, ",\"stopEventActor\":\"%s\"}", t->by_hand ? "manual" : "station");
}

/* -- GET of the list ------------------------------------- */

struct wanted {
	int64_t *pk; /* sorted */
	size_t n_pks, cap;
	bool by_pk;
	const struct standin_request *req;
	int64_t connector; /* 0: any */
	int64_t user;
	enum { ANY, ACTIVE, STOPPED } type;
	int64_t from_ms, to_ms;
};

static bool is_named(const char *name, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(name, wanted, len) == 0 && (!name[len] || strcmp(name + len, "[]") == 0);
}

static int compare_pks(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* One value, which may be a list with commas where several are allowed. */
static bool read_pk_value(struct wanted *w, const char *value, bool several)
{
	char *copy = standin_strdup(value), *save = NULL;
	bool ok = true;

	for (char *s = strtok_r(copy, several ? "," : "", &save); ok && s;
	     s = strtok_r(NULL, several ? "," : "", &save)) {
		w->pk = standin_grow(w->pk, &w->cap, w->n_pks + 1, sizeof(*w->pk));
		ok = steve_parse_int(s, &w->pk[w->n_pks++]);
	}
	free(copy);
	return ok;
}

/* Several keys are understood since 3.11; before, the first one alone counts. */
static bool read_pks(struct steve *st, struct standin_request *req, struct wanted *w)
{
	bool several = st->version >= 311;

	for (size_t i = 0; i < req->n_pairs; i++) {
		if (!is_named(req->pairs[i].name, "transactionPk") || !*req->pairs[i].value)
			continue;
		if (w->by_pk && !several)
			break;
		w->by_pk = true;
		if (!read_pk_value(w, req->pairs[i].value, several))
			return false;
	}
	if (w->n_pks)
		qsort(w->pk, w->n_pks, sizeof(*w->pk), compare_pks);
	return true;
}

static bool read_type(const struct steve *st, struct standin_request *req, struct wanted *w)
{
	const char *type = steve_query(req, "type");

	if (!type || strcmp(type, "ALL") == 0)
		w->type = ANY;
	else if (strcmp(type, "ACTIVE") == 0)
		w->type = ACTIVE;
	else if (strcmp(type, "STOPPED") == 0 && st->version >= 308)
		w->type = STOPPED;
	else
		return false;
	return true;
}

static bool read_time(const struct steve *st, struct standin_request *req, const char *name,
		      int64_t *ret_ms)
{
	const char *v = steve_query(req, name);

	*ret_ms = STEVE_NO_TIME;
	return !v || (!steve_odd_zone(st, v) && standin_parse_time(v, false, false, ret_ms));
}

/* The period in terms of the start, both ends included. */
static bool read_period(const struct steve *st, struct standin_request *req, struct wanted *w)
{
	static const struct {
		const char *name;
		int days;
	} days[] = {{"TODAY", 0}, {"LAST_10", 10}, {"LAST_30", 30}, {"LAST_90", 90}};
	const char *period = steve_query(req, "periodType");
	int64_t from, to, today = standin_now_ms() / DAY_MS * DAY_MS;

	if (!read_time(st, req, "from", &from) || !read_time(st, req, "to", &to))
		return false;
	w->from_ms = INT64_MIN;
	w->to_ms = INT64_MAX;
	if (!period || strcmp(period, "ALL") == 0)
		return true;
	if (strcmp(period, "FROM_TO") == 0) {
		w->from_ms = from;
		w->to_ms = to;
		return from != STEVE_NO_TIME && to != STEVE_NO_TIME && to > from;
	}
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		if (strcmp(period, days[i].name) != 0)
			continue;
		w->from_ms = today - (int64_t)days[i].days * DAY_MS;
		w->to_ms = today + DAY_MS - 1;
		return true;
	}
	return false;
}

static bool read_int(struct standin_request *req, const char *name, int64_t *ret)
{
	const char *v = steve_query(req, name);

	return !v || steve_parse_int(v, ret);
}

static bool read_wanted(struct steve *st, struct standin_request *req, struct wanted *w)
{
	const char *csv = steve_query(req, "returnCSV");

	w->req = req;
	return !(csv && strcmp(csv, "true") == 0) && read_pks(st, req, w) &&
	       read_type(st, req, w) && read_period(st, req, w) && read_int(req, "connectorId", &w->connector) &&
	       read_int(req, "userId", &w->user);
}

/* Is the text among the values of a parameter that may be repeated, or not asked for? */
static bool among(const struct steve *st, const struct standin_request *req, const char *name,
		  const char *text)
{
	bool asked = false;

	for (size_t i = 0; i < req->n_pairs; i++) {
		if (!is_named(req->pairs[i].name, name) || !*req->pairs[i].value)
			continue;
		if (asked && st->version < 311)
			break;
		asked = true;
		if (strcasecmp(req->pairs[i].value, text) == 0)
			return true;
	}
	return !asked;
}

static bool fits(const struct steve *st, const struct steve_transaction *t,
		 const struct wanted *w)
{
	if (t->start_ms < w->from_ms || t->start_ms > w->to_ms ||
	    (w->type == ACTIVE && !is_open(t)) || (w->type == STOPPED && is_open(t)) ||
	    (w->connector && w->connector != t->connector) ||
	    (w->user && !(t->tag->has_user && t->tag->user_pk == w->user)))
		return false;
	return !w->req->n_pairs || (among(st, w->req, "chargeBoxId", t->box->id) &&
				    among(st, w->req, "ocppIdTag", t->tag->id_tag));
}

static void emit_if_fits(struct steve *st, const struct steve_transaction *t,
			 const struct wanted *w, struct text *out)
{
	if (!t || !fits(st, t, w))
		return;
	text_comma(out);
	steve_transaction_emit(t, out);
}

void steve_transaction_list(void *state, struct standin_request *req,
			    struct standin_reply *reply)
{
	struct steve *st = state;
	struct wanted w = {0};

	steve_order(st);
	if (!read_wanted(st, req, &w)) {
		steve_bad_request(req, reply);
		free(w.pk);
		return;
	}
	text_puts(&reply->body, "[");
	for (size_t i = w.by_pk ? w.n_pks : 0; i-- > 0;) {
		if (i + 1 == w.n_pks || w.pk[i] != w.pk[i + 1])
			emit_if_fits(st, steve_transaction_find(st, w.pk[i]), &w, &reply->body);
	}
	for (size_t i = w.by_pk ? 0 : st->n_transactions; i-- > 0;)
		emit_if_fits(st, st->transaction[i], &w, &reply->body);
	text_puts(&reply->body, "]");
	free(w.pk);
}

/* -- one transaction ------------------------------------- */

/* NULL with the error answered. Both routes are new in 3.12. */
static struct steve_transaction *of_path(struct steve *st, struct standin_request *req,
					 struct standin_reply *reply)
{
	struct steve_transaction *t;
	struct text message = {0};
	int64_t pk;

	if (st->version < 312) {
		steve_error(req, 404, "No static resource", reply);
		return NULL;
	}
	if (!steve_path_pk(req, &pk, reply))
		return NULL;
	t = steve_transaction_find(st, pk);
	if (!t) {
		text_printf(&message, "There is no transaction with id '%lld'", (long long)pk);
		steve_error(req, 404, message.data, reply);
		text_release(&message);
	}
	return t;
}

void steve_transaction_get(void *state, struct standin_request *req,
			   struct standin_reply *reply)
{
	const struct steve_transaction *t = of_path(state, req, reply);

	if (!t)
		return;
	text_puts(&reply->body, "{\"transaction\":");
	steve_transaction_emit(t, &reply->body);
	text_puts(&reply->body, ",\"values\":");
	text_puts(&reply->body, t->values ? t->values : "[]");
	text_puts(&reply->body, "}");
}

void steve_transaction_stop(void *state, struct standin_request *req,
			    struct standin_reply *reply)
{
	struct steve_transaction *t = of_path(state, req, reply);

	if (!t || !is_open(t))
		return;
	set_stop(t, standin_now_ms());
	t->by_hand = true;
	free(t->stop_value);
	t->stop_value = standin_strdup(t->start_value);
	reply->written = 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c - what of a written record Lago did not keep, though it answered with success. */
#include "lago/resource.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WARNINGS 20			/* of one field, by one handle */

static bool same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return rest_equal_nocase(a, a_len, b, b_len) ||
	       (rest_decimal_text(a, a_len) && rest_decimal_text(b, b_len) &&
		lago_same_decimal(a, a_len, b, b_len));
}

static bool contains_members(rest_node *there, rest_node *sent)
{
	void *iter = NULL;
	const char *name;
	rest_node *value;

	while (rest_next(sent, &iter, &name, &value))
		if (!lago_contains(rest_member(there, name), value))
			return false;
	return true;
}

bool lago_contains(rest_node *there, rest_node *sent)
{
	enum rest_kind kind = rest_kind(sent);
	struct ferry_value a, b;

	switch (kind) {
	case REST_NULL:
		return !there;
	case REST_OBJECT:
		return rest_kind(there) == REST_OBJECT && contains_members(there, sent);
	case REST_ARRAY:
		if (rest_kind(there) != REST_ARRAY || rest_count(there) != rest_count(sent))
			return false;
		for (size_t i = 0; i < rest_count(sent); i++)
			if (!lago_contains(rest_at(there, i), rest_at(sent, i)))
				return false;
		return true;
	default:
		return rest_value(sent, FERRY_TEXT, NULL, &a) && there &&
		       rest_value(there, FERRY_TEXT, NULL, &b) && same_text(a.s, a.len, b.s, b.len);
	}
}

static bool alike_json(const struct ferry_value *sent, const struct ferry_value *there)
{
	rest_node *a = NULL, *b = NULL;
	bool alike = rest_try_parse(sent->s, sent->len, &a) &&
		     rest_try_parse(there->s, there->len, &b) && lago_contains(b, a);

	rest_free(a);
	rest_free(b);
	return alike;
}

/* Nothing, in any of its forms. */
static bool empty(const struct ferry_value *v)
{
	return v->type == FERRY_NULL || (v->type == FERRY_TEXT && !v->len) ||
	       (v->type == FERRY_BOOL && !v->i) ||
	       (v->type == FERRY_JSON && v->len == 2 &&
		(!memcmp(v->s, "[]", 2) || !memcmp(v->s, "{}", 2)));
}

bool lago_alike(const struct ferry_value *sent, const struct ferry_value *there)
{
	if (empty(sent) || empty(there))
		return empty(sent) && empty(there);
	if (sent->type != there->type)
		return false;
	switch ((enum ferry_type)sent->type) {
	case FERRY_JSON:
		return alike_json(sent, there);
	case FERRY_DECIMAL:
		return lago_same_decimal(sent->s, sent->len, there->s, there->len);
	case FERRY_TEXT:
		return rest_equal_nocase(sent->s, sent->len, there->s, there->len);
	case FERRY_TIME:
		/* most times come back in whole seconds */
		return sent->i / 1000000 == there->i / 1000000;
	default:
		return sent->i == there->i;
	}
}

/* ------------------------------------------------------------------ warnings */

void lago_warn(struct ferry_outcome *outcome, const char *fmt, ...)
{
	struct rest_buf b = {0};
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rest_addf(&b, "%s%s%s", outcome->message, *outcome->message ? "; " : "", text);
	rest_fit(outcome->message, sizeof outcome->message, b.s, b.len);
	rest_buf_release(&b);
}

void lago_ignored(struct lago *h, size_t i, struct ferry_outcome *outcome)
{
	const char *name = h->layout->names[i];

	if (++h->warned[i] > WARNINGS)
		return;
	lago_warn(outcome, "Lago accepted %s %s but did not keep '%s' as it was sent%s",
		  strchr("aeiou", *h->res->one) ? "an" : "a", h->res->one, name,
		  h->warned[i] == WARNINGS ? " (further cases are not reported)" : "");
}

/* Compare the plain fields with h->answer, where lago_pick has put them. */
static void compare_flat(struct lago *h, const struct ferry_action *action,
			 struct ferry_outcome *outcome)
{
	for (size_t i = 0; i < h->tree.n; i++) {
		const struct ferry_value *v = &action->fields[i];
		struct ferry_value there;
		if (!h->answer[i].s || (v->type == FERRY_NULL && action->decision == FERRY_CREATE))
			continue;
		enum ferry_type type = h->layout->fields[i] ? h->layout->fields[i]->type : v->type;
		if (type == FERRY_JSON)
			continue;
		if (!rest_piece_value(&h->answer[i], type, &h->room, &there) ||
		    !lago_alike(v, &there))
			lago_ignored(h, i, outcome);
	}
}

/* Whether the record tells what the field is. */
static bool told(const struct lago *h, size_t i, rest_node *record)
{
	const char *name = h->layout->names[i], *at = h->res->member ? h->res->member(name) : name;
	bool there = false;

	if (at)
		rest_path(record, at, &there);
	return there;
}

int lago_compare(struct lago *h, const char *what, rest_node *record,
		 const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct ferry_error *err)
{
	for (size_t i = 0; i < h->layout->n; i++) {
		const struct ferry_value *v = &action->fields[i];
		struct ferry_value there;
		if ((v->type == FERRY_NULL && action->decision == FERRY_CREATE) ||
		    !told(h, i, record))
			continue;
		if (lago_field(h, what, i, record, &there, err))
			return -1;
		if (!lago_alike(v, &there))
			lago_ignored(h, i, outcome);
	}
	return 0;
}

/* ------------------------------------------------------------------- answers */

static int written_flat(struct lago *h, const char *what, const struct ferry_http_response *res,
			const struct ferry_action *action, struct ferry_outcome *outcome,
			struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];

	if (lago_pick(&h->api, what, res, h->res->one, &h->tree, h->answer, err))
		return -1;
	if (!rest_piece_is(&h->answer[h->id_field], id->s, id->len))
		return lago_is_other(h, what, err);
	compare_flat(h, action, outcome);
	return 0;
}

static int written_deep(struct lago *h, const char *what, const struct ferry_http_response *res,
			const struct ferry_action *action, struct ferry_outcome *outcome,
			struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	rest_node *root, *record;

	rest_pool_reset(&h->pool);
	if (lago_unwrap(&h->api, what, res, h->res->one, REST_OBJECT, &root, &record, err))
		return -1;
	int rc = lago_is(h, what, record, id->s, id->len, err);
	if (!rc)
		rc = lago_compare(h, what, record, action, outcome, err);
	rest_free(root);
	return rc;
}

int lago_written(struct lago *h, const char *what, const struct ferry_http_response *res,
		 const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];

	if ((h->deep ? written_deep : written_flat)(h, what, res, action, outcome, err))
		return -1;
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id->s, id->len);
	return 0;
}

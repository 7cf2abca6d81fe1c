/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wallets-write.c - finding a wallet, making it, changing it, ending it.
 *
 * A change reads the wallet first: what it applies to is emptied unless it is sent again, and rate
 * and currency, which cannot be changed, are ignored without a word. Initial credits are given by the
 * request that makes the wallet and by no other, so none may make it twice: the code sees to that.
 */
#include "lago/explain.h"
#include "lago/wallets-find.h"
#include "lago/wallets.h"

#include <string.h>

static const struct lago_word words[] = {
	{"wallet_limit_reached", "external_customer_id",
	 "the customer has as many active wallets as Lago allows (6): terminate one of them first"},
	{"customer_not_found", "external_customer_id",
	 "Lago has no such customer: a wallet does not make one, load customers first"},
	{"billable_metrics_not_found", "applies_to.billable_metric_codes",
	 "it is to apply to a metric that Lago does not have: load metrics first"},
	{"wallet_is_terminated", "status",
	 "the wallet is terminated, which cannot be undone in Lago; its code is free for another"},
	{0},
};

/* ------------------------------------------------------------------ finding */

int wallet_find(struct lago *h, const struct ferry_action *action, rest_node **root,
		rest_node **ret, struct ferry_error *err)
{
	const struct wallets *own = h->own;
	const struct ferry_value *record = action->fields ? action->fields : action->before;

	*root = *ret = NULL;
	if (action->dest_id && *action->dest_id)
		return lago_fetch(h, action->dest_id, strlen(action->dest_id), root, ret, err);
	if (!record || record[own->customer].type != FERRY_TEXT ||
	    record[own->code].type != FERRY_TEXT)
		return 0;
	return wallet_by_codes(h, &record[own->customer], &record[own->code], root, ret, err);
}

/* ------------------------------------------------------------------- bodies */

static void begin_body(struct rest_buf *b)
{
	rest_buf_reset(b);
	rest_adds(b, "{\"wallet\":{");
}

/* One more member, with a comma where it is not the first. */
static void add_member(struct rest_buf *b, const char *name, rest_node *value)
{
	size_t len;
	const char *s = rest_dump(value, &len);

	rest_addf(b, "%s\"%s\":", b->s[b->len - 1] == '{' ? "" : ",", name);
	rest_add(b, s, len);
}

static bool is_mapped(const struct lago *h, const char *key)
{
	for (size_t i = 0; i < h->layout->n; i++)
		if (!strncmp(h->layout->names[i], WALLET_METADATA, strlen(WALLET_METADATA)) &&
		    !strcmp(h->layout->names[i] + strlen(WALLET_METADATA), key))
			return true;
	return false;
}

/*
 * The entries that are there, as the mapped ones make them. Whether Lago replaces the object or
 * merges into it, all that shall stay is in it, and what shall go is null.
 */
static void add_metadata(const struct lago *h, const struct ferry_value *fields, rest_node *there,
			 struct rest_buf *b)
{
	rest_node *object = rest_object(), *value;
	void *iter = NULL;
	const char *key;

	while (rest_next(there, &iter, &key, &value))
		if (!is_mapped(h, key))
			rest_put(object, key, rest_share(value));
	for (size_t i = 0; i < h->layout->n; i++) {
		const struct ferry_value *v = &fields[i];
		key = h->layout->names[i] + strlen(WALLET_METADATA);
		if (strncmp(h->layout->names[i], WALLET_METADATA, strlen(WALLET_METADATA)) != 0)
			continue;
		if (v->type != FERRY_NULL)
			rest_put(object, key, rest_string(v->s, v->len));
		else if (rest_has(there, key))
			rest_put(object, key, NULL);
	}
	add_member(b, "metadata", object);
	rest_free(object);
}

/* What it applies to: as mapped, and where it is not mapped as it is. */
static void add_targets(const struct lago *h, const struct ferry_value *fields, rest_node *wallet,
			struct rest_buf *b)
{
	static const char *const names[] = {"fee_types", "billable_metric_codes"};
	rest_node *targets = rest_object(), *there = rest_member(wallet, "applies_to");

	for (size_t i = 0; i < 2; i++) {
		rest_node *list = rest_member(there, names[i]);
		rest_put(targets, names[i], list ? rest_share(list) : rest_array());
	}
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *field = h->layout->names[i];
		if (!strncmp(field, WALLET_TARGETS, strlen(WALLET_TARGETS)))
			rest_put_value(targets, field + strlen(WALLET_TARGETS), &fields[i]);
	}
	add_member(b, "applies_to", targets);
	rest_free(targets);
}

/* -------------------------------------------------------------------- answers */

/* The wallet of an answer, compared with what was sent. DONE. */
static int accept(struct lago *h, const char *what, const struct ferry_http_response *res,
		  const struct ferry_action *action, struct ferry_outcome *outcome,
		  struct ferry_error *err)
{
	const struct wallets *own = h->own;
	const struct ferry_value *customer = &action->fields[own->customer];
	rest_node *root, *wallet;
	size_t len;

	rest_pool_reset(&h->pool);
	if (lago_unwrap(&h->api, what, res, "wallet", REST_OBJECT, &root, &wallet, err))
		return -1;
	const char *id = rest_text(rest_member(wallet, "lago_id"), &len);
	int rc = !id ? lago_misses(&h->api, what, "lago_id", REST_STRING, err)
		 : wallet_text_is(rest_member(wallet, "external_customer_id"), customer->s,
				  customer->len)
		 ? 0 : lago_is_other(h, what, err);
	if (!rc) {
		outcome->ack = FERRY_ACK_DONE;
		rest_dest_id(outcome, id, len);
		rc = lago_compare(h, what, wallet, action, outcome, err);
	}
	rest_free(root);
	return rc;
}

/* -------------------------------------------------------------------- change */

static bool same_text(const struct ferry_value *a, const struct ferry_value *b)
{
	return b->type == FERRY_TEXT && a->len == b->len && !memcmp(a->s, b->s, a->len);
}

/* What cannot be changed: with another rate it is another wallet. True: refused, or failed. */
static bool refuse_other(struct lago *h, const char *what, rest_node *wallet,
			 const struct ferry_action *action, struct ferry_outcome *outcome,
			 struct ferry_error *err)
{
	static const char *const fixed[] = {"external_customer_id", "rate_amount", "currency"};
	const struct wallets *own = h->own;

	for (size_t k = 0; k < sizeof fixed / sizeof *fixed; k++) {
		int i = rest_field(h->layout, fixed[k]);
		struct ferry_value there;
		if (i < 0)
			continue;
		if (lago_field(h, what, (size_t)i, wallet, &there, err))
			return true;
		if (i == own->customer ? same_text(&action->fields[i], &there)
				       : lago_alike(&action->fields[i], &there))
			continue;
		rest_reject(outcome, "not_editable", fixed[k],
			    "the wallet's %s is %.*s and cannot be changed in Lago: another one "
			    "takes a wallet with another code",
			    fixed[k], (int)there.len, there.len ? there.s : "");
		return true;
	}
	return false;
}

/* Change the wallet that was found. */
static int put_wallet(struct lago *h, rest_node *wallet, const struct ferry_action *action,
		      struct ferry_outcome *outcome, struct rest_refusal *refusal,
		      struct ferry_error *err)
{
	static const char what[] = "PUT /wallets/{lago_id}";
	const struct wallets *own = h->own;
	struct ferry_http_response res;
	size_t len;
	const char *id = rest_text(rest_member(wallet, "lago_id"), &len);

	if (!id)
		return lago_misses(&h->api, what, "lago_id", REST_STRING, err);
	if (wallet_is_terminated(wallet)) {
		rest_fit(refusal->code, sizeof refusal->code, "wallet_is_terminated", 20);
		lago_explain(words, refusal);
		rest_reject(outcome, refusal->code, refusal->field, "%s", refusal->message);
		return 0;
	}
	rest_pool_reset(&h->pool);
	if (refuse_other(h, what, wallet, action, outcome, err))
		return err->code ? -1 : 0;
	begin_body(&h->body);
	rest_add_members(&h->body, &own->editable, action->fields, REST_DECIMAL_TEXT);
	add_targets(h, action->fields, wallet, &h->body);
	if (own->has_metadata)
		add_metadata(h, action->fields, rest_member(wallet, "metadata"), &h->body);
	rest_adds(&h->body, "}}");
	lago_path(h, id, len);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "PUT", rest_str(&h->path), &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err)) {
		lago_explain(words, refusal);
		return -1;
	}
	return accept(h, what, &res, action, outcome, err);
}

static int change_wallet(struct lago *h, const struct ferry_action *action,
			 struct ferry_outcome *outcome, struct rest_refusal *refusal,
			 struct ferry_error *err)
{
	rest_node *root, *wallet;
	int rc = wallet_find(h, action, &root, &wallet, err);

	if (rc < 0)
		return -1;
	if (!rc) {
		rest_reject(outcome, "wallet_not_found", "code",
			    "Lago has no such wallet any more");
		return 0;
	}
	rc = put_wallet(h, wallet, action, outcome, refusal, err);
	rest_free(root);
	return rc;
}

/* -------------------------------------------------------------------- create */

/*
 * The code is taken: by this very request, whose first answer was lost, or by somebody else in this
 * instant. Either way the wallet is there, and a change makes it what it should be.
 */
static int adopt_wallet(struct lago *h, const struct ferry_action *action,
			struct ferry_outcome *outcome, struct rest_refusal *refusal,
			struct ferry_error *err)
{
	const struct wallets *own = h->own;
	const struct ferry_value *fields = action->fields;
	struct ferry_action change = *action;
	rest_node *root, *wallet;
	int rc = wallet_by_codes(h, &fields[own->customer], &fields[own->code], &root, &wallet,
				 err);

	if (rc < 0)
		return -1;
	if (!rc)
		return h->api.host->fail(err, FERRY_E_REJECTED,
					 "Lago calls the code taken, and has no such wallet");
	change.decision = FERRY_UPDATE;
	if (h->mode == FERRY_MODE_INSERT)
		outcome->ack = FERRY_ACK_DUPLICATE;
	else
		rc = put_wallet(h, wallet, &change, outcome, refusal, err) ? -1 : 0;
	rest_free(root);
	if (rc >= 0 && own->has_credits && outcome->ack != FERRY_ACK_REJECTED)
		lago_warn(outcome, "the wallet was there already: whoever made it has given the "
				   "initial credits, this time they were not");
	return rc < 0 ? -1 : 0;
}

static bool code_is_taken(const struct ferry_http_response *res)
{
	rest_node *root = NULL, *details = lago_details(res, &root);
	bool taken = res->status == 422 && lago_refusal_has(details, "code", "value_already_exist");

	rest_free(root);
	return taken;
}

static int make_wallet(struct lago *h, const struct ferry_action *action,
		       struct ferry_outcome *outcome, struct rest_refusal *refusal,
		       struct ferry_error *err)
{
	static const char what[] = "POST /wallets";
	const struct wallets *own = h->own;
	struct ferry_http_response res;
	struct ferry_error failed = {0};

	begin_body(&h->body);
	rest_add_members(&h->body, &h->tree, action->fields, REST_LEAVE_NULL | REST_DECIMAL_TEXT);
	if (own->has_metadata)
		add_metadata(h, action->fields, NULL, &h->body);
	rest_adds(&h->body, "}}");
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/wallets", &h->body, &res, err))
		return -1;
	if (!lago_check(&h->api, what, &res, refusal, &failed))
		return accept(h, what, &res, action, outcome, err);
	if (code_is_taken(&res)) {
		*refusal = (struct rest_refusal){.code = "value_already_exist", .field = "code"};
		outcome->ack = FERRY_ACK_UNSENT;
		return adopt_wallet(h, action, outcome, refusal, err);
	}
	lago_explain(words, refusal);
	*err = failed;
	return -1;
}

/* ----------------------------------------------------------------------- end */

/* Terminated and gone are the same to Lago. What is not there, or has ended, is done. */
static int end_wallet(struct lago *h, const struct ferry_action *action,
		      struct ferry_outcome *outcome, struct rest_refusal *refusal,
		      struct ferry_error *err)
{
	struct ferry_action end = *action;
	rest_node *root, *wallet;

	if (action->dest_id && *action->dest_id)
		return lago_delete(h, action, "", outcome, refusal, err);
	int rc = wallet_find(h, action, &root, &wallet, err);
	if (rc < 0)
		return -1;
	end.dest_id = rest_text(rest_member(wallet, "lago_id"), NULL);
	if (!rc)
		outcome->ack = FERRY_ACK_DONE;
	else if (!end.dest_id)
		rc = lago_misses(&h->api, "GET /wallets", "lago_id", REST_STRING, err);
	else
		rc = lago_delete(h, &end, "", outcome, refusal, err);
	rest_free(root);
	return rc < 0 ? -1 : 0;
}

int wallet_write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	switch (action->decision) {
	case FERRY_CREATE:
		return make_wallet(h, action, outcome, refusal, err);
	case FERRY_DELETE:
	case FERRY_DISABLE:
		return end_wallet(h, action, outcome, refusal, err);
	default:
		return change_wallet(h, action, outcome, refusal, err);
	}
}

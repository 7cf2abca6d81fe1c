/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transactions.c - lago-wallet_transactions: topping wallets up, and never twice.
 *
 * Lago cannot tell a repeated request from a new one, and what was booked can be neither changed
 * nor deleted. So each transaction bears the record's key in its metadata, and before one is made
 * the wallet's list is asked for that key. The list's filter is not documented: a Lago that does not
 * heed it shows that by any row without the key, and then nothing is made.
 */
#include "lago/transactions.h"

#include "lago/explain.h"
#include "lago/wallets-find.h"

#include <stdio.h>
#include <string.h>

static const struct lago_word words[] = {
	{"wallet_not_found", "wallet_id", "Lago has no such wallet: make it first"},
	{"wallet_is_terminated", "wallet_id", "the wallet is terminated and takes no more credits"},
	{"insufficient_credits", "voided_credits", "the wallet does not have so many credits left"},
	{0},
};

struct transactions {			/* h->own */
	int key, wallet, customer, code; /* where these stand in the layout; -1: not mapped */
};

static bool is_metadata(const char *field)
{
	return !strncmp(field, TRANSACTION_METADATA, strlen(TRANSACTION_METADATA));
}

/* A member of the body as it is. */
static bool plain(const char *field)
{
	return !is_metadata(field) && strcmp(field, TRANSACTION_KEY) != 0 &&
	       strcmp(field, "external_customer_id") != 0 && strcmp(field, "wallet_code") != 0 &&
	       strcmp(field, "wallet_id") != 0;
}

/* -------------------------------------------------------------- check, open */

/* What is wrong with the metadata that is mapped; false: nothing. */
static bool find_metadata_mistake(const struct ferry_layout *layout, const char **field,
				  char why[160])
{
	size_t entries = 1;

	for (size_t i = 0; i < layout->n; i++) {
		const char *key = layout->names[i] + strlen(TRANSACTION_METADATA);
		if (!is_metadata(layout->names[i]))
			continue;
		*field = layout->names[i];
		if (!strcmp(key, TRANSACTION_MARK))
			snprintf(why, 160, "is where '" TRANSACTION_KEY "' goes");
		else if (strlen(key) > 20)
			snprintf(why, 160, "has more than the 20 characters that Lago allows");
		else if (++entries > TRANSACTION_METADATA_MAX)
			snprintf(why, 160, "is one more than Lago allows, '" TRANSACTION_MARK
					   "' included");
		else
			continue;
		return true;
	}
	return false;
}

/* What cannot work: a field's name, or NULL for the mapping as a whole, and why; false: nothing. */
static bool find_mistake(const struct ferry_layout *layout, const char **field, char why[160])
{
	bool by_id = rest_field(layout, "wallet_id") >= 0;
	bool by_customer = rest_field(layout, "external_customer_id") >= 0;
	bool by_code = rest_field(layout, "wallet_code") >= 0, credits = false;

	*field = NULL;
	for (size_t i = 0; i < layout->n; i++)
		credits = credits || transaction_is_credits(layout->names[i]);
	if (by_customer != by_code || by_id == by_customer)
		snprintf(why, 160, "the wallet is named either by 'wallet_id' or by "
				   "'external_customer_id' and 'wallet_code'");
	else if (!credits)
		snprintf(why, 160, "one of 'paid_credits', 'granted_credits' and 'voided_credits' "
				   "must be mapped");
	else
		return find_metadata_mistake(layout, field, why);
	return true;
}

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *field;
	char why[160];

	if (find_mistake(open->layout, &field, why))
		check->mistake(check, field, "%s%s%s", field ? field : "", field ? " " : "", why);
}

static int begin(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct transactions *own = h->own;
	const char *field;
	char why[160];

	(void)open;
	if (find_mistake(h->layout, &field, why))
		return h->api.host->fail(err, FERRY_E_CONFIG, "%s%s%s", field ? field : "",
					 field ? " " : "", why);
	own->key = rest_field(h->layout, TRANSACTION_KEY);
	own->wallet = rest_field(h->layout, "wallet_id");
	own->customer = rest_field(h->layout, "external_customer_id");
	own->code = rest_field(h->layout, "wallet_code");
	return own->key >= 0 ? 0 : h->api.host->fail(err, FERRY_E_CONFIG,
						     "'" TRANSACTION_KEY "' must be mapped");
}

/* ------------------------------------------------------------------ looking */

/* The lago_id of the record's wallet, in h->room: 1, 0: there is none, -1. */
static int wallet_id(struct lago *h, const struct ferry_value *fields, struct ferry_error *err)
{
	const struct transactions *own = h->own;
	rest_node *root, *wallet;
	size_t len;

	rest_buf_reset(&h->room);
	if (own->wallet >= 0) {
		rest_add(&h->room, fields[own->wallet].s, fields[own->wallet].len);
		return 1;
	}
	int rc = wallet_by_codes(h, &fields[own->customer], &fields[own->code], &root, &wallet,
				 err);
	if (rc <= 0)
		return rc;
	const char *id = rest_text(rest_member(wallet, "lago_id"), &len);
	if (id)
		rest_add(&h->room, id, len);
	else
		rc = lago_misses(&h->api, "GET /customers/{external_id}/wallets/{code}", "lago_id",
				 REST_STRING, err);
	rest_free(root);
	return rc;
}

static bool bears(rest_node *transaction, const struct ferry_value *key)
{
	rest_node *list = rest_member(transaction, "metadata");

	for (size_t i = 0; i < rest_count(list); i++) {
		rest_node *entry = rest_at(list, i);
		if (wallet_text_is(rest_member(entry, "key"), TRANSACTION_MARK,
				   strlen(TRANSACTION_MARK)) &&
		    wallet_text_is(rest_member(entry, "value"), key->s, key->len))
			return true;
	}
	return false;
}

/* The first of a list that bears the key; NULL: none does. */
static rest_node *pick(rest_node *list, const struct ferry_value *key)
{
	for (size_t i = 0; i < rest_count(list); i++)
		if (bears(rest_at(list, i), key))
			return rest_at(list, i);
	return NULL;
}

/* Those with that key in the wallet in h->room: 1 and their tree, 0: there is no such wallet, -1. */
static int get_list(struct lago *h, const struct ferry_value *key, rest_node **root,
		    rest_node **list, struct ferry_error *err)
{
	static const char what[] = "GET /wallets/{lago_id}/wallet_transactions";
	struct ferry_error failed = {0};
	struct ferry_http_response res;

	lago_path(h, rest_str(&h->room), h->room.len);
	rest_adds(&h->path, "/wallet_transactions?page=1&per_page=10&metadata%5B" TRANSACTION_MARK
			    "%5D=");
	rest_add_encoded(&h->path, key->s, key->len);
	if (rest_get(&h->api, rest_str(&h->path), &res, err))
		return -1;
	if (!lago_check(&h->api, what, &res, NULL, &failed))
		return lago_unwrap(&h->api, what, &res, "wallet_transactions", REST_ARRAY, root,
				   list, err) ? -1 : 1;
	if (failed.code == FERRY_E_NOT_FOUND)
		return 0;
	*err = failed;
	return -1;
}

/* The one with that key in the wallet in h->room: 1 and its lago_id, 0: there is none, -1. */
static int seek(struct lago *h, const struct ferry_value *key, struct ferry_outcome *found,
		struct ferry_error *err)
{
	rest_node *root, *list;
	int rc = get_list(h, key, &root, &list, err);

	if (rc <= 0)
		return rc;
	rest_node *one = pick(list, key);
	size_t len = 0;
	const char *id = rest_text(rest_member(one, "lago_id"), &len);
	rc = one != NULL;
	if (one) {
		rest_dest_id(found, id ? id : "", len);
	} else if (rest_count(list)) {
		rc = h->api.host->fail(err, FERRY_E_SETUP,
				       "this Lago does not find wallet transactions by their "
				       "metadata, so that nothing would tell one that is there "
				       "from a new one");
		rest_hint(err, "update Lago, or top wallets up there");
	}
	rest_free(root);
	return rc;
}

static bool is_addressed(const struct lago *h, const struct ferry_value *fields)
{
	const struct transactions *own = h->own;

	return fields && fields[own->key].type == FERRY_TEXT &&
	       (own->wallet < 0 || fields[own->wallet].type == FERRY_TEXT);
}

/* What was booked cannot be changed, so one that bears the key is as it was sent. */
static int look_up_one(struct lago *h, const struct ferry_action *action, struct ferry_found *ret,
		       struct ferry_error *err)
{
	const struct transactions *own = h->own;
	struct ferry_outcome there = {0};
	int rc = 0;

	if (is_addressed(h, action->fields))
		rc = wallet_id(h, action->fields, err);
	if (rc > 0)
		rc = seek(h, &action->fields[own->key], &there, err);
	if (rc > 0)
		*ret = (struct ferry_found){
			.presence = FERRY_FOUND,
			.dest_id = rest_pool_copy(&h->pool, there.dest_id, strlen(there.dest_id)),
		};
	return rc < 0 ? -1 : 0;
}

static int lookup(void *handle, const struct ferry_action *actions, size_t n,
		  struct ferry_found *found, struct ferry_error *err)
{
	struct lago *h = handle;

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++) {
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (h->api.host->cancelled(h->api.host))
			return h->api.host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		if (look_up_one(h, &actions[i], &found[i], err))
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------- writing */

static void put_entry(rest_node *list, const char *key, const struct ferry_value *value)
{
	rest_node *entry = rest_object();

	rest_put(entry, "key", rest_string(key, strlen(key)));
	rest_put(entry, "value", rest_string(value->s, value->len));
	rest_append(list, entry);
}

static void put_body(struct lago *h, const struct ferry_value *fields)
{
	const struct transactions *own = h->own;
	rest_node *metadata = rest_array();
	struct rest_buf *b = &h->body;
	size_t len;

	put_entry(metadata, TRANSACTION_MARK, &fields[own->key]);
	for (size_t i = 0; i < h->layout->n; i++)
		if (is_metadata(h->layout->names[i]) && fields[i].type == FERRY_TEXT)
			put_entry(metadata, h->layout->names[i] + strlen(TRANSACTION_METADATA),
				  &fields[i]);
	rest_buf_reset(b);
	rest_adds(b, "{\"wallet_transaction\":{\"wallet_id\":");
	rest_add_string(b, rest_str(&h->room), h->room.len);
	rest_adds(b, ",");
	rest_add_members(b, &h->tree, fields, REST_LEAVE_NULL | REST_DECIMAL_TEXT);
	rest_adds(b, ",\"metadata\":");	/* some credits are before it */
	const char *s = rest_dump(metadata, &len);
	rest_add(b, s, len);
	rest_adds(b, "}}");
	rest_free(metadata);
}

/* Credits of a kind that are in the answer, as they were sent? */
static void compare_credits(struct lago *h, rest_node *list, const struct ferry_value *fields,
			    struct ferry_outcome *outcome)
{
	static const struct {
		const char *field, *kind;
	} kinds[] = {{"paid_credits", "purchased"}, {"granted_credits", "granted"},
		     {"voided_credits", "voided"}};

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		int i = rest_field(h->layout, kinds[k].field);
		for (size_t n = 0; i >= 0 && n < rest_count(list); n++) {
			rest_node *one = rest_at(list, n);
			struct ferry_value there;
			if (wallet_text_is(rest_member(one, "transaction_status"), kinds[k].kind,
					   strlen(kinds[k].kind)) &&
			    rest_value(rest_member(one, "credit_amount"), FERRY_DECIMAL, NULL,
				       &there) &&
			    !lago_alike(&fields[i], &there))
				lago_ignored(h, (size_t)i, outcome);
		}
	}
}

/* One that was made must bear the key, or the next run would make a second one. */
static int accept(struct lago *h, const struct ferry_http_response *res,
		  const struct ferry_action *action, struct ferry_outcome *outcome,
		  struct ferry_error *err)
{
	static const char what[] = "POST /wallet_transactions";
	const struct transactions *own = h->own;
	rest_node *root, *list;
	size_t len = 0;

	if (lago_unwrap(&h->api, what, res, "wallet_transactions", REST_ARRAY, &root, &list, err))
		return -1;
	rest_node *one = pick(list, &action->fields[own->key]);
	const char *id = rest_text(rest_member(one ? one : rest_at(list, 0), "lago_id"), &len);
	int rc = 0;
	if (!id) {
		rc = lago_misses(&h->api, what, "lago_id", REST_STRING, err);
	} else {
		outcome->ack = FERRY_ACK_DONE;
		rest_dest_id(outcome, id, len);
		compare_credits(h, list, action->fields, outcome);
	}
	if (id && !one) {
		rc = h->api.host->fail(err, FERRY_E_SETUP,
				       "Lago has booked the credits of '%.*s', but not kept the key "
				       "in their metadata: no more are sent",
				       (int)action->key_len, action->key);
		rest_hint(err, "update Lago, or top wallets up there");
	}
	rest_free(root);
	return rc;
}

static int write(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	const struct transactions *own = h->own;
	struct ferry_http_response res;
	int rc = wallet_id(h, action->fields, err);

	if (!rc) {
		rest_reject(outcome, "wallet_not_found", "wallet_code",
			    "Lago has no such active wallet: make it first");
		return 0;
	}
	if (rc > 0)
		rc = seek(h, &action->fields[own->key], outcome, err);
	if (rc)
		outcome->ack = rc > 0 ? FERRY_ACK_DUPLICATE : FERRY_ACK_UNSENT;
	if (rc)
		return rc < 0 ? -1 : 0;
	put_body(h, action->fields);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", "/wallet_transactions", &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, "POST /wallet_transactions", &res, refusal, err)) {
		lago_explain(words, refusal);
		return -1;
	}
	return accept(h, &res, action, outcome, err);
}

/* ----------------------------------------------------------------- connector */

static const struct rest_column no_columns[] = {{0}};

/* What it reads are wallets. */
const struct lago_resource lago_resource = {
	.one = "wallet",
	.many = "wallets",
	.identifier = "lago_id",
	.columns = no_columns,
	.own_size = sizeof(struct transactions),
	.begin = begin,
	.check = check,
	.plain = plain,
	.write = write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-wallet_transactions",
	.family = "lago",
	.resource = "wallet_transactions",
	.summary = "credits for wallets of Lago, each booked once",
	.version = LAGO_VERSION,
	.roles = FERRY_DESTINATION,
	.modes = FERRY_MODE_APPEND,
	.caps = FERRY_CAP_MATCH_NEW,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.connection_options = lago_connection_options,
	.fields = transaction_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.canonicalize = transactions_canonicalize,
	.lookup = lookup,
	.apply = lago_resource_apply,
};

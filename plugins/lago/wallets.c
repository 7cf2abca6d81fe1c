/* SPDX-License-Identifier: Apache-2.0 */
/* wallets.c - lago-wallets: what is particular about reading wallets, and what may be mapped. */
#include "lago/wallets.h"

#include <string.h>

static bool begins(const char *field, const char *with)
{
	return !strncmp(field, with, strlen(with));
}

static bool plain(const char *field)
{
	return !begins(field, WALLET_METADATA);
}

static bool is_one_of(const char *field, const char *const *names)
{
	while (*names && strcmp(*names, field) != 0)
		names++;
	return *names;
}

bool wallet_only_new(const char *field)
{
	static const char *const names[] = {
		"paid_credits", "granted_credits", "transaction_name", "transaction_priority",
		"transaction_metadata", "ignore_paid_top_up_limits_on_creation", NULL};
	return is_one_of(field, names);
}

/* Sent with a change as it is. */
static bool is_editable(const char *field)
{
	static const char *const fixed[] = {"external_customer_id", "rate_amount", "currency",
					    NULL};

	return plain(field) && !begins(field, WALLET_TARGETS) && !wallet_only_new(field) &&
	       !is_one_of(field, fixed);
}

/* -------------------------------------------------------------- check, open */

/* What cannot work: a field's name, or NULL for the mapping as a whole, and why; false: nothing. */
static bool find_mistake(const struct ferry_open *open, const char **field, const char **why)
{
	const struct ferry_layout *layout = open->layout;

	*field = NULL;
	*why = "to make a wallet Lago needs 'rate_amount' and 'currency': map both, or set mode: "
	       "update, which makes none";
	if (open->mode != FERRY_MODE_UPDATE &&
	    (rest_field(layout, "rate_amount") < 0 || rest_field(layout, "currency") < 0))
		return true;
	*why = "counts only when a wallet is made, and mode: update makes none";
	for (size_t i = 0; i < layout->n; i++) {
		*field = layout->names[i];
		if (open->mode == FERRY_MODE_UPDATE && wallet_only_new(*field))
			return true;
	}
	return false;
}

static void check(const struct ferry_open *open, struct ferry_check *check)
{
	const char *field, *why;

	if (find_mistake(open, &field, &why))
		check->mistake(check, field, "%s%s%s", field ? field : "", field ? " " : "", why);
}

static int begin(struct lago *h, const struct ferry_open *open, struct ferry_error *err)
{
	struct wallets *own = h->own;
	const char *field, *why;

	if (!h->layout)
		return 0;
	if (find_mistake(open, &field, &why))
		return h->api.host->fail(err, FERRY_E_CONFIG, "%s%s%s", field ? field : "",
					 field ? " " : "", why);
	own->customer = rest_field(h->layout, "external_customer_id");
	own->code = rest_field(h->layout, "code");
	if (own->customer < 0 || own->code < 0)
		return h->api.host->fail(err, FERRY_E_CONFIG,
					 "'external_customer_id' and 'code' must be mapped");
	for (size_t i = 0; i < h->layout->n; i++) {
		const char *name = h->layout->names[i];
		if (is_editable(name))
			rest_tree_add(&own->editable, name, i);
		own->has_metadata = own->has_metadata || begins(name, WALLET_METADATA);
		own->has_credits = own->has_credits || !strcmp(name, "paid_credits") ||
				   !strcmp(name, "granted_credits");
	}
	return 0;
}

static void release(struct lago *h)
{
	struct wallets *own = h->own;
	rest_tree_release(&own->editable);
}

/* ------------------------------------------------------------------- lookup */

static const char *member(const char *field)
{
	return begins(field, WALLET_METADATA) ? "metadata" : field;
}

/* In the form that canonicalize gives; what counts only for a new wallet is nowhere to be read. */
static bool read(struct lago *h, rest_node *wallet, size_t i, struct ferry_value *ret, bool *good)
{
	const char *name = h->layout->names[i];

	if (begins(name, WALLET_METADATA)) {
		rest_node *metadata = rest_member(wallet, "metadata");
		const char *key = name + strlen(WALLET_METADATA);
		*good = rest_value(rest_member(metadata, key), FERRY_TEXT, &h->pool, ret);
	} else if (begins(name, WALLET_TARGETS)) {
		rest_node *list = rest_path(wallet, name, NULL);
		size_t len;
		const char *s = list ? rest_dump(list, &len) : NULL;
		list = s ? rest_sorted_strings(s, len) : rest_array();
		*good = list && rest_value(list, FERRY_JSON, &h->pool, ret);
		rest_free(list);
	} else if (wallet_only_new(name)) {
		*ret = (struct ferry_value){.type = FERRY_NULL};
	} else {
		return false;
	}
	return true;
}

/* A terminated one is no counterpart: its code is free. */
static bool listed(struct lago *h, rest_node *wallet)
{
	const char *status = rest_text(rest_member(wallet, "status"), NULL);

	(void)h;
	return !status || strcmp(status, "terminated") != 0;
}

static int lookup(void *handle, const struct ferry_action *actions, size_t n,
		  struct ferry_found *found, struct ferry_error *err)
{
	static const char what[] = "GET /wallets";
	struct lago *h = handle;

	rest_pool_reset(&h->pool);
	for (size_t i = 0; i < n; i++) {
		rest_node *root, *wallet;
		size_t len;
		found[i] = (struct ferry_found){.presence = FERRY_ABSENT, .dest_id = ""};
		if (h->api.host->cancelled(h->api.host))
			return h->api.host->fail(err, FERRY_E_CANCELLED, "the run is ending");
		int rc = wallet_find(h, &actions[i], &root, &wallet, err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		const char *id = rest_text(rest_member(wallet, "lago_id"), &len);
		rc = id ? lago_found(h, what, wallet, id, len, &found[i], err)
			: lago_misses(&h->api, what, "lago_id", REST_STRING, err);
		rest_free(root);
		if (rc)
			return -1;
	}
	return 0;
}

/* -------------------------------------------------------------------- source */

static const struct ferry_option source_options[] = {
	{.name = "external_customer_id",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of this customer"},
	{.name = "currency",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those in this currency"},
	{.name = "billing_entity_codes",
	 .type = FERRY_OPT_TEXT,
	 .help = "only those of these billing entities, with commas between"},
	LAGO_SOURCE_OPTIONS,
	{0},
};

static const struct lago_filter filters[] = {
	{"external_customer_id", "external_customer_id", LAGO_FILTER_TEXT, NULL},
	{"currency", "currency", LAGO_FILTER_TEXT, NULL},
	{"billing_entity_codes", "billing_entity_codes[]", LAGO_FILTER_LIST, NULL},
	{0},
};

const struct lago_resource lago_resource = {
	.one = "wallet",
	.many = "wallets",
	.identifier = "lago_id",
	.columns = wallet_columns,
	.filters = filters,
	.own_size = sizeof(struct wallets),
	.begin = begin,
	.release = release,
	.check = check,
	.plain = plain,
	.read = read,
	.member = member,
	.listed = listed,
	.write = wallet_write,
};

FERRY_EXPORT const struct ferry_connector ferry_connector = {
	.abi = FERRY_ABI(struct ferry_connector),
	.name = "lago-wallets",
	.family = "lago",
	.resource = "wallets",
	.summary = "wallets of Lago, read whole, and made and changed by their codes",
	.version = LAGO_VERSION,
	.roles = FERRY_SOURCE | FERRY_DESTINATION,
	.modes = FERRY_MODE_UPSERT | FERRY_MODE_INSERT | FERRY_MODE_UPDATE | FERRY_MODE_MIRROR,
	.caps = FERRY_CAP_IDEMPOTENT | FERRY_CAP_MATCH_NEW | FERRY_CAP_DISABLE | FERRY_CAP_DELETE,
	.batch = LAGO_BATCH,
	.lookup_batch = 1,
	.list_page = LAGO_PAGE,
	.connection_options = lago_connection_options,
	.source_options = source_options,
	.fields = wallet_fields,
	.check = lago_resource_check,
	.test = lago_test,
	.open = lago_resource_open,
	.close = lago_resource_close,
	.validate_setup = lago_resource_setup,
	.extract = lago_resource_extract,
	.canonicalize = wallets_canonicalize,
	.lookup = lookup,
	.list = lago_resource_list,
	.apply = lago_resource_apply,
};

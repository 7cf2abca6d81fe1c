/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the Lago stand-in: one state, one kind of table for all resources but events,
 * and the error answers of Lago's API.
 */
#ifndef LAGO_STANDIN_H
#define LAGO_STANDIN_H

#include "standin.h"

struct lh_table;

/* -- tables: rows keep their JSON as text, so a list is a concatenation -------------- */

struct lago_row {
	char *key;     /* external_id or code; the lago_id where there is none */
	char *lago_id;
	char *owner;   /* external_customer_id, or NULL */
	char *plan;    /* plan_code of a subscription, or NULL */
	char *status;  /* or NULL */
	char *text;    /* the resource as answered in lists */
	int64_t sort;  /* lists run from high to low, and from new to old within equals */
	uint64_t seq;
	bool dead;     /* soft-deleted: in no list, found by no key */
	struct lago_row *older; /* an earlier row of the same key */
};

struct lago_table {
	const char *one;  /* the wrapper: "customer" */
	const char *many; /* the collection: "customers" */
	struct lago_row **row;
	size_t n, cap, n_dead;
	struct lh_table *by_key, *by_id;
	bool unsorted;
};

void lago_table_init(struct lago_table *t, const char *one, const char *many);
void lago_table_release(struct lago_table *t);
/* The newest live row of a key; NULL if none. */
struct lago_row *lago_table_find(const struct lago_table *t, const char *key);
struct lago_row *lago_table_find_id(const struct lago_table *t, const char *lago_id);
/* Adds a row for the resource `o` (borrowed), with its lago_id. */
struct lago_row *lago_table_add(struct lago_table *t, const char *key, struct json_object *o);
void lago_table_remove(struct lago_table *t, struct lago_row *row);
/* Sets the order of a row in lists. */
void lago_row_set_sort(struct lago_table *t, struct lago_row *row, int64_t sort);
/* Stores the resource again, owner, plan and status with it. */
void lago_row_set(struct lago_row *row, struct json_object *o);
struct json_object *lago_row_parse(const struct lago_row *row);
void lago_table_dump(struct lago_table *t, struct text *out);

/* -- state ------------------------------------- */

struct lago_events; /* lago-events.c */

struct lago {
	const char *api_key; /* NULL: any key will do */
	bool clickhouse;
	int64_t rate_limit; /* requests a second; 0: none, and no headers */
	int64_t rate_second, rate_count;
	uint64_t ids; /* counts for lago_ids, which are the same from run to run */
	uint64_t customers_made;
	uint64_t invoices_made;
	struct lago_table customers, metrics, plans, subscriptions, wallets, transactions;
	struct lago_table add_ons, invoices;
	struct lago_events *events;
};

/* A new lago_id. */
void lago_new_id(struct lago *l, char out[40]);
/* Gives a resource its lago_id and created_at. */
void lago_stamp(struct lago *l, struct json_object *o);
void lago_set_text(struct json_object *o, const char *key, const char *value); /* NULL: null */
void lago_set_now(struct json_object *o, const char *key);

/* -- answers ------------------------------------- */

/* {"<one>": <row>} */
void lago_reply_row(const struct lago_table *t, const struct lago_row *row,
		    struct standin_reply *reply);
void lago_reply_json(const char *wrapper, struct json_object *o, struct standin_reply *reply);
void lago_bad_request(const char *wrapper, struct standin_reply *reply);
void lago_malformed(struct standin_reply *reply);
void lago_not_found(const char *what, struct standin_reply *reply);
void lago_forbidden(const char *code, struct standin_reply *reply);
void lago_not_allowed(const char *code, struct standin_reply *reply);
/* 422 validation_errors. Takes the details. */
void lago_invalid(struct json_object *details, struct standin_reply *reply);
void lago_invalid_one(const char *field, const char *code, struct standin_reply *reply);
/* Adds one code to details[field], once. */
void lago_detail(struct json_object *details, const char *field, const char *code);
bool lago_has_details(struct json_object *details);
/* What a reject_value fault wants refused. */
void lago_refuse(struct standin_request *req, struct json_object *in, struct json_object *details);

/*
 * The wrapped resource of the body; NULL with a 400 answered if the body is malformed or the
 * wrapper is missing, empty or no object.
 */
struct json_object *lago_unwrap(const struct standin_request *req, const char *wrapper,
				struct standin_reply *reply);

/* One page of a list. */
struct lago_page {
	size_t number, size; /* from the query */
	size_t skip, total, taken;
};

/* False with a 500 answered if per_page is 0, which divides by zero in the original. */
bool lago_page_begin(struct lago_page *p, const struct standin_request *req, const char *many,
		     struct standin_reply *reply);
/* Counts one row of the result; true if it belongs on the page. */
bool lago_page_take(struct lago_page *p);
void lago_page_end(const struct lago_page *p, struct standin_reply *reply);

/* A whole list. `keep` (or NULL) filters, `emit` (or NULL: the text as is) writes a row. */
void lago_list(struct lago_table *t, const struct standin_request *req,
	       bool (*keep)(const struct lago_row *row, const void *arg), const void *arg,
	       void (*emit)(const struct lago_row *row, struct text *out),
	       struct standin_reply *reply);

/* -- known fields ------------------------------------- */

enum lago_type { LAGO_TEXT, LAGO_INT, LAGO_BOOL, LAGO_OBJECT, LAGO_ARRAY, LAGO_ANY };

struct lago_field {
	const char *name;
	enum lago_type type;
	size_t max; /* characters of a text; 0: no limit */
	/* The code of what is wrong with a value that is not null, or NULL. May replace it. */
	const char *(*check)(struct json_object **value);
};

/* Copies the known fields that are present, casting as Rails does, and checks them. */
void lago_assign(struct json_object *to, struct json_object *from,
		 const struct lago_field *fields, size_t n, struct json_object *details);
const char *lago_check_currency(struct json_object **value);
const char *lago_check_country(struct json_object **value);
const char *lago_check_email(struct json_object **value);
void lago_need(struct json_object *o, const char *field, struct json_object *details);
/* Has another row than `self` this code? */
bool lago_code_taken(struct lago_table *t, struct json_object *o, const struct lago_row *self);
/* Is it a decimal, not negative, in the text form that Lago asks for? In billionths. */
bool lago_decimal(struct json_object *value, __int128 *ret_nano);
bool lago_text_is(struct json_object *value, const char *s);
bool lago_blank(struct json_object *value);
size_t lago_characters(const char *s);
/* Is the value a text and one of the words, which are separated by blanks? */
bool lago_one_of(struct json_object *value, const char *words);

/* -- metadata ------------------------------------- */

/*
 * Replaces the list `metadata` of a customer or an invoice. An entry without the lago_id of the one
 * that is there collides with it.
 */
void lago_metadata_put(struct lago *l, struct json_object *o, struct json_object *in,
		       size_t value_max, struct json_object *details);
/* What is wrong with an object of texts, or with a list of pairs; NULL if nothing. */
const char *lago_metadata_object_wrong(struct json_object *in);
const char *lago_metadata_pairs_wrong(struct json_object *in);
/* Do the entries fit the query's metadata[key]=value? */
bool lago_metadata_fits(const struct standin_request *req, struct json_object *list);
/* Has the query more than a page? */
bool lago_filtered(const struct standin_request *req);

/* -- charges ------------------------------------- */

/*
 * Replaces the charges of a plan, unless `list` is no array. False if one names a metric that is
 * not there; then nothing has changed.
 */
bool lago_charges_put(struct lago *l, struct json_object *plan, struct json_object *list,
		      bool attached, struct json_object *details);
bool lago_charges_use(struct json_object *plan, const char *metric_id);
void lago_charges_drop(struct json_object *plan, const char *metric_id);
/* Has any subscription the plan? */
bool lago_plan_attached(struct lago *l, const char *code);

/* -- wallets ------------------------------------- */

/* A decimal as Lago prints it: "12.5", "0.0". */
void lago_format_decimal(__int128 nano, char out[64]);
/* What is wrong with the credits, in the member's own list of codes. */
void lago_check_credits(struct json_object *in, const char *const *names, size_t n,
			struct json_object *details);
/*
 * Books the credits of a checked request: one transaction for each kind that is not zero. `out` (or
 * NULL) takes them.
 */
void lago_transactions_book(struct lago *l, struct lago_row *wallet, struct json_object *in,
			    struct json_object *out);

/* -- resources: handlers, and how each takes a seed ------------------------------------- */

#define LAGO_HANDLER(name) \
	void name(void *state, struct standin_request *req, struct standin_reply *reply)

LAGO_HANDLER(lago_customer_post);
LAGO_HANDLER(lago_customer_list);
LAGO_HANDLER(lago_customer_get);
LAGO_HANDLER(lago_customer_delete);
LAGO_HANDLER(lago_metric_post);
LAGO_HANDLER(lago_metric_list);
LAGO_HANDLER(lago_metric_get);
LAGO_HANDLER(lago_metric_put);
LAGO_HANDLER(lago_metric_delete);
LAGO_HANDLER(lago_plan_post);
LAGO_HANDLER(lago_plan_list);
LAGO_HANDLER(lago_plan_get);
LAGO_HANDLER(lago_plan_put);
LAGO_HANDLER(lago_plan_delete);
LAGO_HANDLER(lago_charge_post);
LAGO_HANDLER(lago_charge_list);
LAGO_HANDLER(lago_charge_get);
LAGO_HANDLER(lago_charge_put);
LAGO_HANDLER(lago_charge_delete);
LAGO_HANDLER(lago_subscription_post);
LAGO_HANDLER(lago_subscription_list);
LAGO_HANDLER(lago_subscription_get);
LAGO_HANDLER(lago_subscription_put);
LAGO_HANDLER(lago_subscription_delete);
LAGO_HANDLER(lago_wallet_post);
LAGO_HANDLER(lago_wallet_list);
LAGO_HANDLER(lago_wallet_get);
LAGO_HANDLER(lago_wallet_put);
LAGO_HANDLER(lago_wallet_delete);
LAGO_HANDLER(lago_transaction_post);
LAGO_HANDLER(lago_transaction_list);
LAGO_HANDLER(lago_transaction_get);
LAGO_HANDLER(lago_invoice_post);
LAGO_HANDLER(lago_invoice_list);
LAGO_HANDLER(lago_invoice_get);
LAGO_HANDLER(lago_invoice_put);
LAGO_HANDLER(lago_invoice_void);
LAGO_HANDLER(lago_invoice_delete);
LAGO_HANDLER(lago_event_post);
LAGO_HANDLER(lago_event_batch);
LAGO_HANDLER(lago_event_list);
LAGO_HANDLER(lago_event_get);

/* The row of an external_id, made bare if there is none. */
struct lago_row *lago_customer_ensure(struct lago *l, const char *external_id);
/* Ends what hangs on a customer or a plan that is deleted (NULL: any). */
void lago_subscriptions_end_of(struct lago *l, const char *external_customer_id, const char *plan);
void lago_wallets_end_of(struct lago *l, const char *external_customer_id);
/* What Lago does later: discards the plans that are pending deletion. */
void lago_plans_run_jobs(struct lago *l);

void lago_customer_seed(struct lago *l, struct json_object *in);
void lago_metric_seed(struct lago *l, struct json_object *in);
void lago_plan_seed(struct lago *l, struct json_object *in);
void lago_subscription_seed(struct lago *l, struct json_object *in);
void lago_wallet_seed(struct lago *l, struct json_object *in);
void lago_add_on_seed(struct lago *l, struct json_object *in);
/*
 * A resource found by its lago_id: the row's own or a blank one, with all members of the seed, then
 * stored (and freed).
 */
struct json_object *lago_seed_begin(struct lago *l, const struct lago_row *row,
				    struct json_object *in, const char *blank);
struct lago_row *lago_seed_end(struct lago_table *t, struct lago_row *row, struct json_object *o);
void lago_invoice_seed(struct lago *l, struct json_object *in);
void lago_event_seed(struct lago *l, struct json_object *in);

struct lago_events *lago_events_new(void);
void lago_events_free(struct lago_events *ev);
void lago_events_dump(const struct lago_events *ev, struct text *out);
void lago_events_summary(const struct lago_events *ev, struct text *out);

#endif

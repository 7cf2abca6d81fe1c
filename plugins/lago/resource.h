/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource.h - what the connectors of Lago's resources share. A resource is mostly a table, struct
 * lago_resource; the functions here read its list, look single ones up and write one by one.
 *
 * They know no single resource. A connector is one resource: it defines `lago_resource` beside its
 * `ferry_connector`, and names these functions as its stages.
 */
#ifndef FERRY_PLUGINS_LAGO_RESOURCE_H
#define FERRY_PLUGINS_LAGO_RESOURCE_H

#include "lago/lago.h"

#define LAGO_PAGE 100			/* records that one request of a list gives */
#define LAGO_BATCH 32			/* records of one call of apply, each its own request */

struct lago;

/* A setting under `source:` that becomes parameters of the list. */
enum lago_filter_kind {
	LAGO_FILTER_TEXT,
	LAGO_FILTER_LIST,		/* words with commas between; a parameter for each */
	LAGO_FILTER_DATE,		/* YYYY-MM-DD: Lago ignores any other without a word */
	LAGO_FILTER_PLAIN,		/* an INT or BOOL */
};
struct lago_filter {
	const char *option, *parameter;	/* "status", "status[]"; tables end with option == NULL */
	enum lago_filter_kind kind;
	const char *const *choices;	/* of each word, ends with NULL; NULL: any */
};

enum {
	LAGO_COUNT_LAGS = 1 << 0,	/* total_count is right on the last page only */
};

struct lago_resource {
	const char *one, *many;		/* "customer": wrapper; "customers": path, collection */
	const char *identifier;		/* the member that stands in a path: "code" */
	const struct rest_column *columns; /* of the source; ends with name == NULL */
	const struct lago_filter *filters; /* NULL: none */
	const char *every;		/* parameters of `list`: which ones count; NULL: all */
	uint32_t flags;

	/* What follows is for destinations, and may be NULL unless it says otherwise. */
	size_t own_size;		/* of the resource's own state, h->own, zeroed */
	/* After h is filled: settings and layout. Then release, also after a failure. */
	int (*begin)(struct lago *h, const struct ferry_open *open, struct ferry_error *err);
	void (*release)(struct lago *h);
	/* What --check can say of a destination. */
	void (*check)(const struct ferry_open *open, struct ferry_check *check);
	/* Whether a mapped field is a member of the body of its own name; NULL: each is. */
	bool (*plain)(const char *field);
	/*
	 * Read a field that does not stand in the answer under its own name, as canonicalize writes
	 * it. False: it is plain. *good tells whether it was of the promised type.
	 */
	bool (*read)(struct lago *h, rest_node *record, size_t field, struct ferry_value *ret,
		     bool *good);
	/*
	 * The member that a field stands in when `read` reads it: "taxes"; it gives NULL for a
	 * field that is not compared with answers. NULL: each stands in its own.
	 */
	const char *(*member)(const char *field);
	/* As lago_fetch, where one request does not do; NULL: lago_fetch. */
	int (*fetch)(struct lago *h, const char *id, size_t len, rest_node **root, rest_node **ret,
		     struct ferry_error *err);
	const char *const *reads;	/* other resources that writing reads; ends with NULL */
	/* Whether a record of the list may be a counterpart; NULL: each may. */
	bool (*listed)(struct lago *h, rest_node *record);
	/*
	 * Carry out one action. On -1 the outcome is as rest_row_failed wants it: UNSENT until the
	 * write goes out, UNKNOWN from then on, and *refusal says what Lago said. Required.
	 */
	int (*write)(struct lago *h, const struct ferry_action *action,
		     struct ferry_outcome *outcome, struct rest_refusal *refusal,
		     struct ferry_error *err);
};

extern const struct lago_resource lago_resource; /* the one of this connector */

/* A handle. */
struct lago {
	struct rest_api api;
	const struct lago_resource *res;
	const struct ferry_layout *layout; /* NULL: source */
	enum ferry_mode mode;
	int id_field;			/* where the identifier stands in the layout */
	size_t n_columns;
	struct rest_buf query;		/* parameters of the list, "&a=b"... */
	int64_t max_pages;		/* of one extract; 0: any number */
	bool details;			/* extract fetches each record by itself */
	struct rest_tree tree;		/* the plain fields */
	const char *const *reads;	/* the resource's, or what `begin` makes of them */
	bool deep;			/* not all is plain: answers are read as a tree */
	struct rest_piece *answer;	/* by field: what a written record came back with */
	unsigned *warned;		/* by field: how often a difference was reported */
	struct rest_pool pool;		/* what lookup and list gave; extract's rows */
	struct rest_buf path, body, room;
	char what[64];
	void *own;
};

/* The setting every source of Lago has: a row of its table. */
#define LAGO_SOURCE_OPTIONS \
	{.name = "max_pages", \
	 .type = FERRY_OPT_INT, \
	 .min = 1, \
	 .max = INT32_MAX, \
	 .help = "stop after that many pages of 100; the extract then counts as truncated"}

/* Stages of a connector. */
void lago_resource_check(const struct ferry_open *open, struct ferry_check *check);
int lago_resource_open(const struct ferry_open *open, void **ret_handle, struct ferry_error *err);
void lago_resource_close(void *handle);
int lago_resource_setup(void *handle, struct ferry_error *err);
int lago_resource_extract(void *handle, const struct ferry_extract *want, struct ferry_sink *sink,
			  struct ferry_error *err);
int lago_resource_lookup(void *handle, const struct ferry_action *actions, size_t n,
			 struct ferry_found *found, struct ferry_error *err);
int lago_resource_list(void *handle, struct ferry_listing *listing, struct ferry_error *err);
int lago_resource_apply(void *handle, const struct ferry_action *actions, size_t n,
			struct ferry_outcome *outcomes, struct ferry_error *err);

/* ------------------------------------------------------- one record by its id */

/* "GET /plans/{code}" with one, else "GET /plans": for messages; valid until the next call. */
const char *lago_what(struct lago *h, const char *method, bool one);
/* Make h->path "/customers/ID". */
void lago_path(struct lago *h, const char *id, size_t len);
/* The identifier of an action: from the record, what was there, or the destination id. */
bool lago_identifier(const struct lago *h, const struct ferry_action *action, const char **id,
		     size_t *len);
/* PROTOCOL: an answer is about another record than the one asked for. */
int lago_is_other(const struct lago *h, const char *what, struct ferry_error *err);
/* Check that it is about that one. */
int lago_is(const struct lago *h, const char *what, rest_node *record, const char *id, size_t len,
	    struct ferry_error *err);
/*
 * GET h->path, an object under the wrapper `one`: 1 and its tree (to be freed) with the object in
 * it, 0: there is none, -1.
 */
int lago_get(struct lago *h, const char *what, const char *one, rest_node **root, rest_node **ret,
	     struct ferry_error *err);
/* The same for the record of that identifier, which is checked. */
int lago_fetch(struct lago *h, const char *id, size_t len, rest_node **root, rest_node **ret,
	       struct ferry_error *err);
/* A member's text, "" when it has none. */
const char *lago_text(rest_node *record, const char *name);
/* A record as lookup and list give it, with id as its destination id; memory of h->pool. */
int lago_found(struct lago *h, const char *what, rest_node *record, const char *id, size_t len,
	       struct ferry_found *ret, struct ferry_error *err);

/* The codes of a list of objects, as lago_own_codes writes such lists. The caller frees it. */
rest_node *lago_codes(rest_node *list);

/* ------------------------------------------------------------------- the list */

/* Which lago_ids were seen. {0} is empty. */
struct lago_seen {
	struct lago_uuid *slots;	/* of ids that are UUIDs, as all of Lago's are */
	size_t n, cap;
	struct rest_map others;
};

bool lago_seen_add(struct lago_seen *seen, const char *id, size_t len); /* true when it is new */
size_t lago_seen_count(const struct lago_seen *seen);
void lago_seen_release(struct lago_seen *seen);

/* What reads all records, and who takes them page by page: those not seen yet are its business. */
struct lago_scan {
	struct lago *h;
	int (*take)(struct lago_scan *s, rest_node *list, struct ferry_error *err);
	void (*truncated)(struct lago_scan *s, const char *reason);
	void *taker;
	struct lago_seen seen;
	int64_t max_pages, pages;
	int64_t total;			/* records when this pass began */
	int64_t last_total;		/* and as the last page said */
	bool shrank;			/* some went away between two pages of this pass */
	const char *cut;		/* why it ends before the end; NULL: it does not */
	size_t bytes;			/* of the page at hand */
};

int lago_scan(struct lago_scan *s, struct ferry_error *err);

/* -------------------------------------------------------------------- writing */

/*
 * Lago answers 200 and keeps what licence or state do not let it change, and drops members that it
 * does not know. So what came back is compared with what was sent, and outcome->message names the
 * fields that differ: what a settled outcome warns of. Each field is named some times, not in each
 * of a million rows. A member that is not in the answer cannot be compared.
 */

/* The answer to a write, {"customer": {...}}, which must be about that record: DONE, and warn. */
int lago_written(struct lago *h, const char *what, const struct ferry_http_response *res,
		 const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct ferry_error *err);
/* Compare all fields that can be written with a record of Lago's. */
int lago_compare(struct lago *h, const char *what, rest_node *record,
		 const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct ferry_error *err);
/* Field i of a record, as lookup gives it. */
int lago_field(struct lago *h, const char *what, size_t i, rest_node *record,
	       struct ferry_value *ret, struct ferry_error *err);
/* Whether a value of Lago's says the same as the one that was sent. */
bool lago_alike(const struct ferry_value *sent, const struct ferry_value *there);
/* The same for JSON: Lago's may have more members, and decimals more zeros. */
bool lago_contains(rest_node *there, rest_node *sent);
/* "10" is "10.00". Both are of the form of rest_decimal_text. */
bool lago_same_decimal(const char *a, size_t a_len, const char *b, size_t b_len);
/* Without needless zeros and signs, as ferry has decimals. */
void lago_normal_decimal(const char *s, size_t len, struct rest_buf *out);
/* Add a sentence to outcome->message. */
void lago_warn(struct ferry_outcome *outcome, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Reject an action whose record is known under another identifier, which would make a second one;
 * true when it did.
 */
bool lago_moved(const struct lago *h, const struct ferry_action *action,
		struct ferry_outcome *outcome);
/* DELETE by identifier, with parameters ("?a=b" or ""); what is not there is done. */
int lago_delete(struct lago *h, const struct ferry_action *action, const char *query,
		struct ferry_outcome *outcome, struct rest_refusal *refusal,
		struct ferry_error *err);
/* Whether a POST was refused because there is one of that code already. */
bool lago_code_taken(const struct ferry_http_response *res);
/* Add to that message that field i was not kept. */
void lago_ignored(struct lago *h, size_t i, struct ferry_outcome *outcome);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoices-write.c - changing what of an invoice can be changed, its payment and its metadata, and
 * voiding it.
 *
 * The invoice is read first: metadata is replaced as a whole and told by Lago's own ids, and a
 * payment status that is as it should be is not sent again.
 */
#include "lago/explain.h"
#include "lago/invoices.h"
#include "lago/metadata.h"

#include <string.h>

static const struct lago_word words[] = {
	{"payment_status_update_on_draft_invoice", "payment_status",
	 "the invoice is a draft, which cannot be paid: Lago has to finalize it first"},
	{"metadata_on_draft_invoice", "metadata",
	 "the invoice is a draft, which takes no metadata: Lago has to finalize it first"},
	{"update_on_voided_invoice", "status", "the invoice is voided, which cannot be undone"},
	{"not_voidable", "status",
	 "only a finalized invoice can be voided, and this one is not: a draft is deleted or "
	 "finalized in Lago"},
	{"invoice_not_found", "lago_id", "Lago has no such invoice"},
	{0},
};

/* -------------------------------------------------------------------- change */

/* What differs of the mapped fields, as the members of a body; false: nothing. */
static bool put_body(struct lago *h, const struct ferry_action *action, rest_node *invoice,
		     rest_node *metadata)
{
	const struct invoices *own = h->own;
	const struct ferry_value *paid = own->status < 0 ? NULL : &action->fields[own->status];
	rest_node *body = rest_object(), *members = rest_object();
	const char *is = rest_text(rest_member(invoice, "payment_status"), NULL);
	bool differs = metadata;

	if (paid && paid->type == FERRY_TEXT && !(is && rest_equal_nocase(is, strlen(is), paid->s,
									  paid->len))) {
		rest_put_value(members, "payment_status", paid);
		differs = true;
	}
	if (metadata)
		rest_put(members, "metadata", rest_share(metadata));
	rest_put(body, "invoice", members);
	rest_body(&h->body, body);
	rest_free(body);
	return differs;
}

static int put_invoice(struct lago *h, const struct ferry_action *action,
		       struct ferry_outcome *outcome, struct rest_refusal *refusal,
		       struct ferry_error *err)
{
	const struct ferry_value *id = &action->fields[h->id_field];
	const char *what = lago_what(h, "PUT", true);
	struct ferry_http_response res;

	lago_path(h, id->s, id->len);
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "PUT", rest_str(&h->path), &h->body, &res, err))
		return -1;
	if (lago_check(&h->api, what, &res, refusal, err)) {
		lago_explain(words, refusal);
		return -1;
	}
	return lago_written(h, what, &res, action, outcome, err);
}

int invoice_change(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		   struct rest_refusal *refusal, struct ferry_error *err)
{
	const struct invoices *own = h->own;
	const struct ferry_value *id = &action->fields[h->id_field];
	rest_node *root, *invoice, *metadata = NULL;
	int rc;

	if (lago_moved(h, action, outcome))
		return 0;
	rc = lago_fetch(h, id->s, id->len, &root, &invoice, err);
	if (rc < 0)
		return -1;
	if (!rc) {
		rest_reject(outcome, "invoice_not_found", "lago_id", "Lago has no such invoice");
		return 0;
	}
	if (own->has_metadata)
		metadata = lago_metadata_merge(h, action->fields, invoice);
	rc = 0;
	if (rest_count(metadata) > LAGO_METADATA_MAX) {
		rest_reject(outcome, "invalid_count", "metadata",
			    "with the entries that are there it would have %zu metadata entries; "
			    "Lago takes %d",
			    rest_count(metadata), LAGO_METADATA_MAX);
	} else if (put_body(h, action, invoice, metadata)) {
		rc = put_invoice(h, action, outcome, refusal, err);
	} else {
		outcome->ack = FERRY_ACK_DONE;
		rest_dest_id(outcome, id->s, id->len);
	}
	rest_free(metadata);
	rest_free(root);
	return rc;
}

/* ---------------------------------------------------------------------- void */

static bool is_voided(rest_node *invoice)
{
	const char *status = rest_text(rest_member(invoice, "status"), NULL);

	return status && !strcmp(status, "voided");
}

/* Lago refuses to void it: because that has been done? */
static int was_voided(struct lago *h, const char *id, size_t len, bool *ret,
		      struct ferry_error *err)
{
	rest_node *root, *invoice;
	int rc = lago_fetch(h, id, len, &root, &invoice, err);

	*ret = rc > 0 && is_voided(invoice);
	if (rc > 0)
		rest_free(root);
	return rc < 0 ? -1 : 0;
}

/* The answer must be about that invoice, and it voided. */
static int accept_void(struct lago *h, const char *what, const struct ferry_http_response *res,
		       const char *id, size_t len, struct ferry_error *err)
{
	rest_node *root, *invoice;

	if (lago_unwrap(&h->api, what, res, "invoice", REST_OBJECT, &root, &invoice, err))
		return -1;
	int rc = lago_is(h, what, invoice, id, len, err);
	if (!rc && !is_voided(invoice))
		rc = h->api.host->fail(err, FERRY_E_PROTOCOL,
				       "%s: Lago answers with an invoice that is not voided", what);
	rest_free(root);
	return rc;
}

int invoice_void(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err)
{
	static const char what[] = "POST /invoices/{lago_id}/void";
	struct ferry_error failed = {0};
	struct ferry_http_response res;
	bool voided = false;
	const char *id;
	size_t len;

	if (!lago_identifier(h, action, &id, &len)) {
		rest_reject(outcome, "no_identifier", "lago_id",
			    "the invoice's lago_id is not known");
		return 0;
	}
	lago_path(h, id, len);
	rest_adds(&h->path, "/void");
	outcome->ack = FERRY_ACK_UNKNOWN;
	if (rest_call(&h->api, "POST", rest_str(&h->path), NULL, &res, err))
		return -1;
	if (!lago_check(&h->api, what, &res, refusal, &failed)) {
		if (accept_void(h, what, &res, id, len, err))
			return -1;
	} else if (res.status == 405 && !strcmp(refusal->code, "not_voidable")) {
		outcome->ack = FERRY_ACK_UNSENT;
		if (was_voided(h, id, len, &voided, err))
			return -1;
	}
	if (failed.code && failed.code != FERRY_E_NOT_FOUND && !voided) {
		lago_explain(words, refusal);
		*err = failed;
		return -1;
	}
	outcome->ack = FERRY_ACK_DONE;
	rest_dest_id(outcome, id, len);
	return 0;
}

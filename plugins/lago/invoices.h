/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invoices.h - the parts of lago-invoices: tables and form (invoices-fields.c), changing and
 * voiding (invoices-write.c), one-off invoices (invoices-new.c).
 */
#ifndef FERRY_PLUGINS_LAGO_INVOICES_H
#define FERRY_PLUGINS_LAGO_INVOICES_H

#include "lago/resource.h"

#define INVOICE_REFERENCE "purchase_order_number"

extern const struct ferry_field invoice_fields[];
extern const struct rest_column invoice_columns[];
int invoices_canonicalize(const struct ferry_pure *pure, struct ferry_value *fields,
			  struct ferry_issue *issue);

enum invoice_use {
	INVOICE_ANY,			/* the identifier of a change */
	INVOICE_CHANGE,			/* a field that an invoice that is there takes */
	INVOICE_NEW,			/* a field that a new one takes */
};
enum invoice_use invoice_use(const char *field);

struct invoices {			/* h->own */
	bool makes;			/* one-off invoices; else it changes what is there */
	bool has_metadata;
	bool filter_works;		/* Lago's list is known to heed the reference */
	bool kept;			/* a reference that was sent was found again */
	int reference, customer, status; /* where these stand in the layout; -1: not mapped */
};

/* Change one that is there, or void it. */
int invoice_change(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		   struct rest_refusal *refusal, struct ferry_error *err);
int invoice_void(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err);

/* Make a one-off invoice, unless there is one with its reference. */
int invoice_make(struct lago *h, const struct ferry_action *action, struct ferry_outcome *outcome,
		 struct rest_refusal *refusal, struct ferry_error *err);
/*
 * How many invoices of that customer bear that reference, as far as it matters: 0, 1 with its tree
 * (to be freed) and the invoice in it, 2; or -1.
 */
int invoice_seek(struct lago *h, const struct ferry_value *customer,
		 const struct ferry_value *reference, rest_node **root, rest_node **ret,
		 struct ferry_error *err);
/* SETUP when this Lago lists invoices whatever reference is asked for. */
int invoice_try_filter(struct lago *h, struct ferry_error *err);

#endif
